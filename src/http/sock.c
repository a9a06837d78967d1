/*
 * The door to libuv's TCP streams. An idle connection costs its handle and nothing else: the read
 * buffer belongs to the loop, and a write that the kernel takes at once needs no memory.
 */
#include "http/sock.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/secret.h"

#define READ_BYTES 16384
#define BACKLOG 1024
#define PARTS_MAX 4

struct og_io {
    uv_loop_t *uv;
    uv_timer_t tick;
    uv_idle_t soon;
    int open_handles;
    void (*on_tick)(void *ctx);
    void *tick_ctx;
    void (*on_soon)(void *ctx);
    void *soon_ctx;
    char read_buffer[READ_BYTES];
};

struct og_sock {
    uv_tcp_t tcp;
    struct og_io *io;
    const struct og_sock_verbs *verbs; /* NULL: not begun */
    void *owner;
    bool is_reading;
    bool has_ended; /* reading is over */
};

struct og_listener {
    uv_tcp_t tcp;
    struct og_io *io;
    void (*on_connection)(void *ctx, struct og_sock *sock);
    void *ctx;
};

/* What the kernel did not take. */
struct rest {
    uv_write_t req;
    size_t len;
    char bytes[];
};

struct og_io *
og_io_create(struct og_loop *loop)
{
    struct og_io *self = og_xalloc(sizeof(*self));
    self->uv = og_loop_uv(loop);
    uv_timer_init(self->uv, &self->tick);
    uv_idle_init(self->uv, &self->soon);
    self->tick.data = self->soon.data = self;
    self->open_handles = 2;
    return self;
}

static void
on_io_closed(uv_handle_t *handle)
{
    struct og_io *self = handle->data;
    if (--self->open_handles == 0) {
        free(self);
    }
}

void
og_io_close(struct og_io *self)
{
    uv_close((uv_handle_t *)&self->tick, on_io_closed);
    uv_close((uv_handle_t *)&self->soon, on_io_closed);
}

static void
on_tick(uv_timer_t *timer)
{
    struct og_io *self = timer->data;
    self->on_tick(self->tick_ctx);
}

void
og_io_tick_start(struct og_io *self, int interval_ms, void (*fn)(void *ctx), void *ctx)
{
    if (!uv_is_active((uv_handle_t *)&self->tick)) {
        self->on_tick = fn;
        self->tick_ctx = ctx;
        uv_timer_start(&self->tick, on_tick, (uint64_t)interval_ms, (uint64_t)interval_ms);
    }
}

void
og_io_tick_stop(struct og_io *self)
{
    uv_timer_stop(&self->tick);
}

static void
on_soon(uv_idle_t *idle)
{
    struct og_io *self = idle->data;
    uv_idle_stop(idle);
    self->on_soon(self->soon_ctx);
}

void
og_io_soon(struct og_io *self, void (*fn)(void *ctx), void *ctx)
{
    self->on_soon = fn;
    self->soon_ctx = ctx;
    uv_idle_start(&self->soon, on_soon);
}

uint64_t
og_io_round(const struct og_io *self)
{
    return uv_now(self->uv);
}

/* Listening */

static void
on_sock_closed(uv_handle_t *handle)
{
    struct og_sock *self = handle->data;
    if (self->verbs) {
        self->verbs->on_closed(self->owner);
    }
    free(self);
}

static void
on_connection(uv_stream_t *stream, int status)
{
    static struct og_log_limit limit;
    int64_t held;
    struct og_listener *self = stream->data;
    if (status != 0) {
        if (og_log_limit_pass(&limit, 10000, &held)) {
            og_log_error("http", "cannot accept a connection", "cause=%s held_back=%lld",
                         uv_err_name(status), (long long)held);
        }
        return;
    }
    struct og_sock *sock = og_xalloc(sizeof(*sock));
    sock->io = self->io;
    uv_tcp_init(self->io->uv, &sock->tcp);
    sock->tcp.data = sock;
    if (uv_accept(stream, (uv_stream_t *)&sock->tcp) != 0) {
        og_sock_close(sock, false);
        return;
    }
    uv_tcp_nodelay(&sock->tcp, 1);
    self->on_connection(self->ctx, sock);
}

static void
on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

enum og_code
og_listener_open(struct og_io *io, int fd,
                 void (*on_connection_fn)(void *ctx, struct og_sock *sock), void *ctx,
                 struct og_listener **out, struct og_err *err)
{
    struct og_listener *self = og_xalloc(sizeof(*self));
    self->io = io;
    self->on_connection = on_connection_fn;
    self->ctx = ctx;
    uv_tcp_init(io->uv, &self->tcp);
    self->tcp.data = self;
    int status = uv_tcp_open(&self->tcp, fd);
    if (status != 0) {
        close(fd);
    } else {
        status = uv_listen((uv_stream_t *)&self->tcp, BACKLOG, on_connection);
    }
    if (status != 0) {
        og_listener_close(self);
        return og_fail(err, OG_E_UNAVAILABLE, "listen", "cannot listen: %s", uv_strerror(status));
    }
    *out = self;
    return OG_OK;
}

void
og_listener_close(struct og_listener *self)
{
    uv_close((uv_handle_t *)&self->tcp, on_listener_closed);
}

/* Reading */

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct og_sock *self = handle->data;
    *buf = uv_buf_init(self->io->read_buffer, READ_BYTES);
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct og_sock *self = stream->data;
    if (count > 0) {
        self->verbs->on_bytes(self->owner, (struct og_str){buf->base, (size_t)count});
        og_wipe(buf->base, (size_t)count); /* of a request in the clear */
    } else if (count < 0) {
        og_sock_pause(self);
        self->has_ended = true;
        self->verbs->on_end(self->owner, count == UV_EOF);
    }
}

void
og_sock_begin(struct og_sock *self, const struct og_sock_verbs *verbs, void *owner)
{
    self->verbs = verbs;
    self->owner = owner;
    og_sock_resume(self);
}

void
og_sock_pause(struct og_sock *self)
{
    if (self->is_reading) {
        uv_read_stop((uv_stream_t *)&self->tcp);
        self->is_reading = false;
    }
}

void
og_sock_resume(struct og_sock *self)
{
    if (!self->is_reading && !self->has_ended && !uv_is_closing((uv_handle_t *)&self->tcp)) {
        self->is_reading = uv_read_start((uv_stream_t *)&self->tcp, on_alloc, on_read) == 0;
    }
}

static int
descriptor(const struct og_sock *self)
{
    uv_os_fd_t fd = -1;
    return uv_fileno((const uv_handle_t *)&self->tcp, &fd) == 0 ? fd : -1;
}

void
og_sock_limit_silence(struct og_sock *self, int64_t timeout_ms)
{
    unsigned ms = (unsigned)timeout_ms;
    /* fails only for a connection that is over already */
    (void)setsockopt(descriptor(self), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

bool
og_sock_has_input(const struct og_sock *self)
{
    char byte;
    return !self->has_ended && recv(descriptor(self), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Writing */

static void
free_rest(struct rest *rest)
{
    og_wipe(rest->bytes, rest->len);
    free(rest);
}

static void
on_written(uv_write_t *req, int status)
{
    struct og_sock *self = req->handle->data;
    free_rest(OG_CONTAINER_OF(req, struct rest, req));
    if (status == UV_ECANCELED || uv_is_closing((uv_handle_t *)&self->tcp)) {
        return;
    }
    if (status != 0 || og_sock_queued_bytes(self) == 0) {
        self->verbs->on_drained(self->owner, status == 0);
    }
}

/* Queue a copy of the parts without their first `sent` bytes. */
static bool
queue_rest(struct og_sock *self, const struct og_str *parts, int count, size_t sent, size_t total)
{
    struct rest *rest = malloc(sizeof(*rest) + total - sent);
    if (!rest) {
        return false;
    }
    rest->len = 0;
    for (int i = 0; i < count; i++) {
        size_t skip = sent < parts[i].len ? sent : parts[i].len;
        sent -= skip;
        if (parts[i].len > skip) {
            memcpy(rest->bytes + rest->len, parts[i].ptr + skip, parts[i].len - skip);
            rest->len += parts[i].len - skip;
        }
    }
    uv_buf_t buf = uv_buf_init(rest->bytes, (unsigned)rest->len);
    if (uv_write(&rest->req, (uv_stream_t *)&self->tcp, &buf, 1, on_written) != 0) {
        free_rest(rest);
        return false;
    }
    return true;
}

bool
og_sock_send(struct og_sock *self, const struct og_str *parts, int count)
{
    uv_buf_t bufs[PARTS_MAX];
    unsigned used = 0;
    size_t total = 0;

    assert(count <= PARTS_MAX);
    if (uv_is_closing((uv_handle_t *)&self->tcp)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (parts[i].len) {
            bufs[used++] = uv_buf_init((char *)parts[i].ptr, (unsigned)parts[i].len);
            total += parts[i].len;
        }
    }
    if (total == 0) {
        return true;
    }
    int sent = uv_try_write((uv_stream_t *)&self->tcp, bufs, used);
    if (sent == UV_EAGAIN) {
        sent = 0;
    }
    if (sent < 0) {
        return false;
    }
    return (size_t)sent == total || queue_rest(self, parts, count, (size_t)sent, total);
}

size_t
og_sock_queued_bytes(const struct og_sock *self)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&self->tcp);
}

void
og_sock_end(struct og_sock *self)
{
    int fd = descriptor(self);
    if (fd >= 0) {
        shutdown(fd, SHUT_WR);
    }
}

void
og_sock_close(struct og_sock *self, bool reset)
{
    if (uv_is_closing((uv_handle_t *)&self->tcp)) {
        return;
    }
    self->is_reading = false;
    if (!reset || uv_tcp_close_reset(&self->tcp, on_sock_closed) != 0) {
        uv_close((uv_handle_t *)&self->tcp, on_sock_closed);
    }
}

void
og_sock_peer(const struct og_sock *self, char out[OG_SOCK_ADDRESS_BYTES])
{
    struct sockaddr_storage address;
    int len = sizeof(address);
    out[0] = '\0';
    if (uv_tcp_getpeername(&self->tcp, (struct sockaddr *)&address, &len) == 0) {
        uv_ip_name((struct sockaddr *)&address, out, OG_SOCK_ADDRESS_BYTES);
    }
    if (strncmp(out, "::ffff:", 7) == 0 && strchr(out, '.')) {
        memmove(out, out + 7, OG_SOCK_ADDRESS_BYTES - 7);
    }
}
