/*
 * The API as one object: it is the http server's handler, owns the route table and the gate, and
 * takes each request through gate, decode, lane and encode (api/call.h).
 */
#pragma once

#include "api/gate/gate.h"
#include "http/server.h"
#include "lane/lanes.h"
#include "live/hub.h"
#include "service/services.h"

struct og_api;

struct og_api_config {
    struct og_services *services;
    struct og_lanes *lanes;
    struct og_gate_config gate;
    int loop_count;
};

/* Checks the route table (a forgotten permission is refused: OG_E_INTERNAL naming the route). */
OG_MUST_CHECK enum og_code og_api_create(const struct og_api_config *config, struct og_api **out,
                                         struct og_err *err);
void og_api_destroy(struct og_api *self); /* takes NULL */

/* What the http server calls. */
struct og_http_handler og_api_handler(struct og_api *self);

/* Once both exist, before requests arrive. */
void og_api_set_hub(struct og_api *self, struct og_hub *hub);
void og_api_set_server(struct og_api *self, struct og_http_server *server);
/* How phones reach us, without a slash at the end; borrowed. is_set: the operator said so, else it
 * is a guess. */
void og_api_set_public_url(struct og_api *self, const char *url, bool is_set);

/* Facts for /health, set by those who measure them. Any thread. */
void og_api_set_ready(struct og_api *self, bool is_ready);
void og_api_set_fsync_us(struct og_api *self, int64_t median_us);
