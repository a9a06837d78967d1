/*
 * Calls to the demo's own gateway over HTTPS, one after the other: an application as small as can
 * be.
 */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "base/loop.h"

struct og_demo_client;

/* base_url  "https://localhost:8443"; ca_file "" for plain HTTP. The loop runs already. */
OG_MUST_CHECK enum og_code og_demo_client_create(struct og_loop *loop, const char *base_url,
                                                 const char *ca_file, struct og_demo_client **out,
                                                 struct og_err *err);
void og_demo_client_destroy(struct og_demo_client *self); /* takes NULL */

/*
 * Call and wait for the answer. body "" sends none. Any status but 2xx is an error with the
 * answer's text.
 * out  the parsed answer; the caller finishes it
 */
OG_MUST_CHECK enum og_code og_demo_call(struct og_demo_client *self, const char *method,
                                        const char *path, const char *token, const char *body,
                                        struct og_json_doc *out, struct og_err *err);
/* A text member of the answer, NUL-terminated in `mem`; "" when it is not there. */
const char *og_demo_text(const struct og_json_doc *doc, const char *name, struct og_arena *mem);
