/*
 * What the simulation does with all phones' streams at once.
 */
#pragma once

struct sim;

/* The gateway's side of every stream ends, now: it is about to stop. */
void phone_streams_end(struct sim *sim);
/* At the end of the simulation, when the agenda is done. */
void phone_streams_free(struct sim *sim);
