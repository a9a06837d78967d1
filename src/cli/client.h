/*
 * One HTTP call at a time to a running server. The one door to libcurl's easy face.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct og_client {
    const char *url;           /* "https://localhost:8443", no slash at the end */
    const char *ca_file;       /* PEM; NULL: the system's authorities */
    const char *authorization; /* value of the header, NULL: none */
    void *connection;          /* kept from call to call; the client's own, zeroed at first */
};

struct og_client_ask {
    const char *method;
    const char *path;  /* from the first slash, escaped */
    struct og_str body; /* JSON; ptr NULL: none */
    const char *idempotency_key; /* NULL: none */
};

struct og_client_answer {
    int status;
    int retry_after_s; /* 0: not said */
    struct og_buf body; /* the caller finishes it */
};

/*
 * Errors  OG_E_UNAVAILABLE (nobody there, wrong certificate), OG_E_INVALID (the URL; also plain
 *         HTTP to another machine, which would show the credential to everyone on the way)
 */
OG_MUST_CHECK enum og_code og_client_call(struct og_client *self, const struct og_client_ask *ask,
                                          struct og_client_answer *out, struct og_err *err);
void og_client_finish(struct og_client *self); /* takes zeroed */

/* Is the host of this URL this machine? */
bool og_client_is_local(struct og_str url);
