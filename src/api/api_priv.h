/* What the files of this room share. */
#pragma once

#include "api/api.h"
#include "api/call.h"
#include "http/router.h"

struct og_api {
    struct og_api_config config;
    struct og_gate *gate;
    struct og_catalog_limit *catalog_limit;
    struct og_hub *hub;
    struct og_http_server *server;
    struct og_router *router;
    const char *public_url;
    bool is_public_url_set; /* by the operator */
    struct og_arena mem; /* of the router's twin paths */
    _Atomic bool is_ready;
    _Atomic int64_t fsync_us;
};

/* A request whose body is whole: gate, decode and so on, until it is answered. */
void og_call_begin(struct og_call *call);
/* Body and content type from text that stays (embedded files). */
void og_call_answer_static(struct og_call *call, const char *content_type, struct og_str body);
