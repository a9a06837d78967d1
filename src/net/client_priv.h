/*
 * What the files of the client share; for them alone. libcurl stays behind this header.
 */
#pragma once

#include <curl/curl.h>
#include <uv.h>

#include "base/buf.h"
#include "net/http_client.h"

struct og_client_watch;

/* One multi handle with its timer. */
struct og_client_lane {
    struct og_client *client;
    CURLM *multi;
    uv_timer_t *timer;            /* freed by its close callback */
    struct og_client_call *calls; /* all that are not over */
    bool is_due;                  /* libcurl wants to be driven as soon as we are outside */
};

struct og_client {
    struct og_client_lane calls;
    struct og_client_lane streams;
    CURLSH *share;
    uv_loop_t *loop;
    char *ca_file;
    int64_t connect_timeout_ms;
    bool (*may_connect)(void *ctx, const struct sockaddr *address);
    void *may_connect_ctx;
    struct og_client_watch **watches; /* by descriptor */
    size_t watch_count;
    struct og_client_call *spares; /* finished calls with their curl handle, for the next ones */
    int spare_count;
    bool is_driving; /* an event of the loop is being handled */
    int depth; /* > 0: inside libcurl, which must not be entered again */
    struct og_client_call *changed; /* calls to add or drop once we are outside, oldest first */
    struct og_client_call **changed_end;
};

enum og_client_wish { OG_WISH_NOTHING, OG_WISH_START, OG_WISH_DROP };

struct og_client_call {
    struct og_client *client;
    struct og_client_lane *lane;
    CURL *easy;
    struct og_client_call *prev, *next; /* in lane->calls; next also links spares */
    struct og_client_call *next_changed;
    struct og_buf request_body;
    struct og_buf answer_body;
    bool is_changed; /* in client->changed */
    enum og_client_wish wish;
    bool is_added;   /* libcurl has it */
    bool is_dropped; /* no callback any more */
    bool is_frozen;  /* the same, but it stays until it is cancelled */
    bool is_open;    /* the head of a stream was told */
    bool in_own_callback;
    void (*on_open)(void *ctx, int status, struct og_str content_type);
    void (*on_bytes)(void *ctx, struct og_str bytes);
    void (*on_done)(void *ctx, const struct og_client_answer *answer);
    void *ctx;
    struct curl_slist *recipients; /* of a mail */
    size_t sent_bytes;             /* of its text */
    bool has_authorities;          /* of its own: the handle is not for other calls */
};

struct og_client_headers {
    struct curl_slist *list;
};

/* ---- calls ---- */

struct og_client_call *og_client_call_make(struct og_client *self, struct og_client_lane *lane);
/* A spare one or a new one, in the lane of short calls. */
struct og_client_call *og_client_call_take(struct og_client *self);
/* Its on_open is told. */
void og_client_call_hear_head(struct og_client_call *call);
void og_client_call_start(struct og_client_call *call);
void og_client_call_wish(struct og_client_call *call, enum og_client_wish what);
/* Out of libcurl's hands and out of the lane; kept as a spare when it is a short call. */
void og_client_call_retire(struct og_client_call *call);
void og_client_call_free(struct og_client_call *call);
int og_client_status_of(CURL *easy);
/* Do what was wished while libcurl could not be entered. */
void og_client_settle(struct og_client *self);
/* Finish the calls that libcurl is done with. */
void og_client_reap(struct og_client_lane *lane);

/* ---- on the loop ---- */

void og_client_lane_init(struct og_client_lane *lane, struct og_client *client);
void og_client_lane_finish(struct og_client_lane *lane);
/* We open and close the sockets of this call. */
void og_client_watch_sockets(struct og_client *self, CURL *easy);
