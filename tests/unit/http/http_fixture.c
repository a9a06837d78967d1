/*
 * The test server's handler and the raw client.
 */
#include "http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define WAIT_MS 10000
#define UPLOAD_BYTES_MAX (8 << 20)

/* The handler */

static int64_t
wall_ms(void *ctx)
{
    return 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
}

static int64_t
mono_ms(void *ctx)
{
    struct fixture *self = ctx;
    return atomic_load(&self->mono_ms);
}

static int64_t
on_head(void *ctx, struct og_http_request *req, struct og_http_reply *refusal)
{
    struct fixture *self = ctx;
    atomic_fetch_add(&self->heads, 1);
    req->route = self;
    if (og_str_eq(req->path, OG_STR("/denied"))) {
        refusal->status = 401;
        refusal->content_type = OG_STR("text/plain");
        refusal->body = og_str_printf(req->mem, "no");
        return -1;
    }
    return og_str_eq(req->path, OG_STR("/upload")) ? UPLOAD_BYTES_MAX : 100;
}

static void
answer_text(struct og_http_request *req, struct og_str body)
{
    struct og_header header = {OG_STR("X-Peer"), req->peer};
    struct og_http_reply reply = {.status = 200,
                                  .content_type = OG_STR("text/plain"),
                                  .body = body,
                                  .headers = &header,
                                  .header_count = 1};
    og_http_answer(req, &reply);
}

static void
answer_big(struct og_http_request *req)
{
    int64_t len = 0;
    og_str_to_i64(req->query, &len);
    char *body = malloc((size_t)len);
    memset(body, 'x', (size_t)len);
    answer_text(req, (struct og_str){body, (size_t)len});
    free(body);
}

struct stream_owner {
    struct fixture *fixture;
    int index;
};

static void
on_closed(void *ctx)
{
    struct stream_owner *owner = ctx;
    struct fixture *self = owner->fixture;
    pthread_mutex_lock(&self->lock);
    self->closed_times[owner->index]++;
    self->closed_count++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    free(owner);
}

static void
open_stream(struct fixture *self, struct og_http_request *req)
{
    struct og_http_reply head = {.status = 200,
                                 .content_type = OG_STR("text/event-stream"),
                                 .body = OG_STR(":hi\n\n")};
    struct stream_owner *owner = malloc(sizeof(*owner));
    struct og_sink_owner told = {on_closed, owner};
    struct og_loop *loop = req->loop;
    struct og_sink *sink = og_http_stream(req, &head, &told, STREAM_QUEUE_BYTES);
    pthread_mutex_lock(&self->lock);
    *owner = (struct stream_owner){self, self->stream_count}; /* on_closed comes later, here */
    self->stream_loops[self->stream_count] = loop;
    self->streams[self->stream_count] = sink;
    self->stream_count++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void
park(struct fixture *self, struct og_http_request *req)
{
    pthread_mutex_lock(&self->lock);
    self->parked[self->parked_count++] = req;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void
on_request(void *ctx, struct og_http_request *req)
{
    struct fixture *self = ctx;
    atomic_fetch_add(&self->requests, 1);
    atomic_fetch_add(&self->body_bytes, (int64_t)req->body.len);
    assert_ptr_equal(req->route, self);
    if (og_str_eq(req->path, OG_STR("/park"))) {
        park(self, req);
    } else if (og_str_eq(req->path, OG_STR("/stream"))) {
        open_stream(self, req);
    } else if (og_str_eq(req->path, OG_STR("/big"))) {
        answer_big(req);
    } else if (og_str_eq(req->path, OG_STR("/client"))) {
        answer_text(req, req->tls_client);
    } else {
        answer_text(req, og_str_printf(req->mem, "%s %" OG_STR_FMT "?%" OG_STR_FMT " %" OG_STR_FMT,
                                       og_method_name(req->method), OG_STR_ARG(req->path),
                                       OG_STR_ARG(req->query),
                                       OG_STR_ARG(og_str_slice(req->body, 0, 200))));
    }
}

static void
on_refusal(void *ctx, struct og_str path, struct og_str request_id, int status, const char *reason,
           struct og_arena *mem, struct og_http_reply *reply)
{
    struct fixture *self = ctx;
    assert_true(request_id.len > 0); /* the one that its header names */
    atomic_fetch_add(&self->refusals, 1);
    reply->content_type = OG_STR("text/plain");
    reply->body = og_str_printf(mem, "refused %" OG_STR_FMT " %d", OG_STR_ARG(path), status);
}

/* The fixture */

void
fixture_config(struct fixture *self, struct og_http_config *config)
{
    memset(self, 0, sizeof(*self));
    self->mono_ms = 1000000;
    self->clock = (struct og_clock){wall_ms, mono_ms, self};
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    og_http_config_defaults(config);
    config->listen[0] = (struct og_http_listen){"127.0.0.1", 0, false};
    config->listen_count = 1;
    config->loop_count = 1;
    config->header_bytes_max = 1024;
    config->header_count_max = 8;
    config->clock = &self->clock;
}

void
fixture_start(struct fixture *self, const struct og_http_config *config)
{
    struct og_http_handler handler = {on_head, on_request, on_refusal, self};
    struct og_err err = {0};
    if (og_http_server_create(config, &handler, &self->server, &err) != OG_OK ||
        og_http_server_start(self->server, &err) != OG_OK) {
        fail_msg("%s", err.text);
    }
    self->port = og_http_server_port(self->server, 0);
    assert_true(self->port > 0);
}

void
fixture_begin(struct fixture *self)
{
    struct og_http_config config;
    fixture_config(self, &config);
    fixture_start(self, &config);
}

void
fixture_end(struct fixture *self)
{
    og_http_server_destroy(self->server);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->changed);
    for (int i = 0; i < self->stream_count; i++) {
        assert_int_equal(self->closed_times[i], 1);
    }
}

static void
wait_at_least(struct fixture *self, const int *value, int count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&self->lock);
    int status = 0;
    while (*value < count && status == 0) {
        status = pthread_cond_timedwait(&self->changed, &self->lock, &until);
    }
    int seen = *value;
    pthread_mutex_unlock(&self->lock);
    assert_true(seen >= count);
}

void
fixture_wait_parked(struct fixture *self, int count)
{
    wait_at_least(self, &self->parked_count, count);
}

void
fixture_wait_streams(struct fixture *self, int count)
{
    wait_at_least(self, &self->stream_count, count);
}

void
fixture_wait_closed(struct fixture *self, int count)
{
    wait_at_least(self, &self->closed_count, count);
}

void
fixture_wait_connections(struct fixture *self, int count)
{
    int connections = -1, streams;
    for (int i = 0; i < WAIT_MS && connections != count; i++) {
        og_http_server_counts(self->server, &connections, &streams);
        poll(NULL, 0, connections == count ? 0 : 1);
    }
    assert_int_equal(connections, count);
}

struct errand {
    struct og_loop_task task;
    void (*fn)(void *ctx);
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
};

static void
run_errand(struct og_loop_task *task)
{
    struct errand *errand = OG_CONTAINER_OF(task, struct errand, task);
    errand->fn(errand->ctx);
    pthread_mutex_lock(&errand->lock);
    errand->is_done = true;
    pthread_cond_signal(&errand->done);
    pthread_mutex_unlock(&errand->lock);
}

void
fixture_run(struct og_loop *loop, void (*fn)(void *ctx), void *ctx)
{
    struct errand errand = {.task = {.run = run_errand}, .fn = fn, .ctx = ctx};
    pthread_mutex_init(&errand.lock, NULL);
    pthread_cond_init(&errand.done, NULL);
    og_loop_post(loop, &errand.task);
    pthread_mutex_lock(&errand.lock);
    while (!errand.is_done) {
        pthread_cond_wait(&errand.done, &errand.lock);
    }
    pthread_mutex_unlock(&errand.lock);
    pthread_cond_destroy(&errand.done);
    pthread_mutex_destroy(&errand.lock);
}

struct late {
    struct fixture *fixture;
    struct og_http_request *req;
    const char *body;
};

static void
answer_late(void *ctx)
{
    struct late *late = ctx;
    answer_text(late->req, og_str_from(late->body));
}

static void
stream_late(void *ctx)
{
    struct late *late = ctx;
    open_stream(late->fixture, late->req);
}

static struct og_http_request *
parked(struct fixture *self, int index)
{
    pthread_mutex_lock(&self->lock);
    struct og_http_request *req = self->parked[index];
    pthread_mutex_unlock(&self->lock);
    return req;
}

void
fixture_answer(struct fixture *self, int index, const char *body)
{
    struct late late = {self, parked(self, index), body};
    fixture_run(late.req->loop, answer_late, &late);
}

void
fixture_answer_stream(struct fixture *self, int index)
{
    struct late late = {self, parked(self, index), NULL};
    fixture_run(late.req->loop, stream_late, &late);
}

struct piece {
    struct og_sink *sink;
    struct og_str bytes;
    bool ok;
};

static void
send_piece(void *ctx)
{
    struct piece *piece = ctx;
    piece->ok = piece->sink->verbs->send(piece->sink, piece->bytes);
}

static void
close_sink(void *ctx)
{
    struct piece *piece = ctx;
    piece->sink->verbs->close(piece->sink);
}

bool
fixture_stream_send(struct fixture *self, int index, const char *bytes, size_t len)
{
    struct piece piece = {self->streams[index], {bytes, len}, false};
    fixture_run(self->stream_loops[index], send_piece, &piece);
    return piece.ok;
}

void
fixture_stream_close(struct fixture *self, int index)
{
    struct piece piece = {self->streams[index], {NULL, 0}, false};
    fixture_run(self->stream_loops[index], close_sink, &piece);
}

struct attempt {
    struct fixture *fixture;
    int index;
    struct og_str bytes;
    bool close;
};

static void
try_stream(void *ctx)
{
    struct attempt *attempt = ctx;
    struct fixture *self = attempt->fixture;
    pthread_mutex_lock(&self->lock);
    bool is_over = self->closed_times[attempt->index] > 0;
    struct og_sink *sink = is_over ? NULL : self->streams[attempt->index];
    pthread_mutex_unlock(&self->lock);
    if (!sink) {
        return; /* on_closed came on this thread: the sink is gone */
    }
    if (!sink->verbs->send(sink, attempt->bytes) || attempt->close) {
        sink->verbs->close(sink);
    }
}

void
fixture_stream_try(struct fixture *self, int index, const char *bytes, size_t len, bool close)
{
    struct attempt attempt = {self, index, {bytes, len}, close};
    fixture_run(self->stream_loops[index], try_stream, &attempt);
}

/* The client */

void
client_open(struct client *self, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->len = 0;
    self->ssl = NULL;
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(self->fd >= 0);
    assert_int_equal(connect(self->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool
client_handshake(struct client *self, struct ssl_ctx_st *ctx)
{
    const struct timeval limit = {WAIT_MS / 1000, 0};
    setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    self->ssl = SSL_new(ctx);
    SSL_set_fd(self->ssl, self->fd);
    SSL_set_tlsext_host_name(self->ssl, "localhost");
    SSL_set1_host(self->ssl, "localhost");
    return SSL_connect(self->ssl) == 1;
}

void
client_send(struct client *self, const void *bytes, size_t len)
{
    const char *from = bytes;
    if (self->ssl) {
        assert_int_equal(SSL_write(self->ssl, bytes, (int)len), (int)len);
        return;
    }
    while (len) {
        ssize_t sent = send(self->fd, from, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the server has had enough; what it said is still to be read */
        }
        from += sent;
        len -= (size_t)sent;
    }
}

void
client_send_text(struct client *self, const char *text)
{
    client_send(self, text, strlen(text));
}

void
client_send_slowly(struct client *self, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        client_send(self, (const char *)bytes + i, 1);
    }
}

static void
wait_readable(struct client *self)
{
    struct pollfd fd = {.fd = self->fd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
}

/* More bytes into `in`; 0 at the end. A reset counts as the end. */
static size_t
fill(struct client *self)
{
    size_t room = sizeof(self->in) - 1 - self->len;
    assert_true(room > 0);
    if (!self->ssl || !SSL_has_pending(self->ssl)) {
        wait_readable(self);
    }
    ssize_t got = self->ssl ? SSL_read(self->ssl, self->in + self->len, (int)room)
                            : recv(self->fd, self->in + self->len, room, 0);
    if (got > 0) {
        self->len += (size_t)got;
    }
    self->in[self->len] = '\0';
    return got > 0 ? (size_t)got : 0;
}

static void
take(struct client *self, size_t len)
{
    memmove(self->in, self->in + len, self->len - len);
    self->len -= len;
    self->in[self->len] = '\0';
}

static void
read_body(struct client *self, struct response *out, size_t len)
{
    out->body = malloc(len + 1);
    while (out->body_len < len) {
        if (self->len == 0) {
            assert_true(fill(self) > 0);
        }
        size_t part = self->len < len - out->body_len ? self->len : len - out->body_len;
        memcpy(out->body + out->body_len, self->in, part);
        out->body_len += part;
        take(self, part);
    }
    out->body[len] = '\0';
}

void
client_response(struct client *self, struct response *out, bool is_head)
{
    memset(out, 0, sizeof(*out));
    self->in[self->len] = '\0';
    while (!strstr(self->in, "\r\n\r\n")) {
        if (fill(self) == 0) {
            fail_msg("closed before an answer: %s", self->in);
        }
    }
    size_t len = (size_t)(strstr(self->in, "\r\n\r\n") + 4 - self->in);
    assert_true(len < sizeof(out->head));
    memcpy(out->head, self->in, len);
    take(self, len);
    assert_int_equal(sscanf(out->head, "HTTP/1.1 %d ", &out->status), 1);
    const char *length = strstr(out->head, "Content-Length: ");
    read_body(self, out, length && !is_head ? strtoul(length + 16, NULL, 10) : 0);
}

void
response_finish(struct response *self)
{
    free(self->body);
}

void
client_expect(struct client *self, int status, const char *body)
{
    struct response response;
    client_response(self, &response, false);
    if (response.status != status) {
        print_error("%s%s\n", response.head, response.body);
    }
    assert_int_equal(response.status, status);
    if (body) {
        assert_string_equal(response.body, body);
    }
    response_finish(&response);
}

void
client_expect_bytes(struct client *self, const char *bytes)
{
    size_t len = strlen(bytes);
    while (self->len < len) {
        if (fill(self) == 0) {
            fail_msg("closed before \"%s\": \"%s\"", bytes, self->in);
        }
    }
    assert_memory_equal(self->in, bytes, len);
    take(self, len);
}

void
client_expect_end(struct client *self)
{
    if (self->len == 0 && fill(self) == 0) {
        return;
    }
    fail_msg("more bytes than expected: %s", self->in);
}

bool
client_is_quiet(struct client *self)
{
    struct pollfd fd = {.fd = self->fd, .events = POLLIN};
    return self->len == 0 && poll(&fd, 1, 0) == 0;
}

void
client_wait_moving_clock(struct client *self, struct fixture *fixture, int64_t step_ms)
{
    struct pollfd fd = {.fd = self->fd, .events = POLLIN};
    for (int i = 0; i < 1000; i++) {
        if (poll(&fd, 1, 20) == 1) {
            return;
        }
        atomic_fetch_add(&fixture->mono_ms, step_ms);
    }
    fail_msg("nothing came while the clock moved");
}

void
client_close(struct client *self)
{
    SSL_free(self->ssl);
    self->ssl = NULL;
    close(self->fd);
}
