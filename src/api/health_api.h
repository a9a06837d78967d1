/*
 * /health, /metrics and /openapi.json: for machines that watch, without credentials. Nothing in
 * them names an account, a phone number or a code.
 */
#pragma once

#include "api/call.h"

void og_health_ready(struct og_call *call);   /* 200 pass or warn (degraded, with reasons), 503 fail */
void og_health_live(struct og_call *call);    /* the process answers */
void og_health_startup(struct og_call *call);
void og_health_metrics(struct og_call *call);
void og_health_openapi(struct og_call *call);
