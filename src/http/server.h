/*
 * The transport seam: an HTTP/1.1 server on event loops. Nothing above this header knows which
 * libraries carry it (libuv, llhttp, OpenSSL).
 *
 * A request reaches `on_request` whole (headers and body, within the limits that `on_head` gave) on
 * the loop thread of its connection, and is answered exactly once, at any later time, on that same
 * thread. Until the answer nothing further is read from that connection's pipeline, so a peer has
 * at most one request in hand. Everything malformed (RFC 9112; design.md section 9) is
 * refused inside with 400 and the connection is closed.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/sink.h"

enum og_method {
    OG_GET,
    OG_HEAD,
    OG_POST,
    OG_PUT,
    OG_PATCH,
    OG_DELETE,
    OG_OPTIONS,
    OG_METHOD_OTHER
};

const char *og_method_name(enum og_method method);

struct og_header {
    struct og_str name; /* as sent; compare without case */
    struct og_str value; /* trimmed */
};

/* Lives until it is answered. Strings live in `mem`. */
struct og_http_request {
    enum og_method method;
    struct og_str path;  /* percent-decoded UTF-8, without query; never has NUL or control bytes */
    struct og_str raw_path; /* as sent, without query: an encoded slash is still encoded (router) */
    struct og_str query; /* raw, without '?' */
    const struct og_header *headers;
    size_t header_count;
    struct og_str body;
    struct og_str id;         /* X-Request-Id: the peer's if 1-64 of [A-Za-z0-9._-], else ours */
    struct og_str peer;       /* address of the peer as text, without port */
    struct og_str tls_client; /* subject of a verified client certificate, or "" */
    bool is_tls;
    int64_t received_us;      /* monotonic, when the head was complete */
    struct og_arena *mem;     /* opened for this request, dropped after the reply */
    struct og_loop *loop;
    int loop_index;           /* 0 .. loops - 1, for state kept per loop */
    void *route;              /* for the owner of the callbacks, between on_head and on_request */
};

/* First header of that name (case ignored), or {NULL, 0}. */
struct og_str og_http_header(const struct og_http_request *req, const char *name);

/* Value of a query parameter, percent-decoded into req->mem; false when absent. */
bool og_http_query(const struct og_http_request *req, const char *name, struct og_str *out);
/* Calls fn for each parameter, decoded, until it returns false. False when the query is
 * malformed. */
bool og_http_query_each(const struct og_http_request *req,
                        bool (*fn)(void *ctx, struct og_str name, struct og_str value), void *ctx);

struct og_http_reply {
    int status;
    struct og_str content_type; /* "" for no body */
    struct og_str body;         /* copied before og_http_answer returns */
    const struct og_header *headers; /* further ones; copied */
    size_t header_count;
    bool close; /* end the connection after this answer */
};

/* Answer. On the request's loop thread, once; req and its arena are gone afterwards. HEAD sends no
 * body. When the peer has gone meanwhile the answer is dropped silently. */
void og_http_answer(struct og_http_request *req, const struct og_http_reply *reply);

/*
 * Answer and keep the connection as a stream (server-sent events). As after og_http_answer, req and
 * its arena are gone when this returns: an idle stream holds no request memory.
 * head->body, if any, is the first piece of the stream.
 * owner->on_closed is called exactly once, later, on this thread, even if the peer has gone.
 * max_queue_bytes  what may wait for a slow peer before send() says full
 */
struct og_sink *og_http_stream(struct og_http_request *req, const struct og_http_reply *head,
                               const struct og_sink_owner *owner, size_t max_queue_bytes);

struct og_http_handler {
    /*
     * The head is complete. Returns the body limit in bytes for this request, or -1 after having
     * filled `refusal` (its strings in req->mem or static): it is sent without reading the body.
     * May set req->route.
     */
    int64_t (*on_head)(void *ctx, struct og_http_request *req, struct og_http_reply *refusal);
    void (*on_request)(void *ctx, struct og_http_request *req);
    /* A refusal by the server itself (400, 408, 413, 417, 431, 501, 503, 505): gives it
     * the body of the API it belongs to. path is "" if not known. Strings static or in mem. */
    void (*on_refusal)(void *ctx, struct og_str path, struct og_str request_id, int status,
                       const char *reason, struct og_arena *mem, struct og_http_reply *reply);
    void *ctx;
};

struct og_http_listen {
    const char *address; /* IPv4 or IPv6 literal, or "localhost" (both loopback addresses) */
    int port;            /* 0: any free one, see og_http_server_port */
    bool tls;
};

struct og_http_config {
    struct og_http_listen listen[4];
    int listen_count;
    int loop_count;             /* 0: half of the processors, at least 1, at most 4 */
    const char *cert_file;      /* PEM chain; needed for TLS */
    const char *key_file;       /* PEM */
    const char *client_ca_file; /* NULL: no client certificates; else they are required */
    /* NULL: keys are made at start; else 80 random bytes, made when missing, mode 0600 */
    const char *ticket_key_file;
    int64_t header_bytes_max;   /* 16 KiB */
    int header_count_max;       /* 64 */
    int64_t header_timeout_ms;  /* 10 s from the first byte (or from accept) to the whole head */
    int64_t body_timeout_ms;    /* 30 s for the whole body */
    int64_t body_rate_min;      /* 256 bytes/s, judged after 5 s */
    int64_t idle_timeout_ms;    /* 75 s between requests */
    int64_t write_timeout_ms;   /* 30 s without progress of a reply */
    int connections_max;        /* 10,000 over all loops */
    int connections_per_address_max; /* 0: no limit; loopback counts too */
    int64_t stop_timeout_ms;    /* 10 s */
    int64_t stream_ack_timeout_ms; /* a stream is over when the peer's machine acknowledges nothing
                                      for so long; 10 s */
    const struct og_clock *clock;
};

/* Fills the figures above. */
void og_http_config_defaults(struct og_http_config *config);

/* Loops that a server with this configuration runs. */
int og_http_config_loop_count(const struct og_http_config *config);

struct og_http_server;

/* Binds, loads the certificates and makes the loops (not running yet). Errors: OG_E_INVALID
 * (certificate, address; field is the option), OG_E_UNAVAILABLE (port in use). The config is
 * copied, strings too. */
OG_MUST_CHECK enum og_code og_http_server_create(const struct og_http_config *config,
                                                 const struct og_http_handler *handler,
                                                 struct og_http_server **out, struct og_err *err);
/* Runs the loop threads; from now on requests arrive. */
OG_MUST_CHECK enum og_code og_http_server_start(struct og_http_server *self, struct og_err *err);
/* New certificates from the same files, for connections to come. Any thread. The old ones stay on
 * failure. */
OG_MUST_CHECK enum og_code og_http_server_reload(struct og_http_server *self, struct og_err *err);
/* Stop accepting, finish what was accepted, close idle connections and streams, within
 * stop_timeout_ms. Blocks. The loops still run afterwards, so that late answers have a place to go,
 * until og_http_server_destroy. */
void og_http_server_stop(struct og_http_server *self);
void og_http_server_destroy(struct og_http_server *self); /* takes NULL */

int og_http_server_port(const struct og_http_server *self, int listen_index);
int og_http_server_loop_count(const struct og_http_server *self);
struct og_loop *og_http_server_loop(struct og_http_server *self, int loop_index);
/* Open connections and streams, for health. Any thread. */
void og_http_server_counts(const struct og_http_server *self, int *connections, int *streams);
