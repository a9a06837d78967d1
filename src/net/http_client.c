/* The door to libcurl: its multi interface on libuv's poll handles and timers. Calls and streams
 * have a multi handle each, so that thousands of long streams do not lengthen the search for a free
 * pooled connection. */
#include "net/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/client_priv.h"

#define POOL_DEFAULT 32
#define CONNECT_TIMEOUT_DEFAULT_MS 10000
#define CALL_TIMEOUT_DEFAULT_MS 10000
#define ANSWER_DEFAULT_BYTES (1 << 20)
#define STREAM_CONNECTIONS_MAX 20000L

static const char *const failure_names[] = {
    [OG_CLIENT_ANSWERED] = "answered",   [OG_CLIENT_BAD_URL] = "bad_url",
    [OG_CLIENT_NO_NAME] = "no_name",     [OG_CLIENT_NO_PEER] = "no_peer",
    [OG_CLIENT_NO_TRUST] = "no_trust",   [OG_CLIENT_TOO_LATE] = "too_late",
    [OG_CLIENT_TOO_LARGE] = "too_large", [OG_CLIENT_BROKEN] = "broken",
};

const char *
og_client_failure_name(enum og_client_failure failure)
{
    return failure_names[failure];
}

static void
set_request(struct og_client_call *call, const struct og_client_ask *ask)
{
    CURL *easy = call->easy;
    if (ask->body.len > 0) {
        og_buf_finish(&call->request_body);
        og_buf_init(&call->request_body, ask->body.len);
        og_buf_add(&call->request_body, ask->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->request_body.ptr);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method);
    curl_easy_setopt(easy, CURLOPT_URL, ask->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, ask->headers ? ask->headers->list : NULL);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     (long)(ask->timeout_ms > 0 ? ask->timeout_ms : CALL_TIMEOUT_DEFAULT_MS));
}

/* Connections and TLS sessions are shared only among calls that trust the same. */
static void
set_authorities(struct og_client_call *call, struct og_str pem)
{
    struct curl_blob blob = {(void *)pem.ptr, pem.len, CURL_BLOB_COPY};
    call->has_authorities = pem.len > 0;
    if (call->has_authorities) {
        curl_easy_setopt(call->easy, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(call->easy, CURLOPT_CAPATH, NULL);
    }
}

struct og_client_call *
og_client_send(struct og_client *self, const struct og_client_ask *ask)
{
    struct og_client_call *call = og_client_call_take(self);
    og_buf_finish(&call->answer_body);
    og_buf_init(&call->answer_body,
                ask->answer_max_bytes > 0 ? ask->answer_max_bytes : ANSWER_DEFAULT_BYTES);
    set_request(call, ask);
    set_authorities(call, ask->authorities);
    call->on_done = ask->on_done;
    call->ctx = ask->ctx;
    og_client_call_start(call);
    return call;
}

struct og_client_call *
og_client_open(struct og_client *self, const struct og_client_stream *stream)
{
    struct og_client_call *call = og_client_call_make(self, &self->streams);
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_URL, stream->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, stream->headers ? stream->headers->list : NULL);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 1024L); /* events are short, streams are many */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    og_client_call_hear_head(call);
    call->on_open = stream->on_open;
    call->on_bytes = stream->on_bytes;
    call->on_done = stream->on_done;
    call->ctx = stream->ctx;
    og_client_call_start(call);
    return call;
}

void
og_client_cancel(struct og_client_call *call)
{
    if (call->is_dropped) {
        return;
    }
    call->is_dropped = true;
    if (call->in_own_callback) {
        return; /* libcurl is told by the callback's result, and the call ends as failed */
    }
    og_client_call_wish(call, OG_WISH_DROP);
    og_client_settle(call->client);
}

void
og_client_freeze(struct og_client_call *call)
{
    call->is_frozen = true;
    if (call->is_added && !call->is_dropped && call->client->depth == 0) {
        curl_easy_pause(call->easy, CURLPAUSE_RECV);
    } /* else with the next bytes */
}

/* ---- the client ---- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
curl_start(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        abort();
    }
}

enum og_code
og_client_create(struct og_loop *loop, const struct og_client_config *config,
                 struct og_client **out, struct og_err *err)
{
    if (config->ca_file && access(config->ca_file, R_OK) != 0) {
        return og_fail(err, OG_E_INVALID, "ca", "the CA file cannot be read: %s", config->ca_file);
    }
    pthread_once(&curl_once, curl_start);
    struct og_client *self = og_xalloc(sizeof(*self));
    self->loop = og_loop_uv(loop);
    self->ca_file = og_xstrdup(config->ca_file);
    self->connect_timeout_ms =
        config->connect_timeout_ms > 0 ? config->connect_timeout_ms : CONNECT_TIMEOUT_DEFAULT_MS;
    self->may_connect = config->may_connect;
    self->may_connect_ctx = config->may_connect_ctx;
    self->changed_end = &self->changed;
    self->share = curl_share_init();
    if (!self->share) {
        abort();
    }
    curl_share_setopt(self->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_share_setopt(self->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    og_client_lane_init(&self->calls, self);
    og_client_lane_init(&self->streams, self);
    long pool = config->connections_per_host_max > 0 ? config->connections_per_host_max
                                                     : POOL_DEFAULT;
    curl_multi_setopt(self->calls.multi, CURLMOPT_MAX_HOST_CONNECTIONS, pool);
    curl_multi_setopt(self->calls.multi, CURLMOPT_MAXCONNECTS, pool * 4);
    curl_multi_setopt(self->streams.multi, CURLMOPT_MAXCONNECTS, STREAM_CONNECTIONS_MAX);
    *out = self;
    return OG_OK;
}

void
og_client_destroy(struct og_client *self)
{
    if (!self) {
        return;
    }
    self->depth++; /* nothing starts any more */
    og_client_lane_finish(&self->calls);
    og_client_lane_finish(&self->streams);
    while (self->spares) {
        struct og_client_call *call = self->spares;
        self->spares = call->next;
        og_client_call_free(call);
    }
    curl_share_cleanup(self->share);
    free(self->watches);
    free(self->ca_file);
    free(self);
}
