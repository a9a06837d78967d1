/*
 * From method and path to a row of the route table.
 *
 * Built once, then read by all loops without a lock. A path is segments between slashes; `{name}`
 * takes one whole segment. Letters of literal segments match in either case, one trailing slash is
 * ignored. A literal segment goes before a capture.
 */
#pragma once

#include "http/server.h"

#define OG_ROUTER_PARAMS_MAX 4

struct og_router;

struct og_router *og_router_create(void);
void og_router_destroy(struct og_router *self); /* takes NULL */
/* Errors: OG_E_CONFLICT (the same method and path twice), OG_E_INVALID (not a path, too many
 * captures). path and row are borrowed for the router's life. */
OG_MUST_CHECK enum og_code og_router_add(struct og_router *self, enum og_method method,
                                         const char *path, const void *row, struct og_err *err);

struct og_router_match {
    const void *row; /* NULL: none */
    bool path_known; /* the path exists, if perhaps not with this method */
    struct og_str params[OG_ROUTER_PARAMS_MAX]; /* captured segments, borrowed from the path */
    int param_count;
    char allow[64];  /* for 405: "GET, POST", HEAD where GET is */
};

/* HEAD finds the row of GET. */
void og_router_find(const struct og_router *self, enum og_method method, struct og_str path,
                    struct og_router_match *out);
/*
 * The same for a request: segments are told apart before they are decoded, so an encoded slash
 * stays inside its capture. Captures are decoded, in req->mem.
 */
void og_router_find_request(const struct og_router *self, const struct og_http_request *req,
                            struct og_router_match *out);
