/* libcurl on libuv: its sockets as poll handles, its time as a timer. Relies on: libcurl never calls
 * a socket back after it closed it. */
#include <curl/curl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/client_priv.h"

#define FOLLOW_UPS_MAX 4

/* The poll handle of a socket. libcurl stops and starts watching a kept-alive socket around every
 * call; the handle stays as it is meanwhile, which saves four system calls a call. */
struct og_client_watch {
    uv_poll_t poll; /* first: the close callback frees the whole */
    struct og_client_lane *lane;
    curl_socket_t fd;
    int events;  /* what is being polled, 0 for nothing */
    bool wanted; /* libcurl wants to hear */
};

static void lane_drive(struct og_client_lane *lane, curl_socket_t fd, int what);

static void
lane_act(struct og_client_lane *lane, curl_socket_t fd, int what)
{
    struct og_client *self = lane->client;
    int running;
    self->depth++;
    curl_multi_socket_action(lane->multi, fd, what, &running);
    og_client_reap(lane);
    self->depth--;
    og_client_settle(self);
}

static void
on_timer(uv_timer_t *timer)
{
    lane_drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl names each moment once; when it was driven a little early it would never name it
 * again. */
static void
lane_rearm(struct og_client_lane *lane)
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
lane_follow_up(struct og_client_lane *lane)
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
lane_drive(struct og_client_lane *lane, curl_socket_t fd, int what)
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
    struct og_client_lane *lane = ctx;
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
    struct og_client_watch *watch = (struct og_client_watch *)poll;
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

static struct og_client_watch *
watch_make(struct og_client_lane *lane, curl_socket_t fd)
{
    struct og_client *self = lane->client;
    if ((size_t)fd >= self->watch_count) {
        size_t count = (size_t)fd * 2 + 64;
        self->watches = og_xrealloc(self->watches, count * sizeof(self->watches[0]));
        memset(self->watches + self->watch_count, 0,
               (count - self->watch_count) * sizeof(self->watches[0]));
        self->watch_count = count;
    }
    struct og_client_watch *watch = og_xalloc(sizeof(*watch));
    watch->lane = lane;
    watch->fd = fd;
    if (uv_poll_init_socket(self->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    self->watches[fd] = watch;
    return watch;
}

static struct og_client_watch *
watch_find(struct og_client *self, curl_socket_t fd)
{
    return (size_t)fd < self->watch_count ? self->watches[fd] : NULL;
}

static void
watch_close(struct og_client *self, struct og_client_watch *watch)
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
watch_rest(struct og_client_lane *lane, struct og_client_watch *watch, CURL *easy)
{
    if (watch && lane == &lane->client->calls && og_client_status_of(easy) > 0) {
        watch->wanted = false;
    } else {
        watch_close(lane->client, watch);
    }
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct og_client_lane *lane = ctx;
    struct og_client_watch *watch = watch_find(lane->client, fd);
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

void
og_client_watch_sockets(struct og_client *self, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_curl_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, self);
    if (self->may_connect) {
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_curl_open);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, self);
    }
}

/* ---- lanes ---- */

void
og_client_lane_init(struct og_client_lane *lane, struct og_client *client)
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

void
og_client_lane_finish(struct og_client_lane *lane)
{
    while (lane->calls) {
        struct og_client_call *call = lane->calls;
        call->is_dropped = true;
        og_client_call_retire(call);
    }
    curl_multi_cleanup(lane->multi);
    uv_close((uv_handle_t *)lane->timer, on_timer_closed);
}
