/*
 * What the files of this room share: the server, a worker per loop, connections, exchanges (one
 * request and its answer) and streams. See each file's head for its part.
 *
 * Everything but the fields under `shared` belongs to one loop's thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "http/parse.h"
#include "http/peers.h"
#include "http/reply.h"
#include "http/server.h"
#include "http/sock.h"
#include "http/tls.h"
#include "http/wheel.h"

#define OG_HTTP_LISTENS_MAX 4
#define OG_HTTP_LOOPS_MAX 64
#define OG_HTTP_SOCKETS_MAX (2 * OG_HTTP_LISTENS_MAX) /* "localhost" has two addresses */
#define OG_TICK_INTERVAL_MS 100

/* A ring of links with a head of its own. */
struct og_link {
    struct og_link *next, *prev; /* NULL: in no ring */
};

static inline void
og_ring_init(struct og_link *head)
{
    head->next = head->prev = head;
}

static inline bool
og_ring_is_empty(const struct og_link *head)
{
    return head->next == head;
}

static inline void
og_ring_add(struct og_link *head, struct og_link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

static inline void
og_ring_remove(struct og_link *link)
{
    if (link->next) {
        link->next->prev = link->prev;
        link->prev->next = link->next;
        link->next = link->prev = NULL;
    }
}

/* One request and its answer. Outlives its connection when the peer goes before the answer. */
struct og_exchange {
    struct og_http_request req; /* handlers hold its address */
    struct og_arena arena;
    struct og_link link; /* in worker.free_exchanges or worker.exchanges */
    struct og_worker *worker;
    struct og_conn *conn; /* NULL: the peer has gone */
    struct og_parser *parser;
    bool is_http10;
    bool wants_close;
    bool is_known;    /* req is filled in */
    bool has_refusal; /* on_head said no */
    struct og_http_reply refusal;
};

enum og_conn_state {
    OG_CONN_READING,  /* between requests, or one is coming in */
    OG_CONN_IN_HAND,  /* a request is with the handler */
    OG_CONN_REPLYING, /* the answer waits for a slow peer */
    OG_CONN_STREAM,
    OG_CONN_LINGER,   /* all is said; what still comes is thrown away until the peer closes */
    OG_CONN_CLOSING,
};

/* Bytes that came too early. */
struct og_kept {
    char *ptr;
    size_t len;
};

struct og_conn {
    struct og_worker *worker;
    struct og_sock *sock;
    struct og_tls *tls;           /* NULL: plain */
    struct og_exchange *exchange; /* NULL between requests */
    struct og_stream *stream;
    struct og_link link;    /* in worker.conns */
    struct og_link waiting; /* in worker.waiting: kept input is taken up in the next round */
    struct og_timer timer;
    struct og_kept plain;   /* behind the request in hand */
    struct og_kept raw;     /* the same, not decrypted */
    int64_t began_ms;       /* first byte of the head, then its end */
    int64_t sent_bytes;     /* given to the sock */
    int64_t progress_bytes; /* of those, known to have gone to the kernel */
    size_t discarded_bytes;
    char *tls_client; /* NULL: not asked yet */
    enum og_conn_state state;
    bool is_feeding;  /* the parser runs further up the stack */
    bool is_peer_done; /* the peer sends no more */
    bool is_body;     /* the head is complete, began_ms is its end */
    bool wants_close; /* after what is queued has gone */
    char peer[OG_SOCK_ADDRESS_BYTES];
};

struct og_stream {
    struct og_sink sink;
    struct og_sink_owner owner;
    struct og_worker *worker;
    struct og_conn *conn; /* NULL: gone, on_closed is on its way */
    size_t queue_bytes_max;
    struct og_loop_task gone;
    bool is_chunked;
    bool is_ended;
};

/* One listening socket of one loop. */
struct og_door {
    struct og_worker *worker;
    struct og_listener *listener;
    int fd; /* until the listener takes it; -1: none */
    bool is_tls;
};

struct og_worker {
    struct og_http_server *server;
    int index;
    struct og_loop *loop;
    struct og_io *io;
    struct og_door doors[OG_HTTP_SOCKETS_MAX];
    struct og_wheel wheel;
    struct og_parse_limits limits;
    struct og_link conns;
    struct og_link waiting;
    struct og_link exchanges;      /* with a parser or a handler */
    struct og_link free_exchanges; /* a few, each with an arena block */
    int free_exchange_count;
    int conn_count;
    bool is_stopping;
    int64_t now_ms; /* monotonic, as of the last event */
    uint64_t handshake_round;
    int handshake_count; /* in this round of the loop */
    struct og_buf out;    /* an answer being built */
    struct og_buf cipher; /* the same, encrypted */
    char *plain;          /* one decrypted record; NULL before the first */
    int64_t date_s;
    char date[OG_DATE_BYTES];
    char id_prefix[13];
    uint32_t id_count;
    struct og_loop_task stop_task, abort_task, close_task;
};

struct og_http_server {
    struct og_http_config config; /* strings owned */
    struct og_http_handler handler;
    struct og_worker *workers;
    int worker_count;
    int ports[OG_HTTP_LISTENS_MAX];
    bool is_running; /* the loops run */
    bool is_stopped;
    struct og_peers *peers; /* NULL: no limit per address */
    uint8_t ticket_key[OG_TICKET_KEY_BYTES];
    _Atomic int connections;
    _Atomic int streams;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t idle;
        int busy_workers; /* stopping, and with connections */
        struct og_tls_context *tls;
    } shared;
};

/* listen.c */

/* Bind every configured address once per worker. Fills doors and ports. */
OG_MUST_CHECK enum og_code og_http_bind(struct og_http_server *server, struct og_err *err);

/* worker.c */

OG_MUST_CHECK enum og_code og_worker_create(struct og_worker *self, struct og_http_server *server,
                                            int index, struct og_err *err);
/* Listen. Before the loop runs. */
OG_MUST_CHECK enum og_code og_worker_open(struct og_worker *self, struct og_err *err);
void og_worker_stop(struct og_worker *self);    /* any thread: see og_http_server_stop */
void og_worker_abort(struct og_worker *self);   /* any thread: close what is left */
void og_worker_destroy(struct og_worker *self); /* the loop runs or never did; blocks */
void og_worker_conn_gone(struct og_worker *self);
void og_worker_look_at_clock(struct og_worker *self);
void og_worker_arm(struct og_worker *self, struct og_timer *timer, int64_t due_ms);
/* Take up the kept input of a connection in the loop's next round. */
void og_worker_wait(struct og_worker *self, struct og_conn *conn);
/* May one more handshake step be computed in this round of the loop? Counts it. */
bool og_worker_may_handshake(struct og_worker *self);
/* The answer in `out` was sent: wipe it. */
void og_worker_out_done(struct og_worker *self);
struct og_str og_worker_date(struct og_worker *self);
struct og_str og_worker_request_id(struct og_worker *self, struct og_arena *mem);

/* conn.c */

void og_conn_accept(struct og_worker *worker, struct og_sock *sock, bool is_tls);
void og_conn_stop(struct og_conn *self);
/* Encrypt if need be and send. False: broken; close it. */
OG_MUST_CHECK bool og_conn_send(struct og_conn *self, const struct og_str *parts, int count);
/* The answer was sent or queued: go on, or end. */
void og_conn_replied(struct og_conn *self, bool close);
/* Say goodbye, then wait a little for the peer to close, so that it can read what we said. */
void og_conn_linger(struct og_conn *self);
/* For good, at once. The struct is freed later. */
void og_conn_close(struct og_conn *self, bool reset);
/* Send what TLS has put into worker->cipher. False: broken. */
OG_MUST_CHECK bool og_conn_flush_cipher(struct og_conn *self);

/* conn_input.c */

void og_conn_on_bytes(void *owner, struct og_str bytes);
void og_conn_on_end(void *owner, bool clean);
void og_conn_take_waiting(struct og_conn *self);
bool og_conn_has_kept(const struct og_conn *self);
void og_conn_forget_input(struct og_conn *self);
/* After input was used: what the connection waits for now. */
void og_conn_settle(struct og_conn *self);

/* conn_timer.c */

/* Watch that what is queued for the peer moves. */
void og_conn_arm_write(struct og_conn *self);

void og_conn_on_timer(struct og_conn *self);
/* Set the timer that the state asks for. */
void og_conn_arm(struct og_conn *self);

/* exchange.c */

struct og_exchange *og_exchange_create(struct og_conn *conn);
void og_exchange_release(struct og_exchange *self);
/* The head is complete: ask the handler. Returns how parsing goes on. */
enum og_parse_step og_exchange_head(struct og_exchange *self);
/* The request is complete: hand it to the handler. */
void og_exchange_deliver(struct og_exchange *self);
/* Refuse by ourselves, and close. */
void og_exchange_refuse(struct og_exchange *self, int status, const char *reason);
/* Send the handler's refusal of the head. */
void og_exchange_send_refusal(struct og_exchange *self, bool close);
/* Build an answer into worker->out. False when its headers are too large. */
bool og_exchange_build(struct og_exchange *self, const struct og_http_reply *reply,
                       enum og_reply_framing framing, bool close);

/* stream.c */

void og_stream_end(struct og_stream *self);
/* The connection is gone or will be: tell the owner, later. */
void og_stream_detach(struct og_stream *self);

/* http_metrics.c */

void og_http_metrics_register(void);
void og_http_metrics_answered(int status, int64_t duration_us);
void og_http_metrics_connections(int delta);
void og_http_metrics_streams(int delta);
void og_http_metrics_refused_connection(void);
void og_http_metrics_handshake(bool ok);
