/*
 * What the gateway's own rows say in the end: is everything final, and does a code that was never
 * sent say why?
 */
#pragma once

struct result;
struct sim;

/* Fills non_final and never_sent_with_reason. The gateway is up. */
void verdict_read(struct sim *sim, struct result *out);
