/* The door to libcurl: its multi interface on libuv's poll handles and timers. Calls and streams
 * have a multi handle each, so that thousands of long streams do not lengthen the search for a free
 * pooled connection. Relies on: libcurl never calls a socket back after it closed it. */
#include "net/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"

#define POOL_DEFAULT 32
#define CONNECT_TIMEOUT_DEFAULT_MS 10000
#define CALL_TIMEOUT_DEFAULT_MS 10000
#define ANSWER_DEFAULT_BYTES (1 << 20)
#define SPARE_CALLS_MAX 64
#define FOLLOW_UPS_MAX 4
#define MAIL_ANSWER_BYTES 16384
#define STREAM_CONNECTIONS_MAX 20000L

/* One multi handle with its timer. */
struct lane {
    struct og_client *client;
    CURLM *multi;
    uv_timer_t *timer;            /* freed by its close callback */
    struct og_client_call *calls; /* all that are not over */
    bool is_due;                  /* libcurl wants to be driven as soon as we are outside */
};

/* The poll handle of a socket. libcurl stops and starts watching a kept-alive socket around every
 * call; the handle stays as it is meanwhile, which saves four system calls a call. */
struct watch {
    uv_poll_t poll; /* first: the close callback frees the whole */
    struct lane *lane;
    curl_socket_t fd;
    int events;  /* what is being polled, 0 for nothing */
    bool wanted; /* libcurl wants to hear */
};

struct og_client {
    struct lane calls;
    struct lane streams;
    CURLSH *share;
    uv_loop_t *loop;
    char *ca_file;
    int64_t connect_timeout_ms;
    bool (*may_connect)(void *ctx, const struct sockaddr *address);
    void *may_connect_ctx;
    struct watch **watches; /* by descriptor */
    size_t watch_count;
    struct og_client_call *spares; /* finished calls with their curl handle, for the next ones */
    int spare_count;
    bool is_driving; /* an event of the loop is being handled */
    int depth; /* > 0: inside libcurl, which must not be entered again */
    struct og_client_call *changed; /* calls to add or drop once we are outside, oldest first */
    struct og_client_call **changed_end;
};

enum call_wish { WISH_NOTHING, WISH_START, WISH_DROP };

struct og_client_call {
    struct og_client *client;
    struct lane *lane;
    CURL *easy;
    struct og_client_call *prev, *next; /* in lane->calls; next also links spares */
    struct og_client_call *next_changed;
    struct og_buf request_body;
    struct og_buf answer_body;
    bool is_changed; /* in client->changed */
    enum call_wish wish;
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

static const char *const failure_names[] = {
    [OG_CLIENT_ANSWERED] = "answered",   [OG_CLIENT_BAD_URL] = "bad_url",
    [OG_CLIENT_NO_NAME] = "no_name",     [OG_CLIENT_NO_PEER] = "no_peer",
    [OG_CLIENT_NO_TRUST] = "no_trust",   [OG_CLIENT_TOO_LATE] = "too_late",
    [OG_CLIENT_TOO_LARGE] = "too_large", [OG_CLIENT_BROKEN] = "broken",
};

/* libcurl's results that we tell apart; all others mean that the connection broke. */
static const struct {
    CURLcode code;
    enum og_client_failure failure;
} failures[] = {
    {CURLE_URL_MALFORMAT, OG_CLIENT_BAD_URL},
    {CURLE_COULDNT_RESOLVE_HOST, OG_CLIENT_NO_NAME},
    {CURLE_COULDNT_CONNECT, OG_CLIENT_NO_PEER},
    {CURLE_SSL_CONNECT_ERROR, OG_CLIENT_NO_TRUST},
    {CURLE_PEER_FAILED_VERIFICATION, OG_CLIENT_NO_TRUST},
    {CURLE_SSL_CACERT_BADFILE, OG_CLIENT_NO_TRUST},
    {CURLE_USE_SSL_FAILED, OG_CLIENT_NO_TRUST},
    {CURLE_OPERATION_TIMEDOUT, OG_CLIENT_TOO_LATE},
};

static void settle(struct og_client *self);
static void lane_drive(struct lane *lane, curl_socket_t fd, int what);

const char *
og_client_failure_name(enum og_client_failure failure)
{
    return failure_names[failure];
}

/* ---- headers ---- */

static bool
has_control(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static void
headers_append(struct og_client_headers *self, const char *line)
{
    struct curl_slist *list = curl_slist_append(self->list, line);
    if (!list) {
        abort();
    }
    self->list = list;
}

struct og_client_headers *
og_client_headers_create(void)
{
    struct og_client_headers *self = og_xalloc(sizeof(*self));
    headers_append(self, "Expect:"); /* libcurl then never waits for 100 */
    return self;
}

bool
og_client_headers_add(struct og_client_headers *self, const char *name, struct og_str value)
{
    if (has_control(og_str_from(name)) || has_control(value)) {
        return false;
    }
    struct og_buf line;
    og_buf_init(&line, strlen(name) + value.len + 8);
    og_buf_add_cstr(&line, name);
    og_buf_add_cstr(&line, ": ");
    og_buf_add(&line, value);
    headers_append(self, line.ptr);
    og_buf_wipe(&line);
    og_buf_finish(&line);
    return true;
}

void
og_client_headers_destroy(struct og_client_headers *self)
{
    if (!self) {
        return;
    }
    for (struct curl_slist *at = self->list; at; at = at->next) {
        og_wipe(at->data, strlen(at->data));
    }
    curl_slist_free_all(self->list);
    free(self);
}

/* ---- the end of a call ---- */

static void
lane_forget(struct og_client_call *call)
{
    struct lane *lane = call->lane;
    if (call->prev) {
        call->prev->next = call->next;
    } else {
        lane->calls = call->next;
    }
    if (call->next) {
        call->next->prev = call->prev;
    }
    call->prev = call->next = NULL;
}

static void
call_free(struct og_client_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->recipients);
    og_buf_wipe(&call->request_body);
    og_buf_finish(&call->request_body);
    og_buf_finish(&call->answer_body);
    free(call);
}

/* Out of libcurl's hands and out of the lane; kept as a spare when it is a short call. */
static void
call_retire(struct og_client_call *call)
{
    struct og_client *self = call->client;
    if (call->is_added) {
        curl_multi_remove_handle(call->lane->multi, call->easy);
        call->is_added = false;
    }
    lane_forget(call);
    if (call->lane == &self->streams || call->has_authorities ||
        self->spare_count >= SPARE_CALLS_MAX) {
        call_free(call);
        return;
    }
    og_buf_wipe(&call->request_body);
    og_buf_clear(&call->answer_body);
    call->next = self->spares;
    self->spares = call;
    self->spare_count++;
}

static bool
is_http(CURL *easy)
{
    char *url = NULL;
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    return url && (strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0);
}

static enum og_client_failure
failure_of(const struct og_client_call *call, CURLcode result)
{
    if (result == CURLE_OK) {
        return OG_CLIENT_ANSWERED;
    }
    if (result == CURLE_WRITE_ERROR && call->answer_body.full) {
        return OG_CLIENT_TOO_LARGE;
    }
    if (result == CURLE_UNSUPPORTED_PROTOCOL && !is_http(call->easy)) {
        return OG_CLIENT_BAD_URL; /* else the peer does not speak HTTP/1 */
    }
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code == result) {
            return failures[i].failure;
        }
    }
    return OG_CLIENT_BROKEN;
}

static struct og_str
content_type_of(CURL *easy)
{
    char *text = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text);
    return og_str_from(text);
}

static int
status_of(CURL *easy)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static bool
is_mute(const struct og_client_call *call)
{
    return call->is_dropped || call->is_frozen;
}

static void
tell_open(struct og_client_call *call)
{
    if (!call->on_open || call->is_open || is_mute(call)) {
        return;
    }
    call->is_open = true;
    call->on_open(call->ctx, status_of(call->easy), content_type_of(call->easy));
}

/* Out of libcurl's hands, but its owner still has it in his. */
static void
call_park(struct og_client_call *call)
{
    curl_multi_remove_handle(call->lane->multi, call->easy);
    call->is_added = false;
}

static void
call_finish(struct og_client_call *call, CURLcode result)
{
    if (call->is_frozen && !call->is_dropped) {
        call_park(call);
        return;
    }
    struct og_client_answer answer = {
        .failure = failure_of(call, result),
        .reason = result == CURLE_OK ? "" : curl_easy_strerror(result),
        .handle = call->easy,
    };
    if (result == CURLE_OK) {
        answer.status = status_of(call->easy);
        answer.content_type = content_type_of(call->easy);
        answer.body = og_buf_str(&call->answer_body);
        tell_open(call); /* a stream that ended with its head */
    }
    if (call->is_frozen && !call->is_dropped) { /* by on_open */
        call_park(call);
        return;
    }
    if (!call->is_dropped) {
        call->is_dropped = true;
        call->on_done(call->ctx, &answer);
    }
    if (!call->is_changed) { /* else settle() has it */
        call_retire(call);
    }
}

static void
lane_reap(struct lane *lane)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(lane->multi, &left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURLcode result = message->data.result;
        struct og_client_call *call = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        call_finish(call, result);
    }
}

struct og_str
og_client_answer_header(const struct og_client_answer *answer, const char *name)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(answer->handle, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return (struct og_str){NULL, 0};
    }
    if (header->amount > 1) {
        curl_easy_header(answer->handle, name, header->amount - 1, CURLH_HEADER, -1, &header);
    }
    return og_str_from(header->value);
}

/* ---- libcurl on libuv ---- */

static void
lane_act(struct lane *lane, curl_socket_t fd, int what)
{
    struct og_client *self = lane->client;
    int running;
    self->depth++;
    curl_multi_socket_action(lane->multi, fd, what, &running);
    lane_reap(lane);
    self->depth--;
    settle(self);
}

static void
on_timer(uv_timer_t *timer)
{
    lane_drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl names each moment once; when it was driven a little early it would never name it
 * again. */
static void
lane_rearm(struct lane *lane)
{
    long timeout_ms = -1;
    if (lane->is_due || uv_is_active((uv_handle_t *)lane->timer)) {
        return;
    }
    curl_multi_timeout(lane->multi, &timeout_ms);
    if (timeout_ms >= 0) {
        uv_timer_start(lane->timer, on_timer, (uint64_t)timeout_ms, 0);
    }
}

/* What a callback has started goes out at once, not in the loop's next turn: that saves a wake-up
 * for each call. Only so often, because others share the loop. */
static void
lane_follow_up(struct lane *lane)
{
    for (int round = 0; lane->is_due && round < FOLLOW_UPS_MAX; round++) {
        lane->is_due = false;
        lane_act(lane, CURL_SOCKET_TIMEOUT, 0);
        lane_rearm(lane);
    }
    if (lane->is_due) {
        lane->is_due = false;
        uv_timer_start(lane->timer, on_timer, 0, 0);
    }
}

static void
lane_drive(struct lane *lane, curl_socket_t fd, int what)
{
    struct og_client *self = lane->client;
    self->is_driving = true;
    lane_act(lane, fd, what);
    if (fd == CURL_SOCKET_TIMEOUT) {
        lane_rearm(lane);
    }
    lane_follow_up(&self->streams);
    lane_follow_up(&self->calls);
    self->is_driving = false;
}

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct lane *lane = ctx;
    lane->is_due = timeout_ms == 0 && lane->client->is_driving;
    if (timeout_ms < 0 || lane->is_due) {
        uv_timer_stop(lane->timer);
    } else {
        uv_timer_start(lane->timer, on_timer, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = (struct watch *)poll;
    if (!watch->wanted) { /* news on an idle connection: libcurl looks when it uses it again */
        watch->events = 0;
        uv_poll_stop(poll);
        return;
    }
    int what = status < 0 ? CURL_CSELECT_ERR : 0;
    what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    lane_drive(watch->lane, watch->fd, what);
}

static void
on_watch_closed(uv_handle_t *handle)
{
    free(handle);
}

static struct watch *
watch_make(struct lane *lane, curl_socket_t fd)
{
    struct og_client *self = lane->client;
    if ((size_t)fd >= self->watch_count) {
        size_t count = (size_t)fd * 2 + 64;
        self->watches = og_xrealloc(self->watches, count * sizeof(self->watches[0]));
        memset(self->watches + self->watch_count, 0,
               (count - self->watch_count) * sizeof(self->watches[0]));
        self->watch_count = count;
    }
    struct watch *watch = og_xalloc(sizeof(*watch));
    watch->lane = lane;
    watch->fd = fd;
    if (uv_poll_init_socket(self->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    self->watches[fd] = watch;
    return watch;
}

static struct watch *
watch_find(struct og_client *self, curl_socket_t fd)
{
    return (size_t)fd < self->watch_count ? self->watches[fd] : NULL;
}

static void
watch_close(struct og_client *self, struct watch *watch)
{
    if (watch) {
        self->watches[watch->fd] = NULL;
        uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    }
}

/*
 * libcurl does not look at this socket any more. It says so too when it has closed one without a
 * word, which it does with connections that never came about and with sockets to its resolver
 * threads. Only a pooled connection that has carried an answer is sure to be closed through
 * on_curl_close.
 */
static void
watch_rest(struct lane *lane, struct watch *watch, CURL *easy)
{
    if (watch && lane == &lane->client->calls && status_of(easy) > 0) {
        watch->wanted = false;
    } else {
        watch_close(lane->client, watch);
    }
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct lane *lane = ctx;
    struct watch *watch = watch_find(lane->client, fd);
    if (what == CURL_POLL_REMOVE) {
        watch_rest(lane, watch, easy);
        return 0;
    }
    if (!watch && !(watch = watch_make(lane, fd))) {
        return -1;
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    watch->wanted = true;
    if (events != watch->events) {
        watch->events = events;
        uv_poll_start(&watch->poll, events, on_poll);
    }
    return 0;
}

static int
on_curl_close(void *ctx, curl_socket_t fd)
{
    struct og_client *self = ctx;
    watch_close(self, watch_find(self, fd));
    return close(fd);
}

/* The name is resolved already: whatever it was when it was checked, this is where we would go. */
static curl_socket_t
on_curl_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct og_client *self = ctx;
    (void)purpose;
    if (!self->may_connect(self->may_connect_ctx, &address->addr)) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- bytes ---- */

/* What libcurl is told after a callback that may have ended or frozen the call. */
static size_t
verdict(const struct og_client_call *call, size_t len)
{
    return call->is_dropped ? 0 : len;
}

static size_t
on_curl_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct og_client_call *call = ctx;
    size_t len = size * count;
    if (is_mute(call)) {
        return call->is_dropped ? 0 : CURL_WRITEFUNC_PAUSE;
    }
    if (!call->on_bytes) {
        og_buf_add(&call->answer_body, (struct og_str){bytes, len});
        return call->answer_body.full ? 0 : len;
    }
    call->in_own_callback = true;
    tell_open(call);
    int status = status_of(call->easy);
    if (!is_mute(call) && status >= 200 && status < 300) {
        call->on_bytes(call->ctx, (struct og_str){bytes, len});
    }
    call->in_own_callback = false;
    return verdict(call, len);
}

/* The blank line behind the headers opens a stream, even before its first byte. */
static size_t
on_curl_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct og_client_call *call = ctx;
    size_t len = size * count;
    if (len <= 2 && status_of(call->easy) >= 200) {
        call->in_own_callback = true;
        tell_open(call);
        call->in_own_callback = false;
    }
    return verdict(call, len);
}

/* ---- starting ---- */

static void
set_common(struct og_client *self, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_SHARE, self->share);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)self->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_curl_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, self);
    if (self->may_connect) {
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_curl_open);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, self);
    }
    if (self->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, self->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

static struct og_client_call *
call_make(struct og_client *self, struct lane *lane)
{
    struct og_client_call *call = og_xalloc(sizeof(*call));
    call->client = self;
    call->lane = lane;
    call->easy = curl_easy_init();
    if (!call->easy) {
        abort();
    }
    set_common(self, call->easy);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_curl_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    return call;
}

static struct og_client_call *
call_take(struct og_client *self)
{
    struct og_client_call *call = self->spares;
    if (!call) {
        call = call_make(self, &self->calls);
        curl_easy_setopt(call->easy, CURLOPT_BUFFERSIZE, 8192L);
        curl_easy_setopt(call->easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
        return call;
    }
    self->spares = call->next;
    self->spare_count--;
    call->next = NULL;
    call->is_dropped = call->is_frozen = false;
    return call;
}

static void
wish(struct og_client_call *call, enum call_wish what)
{
    call->wish = what;
    if (!call->is_changed) {
        call->is_changed = true;
        call->next_changed = NULL;
        *call->client->changed_end = call;
        call->client->changed_end = &call->next_changed;
    }
}

static void
fulfil(struct og_client_call *call)
{
    if (call->wish == WISH_DROP) {
        call_retire(call);
        return;
    }
    if (curl_multi_add_handle(call->lane->multi, call->easy) != CURLM_OK) {
        abort(); /* out of memory, or a handle added twice */
    }
    call->is_added = true;
}

/* Do what was wished while libcurl could not be entered. */
static void
settle(struct og_client *self)
{
    if (self->depth > 0) {
        return;
    }
    self->depth++;
    while (self->changed) {
        struct og_client_call *call = self->changed;
        self->changed = call->next_changed;
        if (!self->changed) {
            self->changed_end = &self->changed;
        }
        call->is_changed = false;
        fulfil(call);
    }
    self->depth--;
}

static void
call_start(struct og_client_call *call)
{
    struct lane *lane = call->lane;
    call->prev = NULL;
    call->next = lane->calls;
    if (lane->calls) {
        lane->calls->prev = call;
    }
    lane->calls = call;
    wish(call, WISH_START);
    settle(call->client);
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
    struct og_client_call *call = call_take(self);
    og_buf_finish(&call->answer_body);
    og_buf_init(&call->answer_body,
                ask->answer_max_bytes > 0 ? ask->answer_max_bytes : ANSWER_DEFAULT_BYTES);
    set_request(call, ask);
    set_authorities(call, ask->authorities);
    call->on_done = ask->on_done;
    call->ctx = ask->ctx;
    call_start(call);
    return call;
}

struct og_client_call *
og_client_open(struct og_client *self, const struct og_client_stream *stream)
{
    struct og_client_call *call = call_make(self, &self->streams);
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_URL, stream->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, stream->headers ? stream->headers->list : NULL);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 1024L); /* events are short, streams are many */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_curl_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    call->on_open = stream->on_open;
    call->on_bytes = stream->on_bytes;
    call->on_done = stream->on_done;
    call->ctx = stream->ctx;
    call_start(call);
    return call;
}

/* ---- mail ---- */

static size_t
on_curl_read(char *out, size_t size, size_t count, void *ctx)
{
    struct og_client_call *call = ctx;
    const size_t left = call->request_body.len - call->sent_bytes;
    const size_t len = left < size * count ? left : size * count;
    memcpy(out, call->request_body.ptr + call->sent_bytes, len);
    call->sent_bytes += len;
    return len;
}

static void
add_recipients(struct og_client_call *call, const struct og_str_list *to)
{
    for (size_t i = 0; i < to->count; i++) {
        char address[OG_CLIENT_MAIL_ADDRESS_BYTES];
        snprintf(address, sizeof(address), "%" OG_STR_FMT, OG_STR_ARG(to->items[i]));
        struct curl_slist *list = curl_slist_append(call->recipients, address);
        if (!list) {
            abort();
        }
        call->recipients = list;
    }
}

static void
set_mail(struct og_client_call *call, const struct og_client_mail *mail)
{
    CURL *easy = call->easy;
    og_buf_init(&call->request_body, mail->text.len + 1);
    og_buf_add(&call->request_body, mail->text);
    add_recipients(call, &mail->to);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, call->recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_curl_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, call);
}

struct og_client_call *
og_client_mail(struct og_client *self, const struct og_client_mail *mail)
{
    struct og_client_call *call = call_make(self, &self->streams);
    CURL *easy = call->easy;
    og_buf_init(&call->answer_body, MAIL_ANSWER_BYTES);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_URL, mail->url);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(mail->needs_starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (mail->user[0]) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password);
    }
    if (mail->text.len > 0) {
        set_mail(call, mail);
    } else {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP");
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)mail->timeout_ms);
    call->on_done = mail->on_done;
    call->ctx = mail->ctx;
    call_start(call);
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
    wish(call, WISH_DROP);
    settle(call->client);
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

static void
lane_init(struct lane *lane, struct og_client *client)
{
    lane->client = client;
    lane->timer = og_xalloc(sizeof(*lane->timer));
    lane->timer->data = lane;
    uv_timer_init(client->loop, lane->timer);
    lane->multi = curl_multi_init();
    if (!lane->multi) {
        abort();
    }
    curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
    curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
}

static void
on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void
lane_finish(struct lane *lane)
{
    while (lane->calls) {
        struct og_client_call *call = lane->calls;
        call->is_dropped = true;
        call_retire(call);
    }
    curl_multi_cleanup(lane->multi);
    uv_close((uv_handle_t *)lane->timer, on_timer_closed);
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
    lane_init(&self->calls, self);
    lane_init(&self->streams, self);
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
    lane_finish(&self->calls);
    lane_finish(&self->streams);
    while (self->spares) {
        struct og_client_call *call = self->spares;
        self->spares = call->next;
        call_free(call);
    }
    curl_share_cleanup(self->share);
    free(self->watches);
    free(self->ca_file);
    free(self);
}
