/*
 * Calls that we make to others over HTTP: short calls with a bounded answer, and streams.
 *
 * One client per event loop. Everything here is called on that loop's thread, and every callback
 * comes there, never from within the function that started the call.
 *
 * Calls share a pool of keep-alive connections; each stream has a connection of its own. TLS
 * sessions and resolved names are shared by all of them. Certificates and host names are always
 * checked, redirects are never followed, and proxies from the environment are not used.
 * Sources: RFC 9110, RFC 9112.
 */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

struct og_client;
struct sockaddr;
struct og_client_call;

/* Header lines made once and used for many calls. Values may be secret: they are wiped. */
struct og_client_headers;

struct og_client_headers *og_client_headers_create(void);
/* False when name or value holds control characters; nothing is added then. Both are copied. */
OG_MUST_CHECK bool og_client_headers_add(struct og_client_headers *self, const char *name,
                                         struct og_str value);
void og_client_headers_destroy(struct og_client_headers *self); /* takes NULL */

struct og_client_config {
    const char *ca_file;          /* PEM; NULL for the system's */
    int connections_per_host_max; /* of the pool for calls; 0: 32. More calls wait their turn */
    int64_t connect_timeout_ms;   /* 0: 10 s; for name, connection and TLS together */
    /* NULL, or asked before each connection, with the address that the name has turned out to be:
     * false and it is not made (OG_CLIENT_NO_PEER). */
    bool (*may_connect)(void *ctx, const struct sockaddr *address);
    void *may_connect_ctx;
};

enum og_client_failure {
    OG_CLIENT_ANSWERED,  /* whatever the status */
    OG_CLIENT_BAD_URL,   /* not one that can be called */
    OG_CLIENT_NO_NAME,   /* the host name has no address */
    OG_CLIENT_NO_PEER,   /* nobody accepts connections there */
    OG_CLIENT_NO_TRUST,  /* TLS failed or the certificate is not to be trusted */
    OG_CLIENT_TOO_LATE,  /* the time limit passed */
    OG_CLIENT_TOO_LARGE, /* the answer passed answer_max_bytes */
    OG_CLIENT_BROKEN,    /* the connection ended early, or what came was not HTTP */
};

/* "answered", "no_peer", ...: for logs. Static. */
const char *og_client_failure_name(enum og_client_failure failure);

/* Borrowed by the callback for its time only. */
struct og_client_answer {
    enum og_client_failure failure;
    int status;                /* 0 unless answered */
    struct og_str content_type;
    struct og_str body;        /* empty for a stream */
    const char *reason;        /* for people, when there was no answer */
    void *handle;              /* for og_client_answer_header */
};

/* The last header of that name (case ignored), or the empty string. Inside the callback only. */
struct og_str og_client_answer_header(const struct og_client_answer *answer, const char *name);

struct og_client_ask {
    const char *method; /* "GET", "POST", "PATCH", ... */
    const char *url;    /* http or https */
    const struct og_client_headers *headers; /* or NULL; lives until the call is over */
    struct og_str body;                      /* copied; empty for none */
    struct og_str authorities; /* PEM, copied: whom this call trusts instead; "" : the client's */
    int64_t timeout_ms;                      /* for the whole call; 0: 10 s */
    size_t answer_max_bytes;                 /* 0: 1 MiB */
    void (*on_done)(void *ctx, const struct og_client_answer *answer); /* once, unless cancelled */
    void *ctx;
};

/* Never NULL. The call belongs to the client and is gone when on_done returns. */
struct og_client_call *og_client_send(struct og_client *self, const struct og_client_ask *ask);

struct og_client_stream {
    const char *url;
    const struct og_client_headers *headers; /* or NULL; lives until the stream is over */
    /* The head has come. With another status than 2xx the body is dropped. */
    void (*on_open)(void *ctx, int status, struct og_str content_type);
    void (*on_bytes)(void *ctx, struct og_str bytes);
    void (*on_done)(void *ctx, const struct og_client_answer *answer); /* once, unless cancelled */
    void *ctx;
};

/* A GET without an end. As og_client_send; there is no time limit once it is open. */
struct og_client_call *og_client_open(struct og_client *self,
                                      const struct og_client_stream *stream);

/* End a call or stream; none of its callbacks comes any more. Its own callbacks may do this, except
 * on_done, after which the call is gone anyway. */
void og_client_cancel(struct og_client_call *call);
/* Stop reading a stream but keep its connection: what a peer sees of a phone that lost its network.
 * None of its callbacks comes any more; it stays until og_client_cancel. */
void og_client_freeze(struct og_client_call *call);

/*
 * Before the loop runs, or on its thread.
 * Errors  OG_E_INVALID (ca_file cannot be read), OG_E_INTERNAL
 */
OG_MUST_CHECK enum og_code og_client_create(struct og_loop *loop,
                                            const struct og_client_config *config,
                                            struct og_client **out, struct og_err *err);
/* On the loop's thread, not from a callback of a call. Cancels everything; its handles leave the
 * loop in its next turns. Takes NULL. */
void og_client_destroy(struct og_client *self);
