/*
 * Connections driven at random through every state: cut, split, mixed and repeated input,
 * half-closes, resets, peers that do not read, late answers, streams, jumps of the clock; plain and
 * TLS. Whatever happens, nothing may be left over, every stream ends once, and the server still
 * serves.
 *
 * The same seed gives the same choices; the threads' timing is their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_fixture.h"
#include "refused_requests.h"

#include "base/crypto.h"
#include "base/log.h"
#include "http/ca.h"
#include "tests/support/temp_dir.h"

#define PEERS 40
#define STEPS 6000

static struct temp_dir dir;
static struct og_ca_files files;
static uint64_t seed;
static uint64_t first_seed = 1; /* or the program's argument */

/* A linear congruential generator (Knuth's MMIX constants), its upper bits. */
static uint32_t
draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static const char *const pieces[] = {
    "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /park HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /stream HTTP/1.0\r\n\r\n",
    "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /big?300000 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /denied HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /denied HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n",
    "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "hello",
    "\r\n",
};

struct peer {
    int fd; /* -1: none */
    SSL *ssl;
};

static void
peer_open(struct peer *self, struct fixture *fixture, SSL_CTX *ctx)
{
    struct client client;
    client_open(&client, fixture->port);
    self->fd = client.fd;
    fcntl(self->fd, F_SETFL, O_NONBLOCK);
    self->ssl = NULL;
    if (ctx && draw(8)) {
        self->ssl = SSL_new(ctx);
        SSL_set_fd(self->ssl, self->fd);
        SSL_set_connect_state(self->ssl);
    }
}

static void
peer_close(struct peer *self)
{
    struct linger reset = {1, 0};
    if (self->ssl && draw(2)) {
        SSL_shutdown(self->ssl);
    }
    if (draw(3) == 0) {
        setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    SSL_free(self->ssl);
    close(self->fd);
    self->fd = -1;
}

static void
peer_write(struct peer *self, const char *bytes, size_t len)
{
    if (!self->ssl) {
        ssize_t ignored = send(self->fd, bytes, len, MSG_NOSIGNAL);
        (void)ignored;
    } else if (len) {
        SSL_write(self->ssl, bytes, (int)len);
    }
}

static void
peer_send(struct peer *self)
{
    struct og_str text;
    if (draw(10) == 0) {
        size_t row = draw(sizeof(refused) / sizeof(refused[0]));
        text = (struct og_str){refused[row].bytes, refused[row].len};
    } else {
        text = og_str_from(pieces[draw(sizeof(pieces) / sizeof(pieces[0]))]);
    }
    switch (draw(12)) {
    case 0: /* cut */
        peer_write(self, text.ptr, draw((uint32_t)text.len + 1));
        break;
    case 1: { /* split */
        size_t at = draw((uint32_t)text.len + 1);
        peer_write(self, text.ptr, at);
        peer_write(self, text.ptr + at, text.len - at);
        break;
    }
    default:
        peer_write(self, text.ptr, text.len);
    }
}

/* Read a little; leave when the server has. */
static void
peer_read(struct peer *self)
{
    static char bytes[65536];
    bool is_over;
    if (self->ssl) {
        int got = SSL_read(self->ssl, bytes, sizeof(bytes));
        int error = SSL_get_error(self->ssl, got);
        is_over = got <= 0 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    } else {
        ssize_t got = recv(self->fd, bytes, sizeof(bytes), 0);
        is_over = got == 0 || (got < 0 && errno != EAGAIN);
    }
    if (is_over) {
        peer_close(self);
    }
}

static void
act(struct peer *self, struct fixture *fixture, SSL_CTX *ctx)
{
    if (self->fd < 0) {
        peer_open(self, fixture, ctx);
        return;
    }
    switch (draw(16)) {
    case 0:
        peer_close(self);
        break;
    case 1:
        shutdown(self->fd, SHUT_WR);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        peer_read(self);
        break;
    default:
        peer_send(self);
    }
}

struct progress {
    int answered, written;
};

static int
count_of(struct fixture *fixture, const int *count)
{
    pthread_mutex_lock(&fixture->lock);
    int value = *count;
    pthread_mutex_unlock(&fixture->lock);
    return value;
}

/* The handler's late side: answers, events, ends of streams, and time. */
static void
act_inside(struct fixture *fixture, struct progress *progress)
{
    static char event[3000];
    int streams = count_of(fixture, &fixture->stream_count);
    if (progress->answered < count_of(fixture, &fixture->parked_count)) {
        if (draw(4)) {
            fixture_answer(fixture, progress->answered++, "late");
        } else {
            fixture_answer_stream(fixture, progress->answered++);
        }
    }
    if (draw(20) == 0) {
        atomic_fetch_add(&fixture->mono_ms, draw(3000));
    }
    /* Each stream is written to in turn and ended; one that is told to be over is left alone. */
    if (progress->written < streams) {
        int index = progress->written;
        pthread_mutex_lock(&fixture->lock);
        bool is_over = fixture->closed_times[index] > 0;
        pthread_mutex_unlock(&fixture->lock);
        if (is_over || draw(5) == 0) {
            progress->written++;
        }
        if (!is_over) {
            fixture_stream_try(fixture, index, event, draw(sizeof(event)), draw(10) == 0);
        }
    }
}

static void
nothing(void *ctx)
{
}

/* Wait until each loop has come round: a busy machine must not turn this into a test of nothing. */
static void
catch_up(struct fixture *fixture)
{
    for (int i = 0; i < og_http_server_loop_count(fixture->server); i++) {
        fixture_run(og_http_server_loop(fixture->server, i), nothing, NULL);
    }
}

static void
run(bool tls, uint64_t with_seed)
{
    struct fixture fixture;
    struct og_http_config config;
    struct peer peers[PEERS];
    struct progress progress = {0, 0};
    struct client client;
    int connections, streams = -1;
    SSL_CTX *ctx = tls ? SSL_CTX_new(TLS_client_method()) : NULL;

    seed = with_seed;
    fixture_config(&fixture, &config);
    config.listen[0].tls = tls;
    config.cert_file = files.server_cert;
    config.key_file = files.server_key;
    config.loop_count = 2;
    config.connections_max = PEERS - 3;
    fixture_start(&fixture, &config);
    for (int i = 0; i < PEERS; i++) {
        peers[i].fd = -1;
    }
    for (int step = 0; step < STEPS; step++) {
        act(&peers[draw(PEERS)], &fixture, ctx);
        act_inside(&fixture, &progress);
        if (step % 8 == 0) {
            catch_up(&fixture);
        }
    }
    for (int i = 0; i < PEERS; i++) {
        if (peers[i].fd >= 0) {
            peer_close(&peers[i]);
        }
    }
    for (int i = 0; i < 3000; i++) {
        while (progress.answered < count_of(&fixture, &fixture.parked_count)) {
            fixture_answer(&fixture, progress.answered++, "last");
        }
        og_http_server_counts(fixture.server, &connections, &streams);
        if (connections == 0 && streams == 0) {
            break;
        }
        atomic_fetch_add(&fixture.mono_ms, 100);
        poll(NULL, 0, 2);
    }
    assert_int_equal(connections, 0);
    assert_int_equal(streams, 0);
    assert_true(fixture.requests > 100); /* it did get somewhere */
    assert_true(fixture.refusals > 50);
    assert_true(fixture.stream_count > 20);
    client_open(&client, fixture.port);
    if (tls) {
        assert_true(client_handshake(&client, ctx));
    }
    client_send_text(&client, "GET /alive HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&client, 200, "GET /alive? ");
    client_close(&client);
    fixture_end(&fixture);
    SSL_CTX_free(ctx);
}

static void
test_plain(void **state)
{
    for (uint64_t i = 0; i < 4; i++) {
        run(false, first_seed + i);
    }
}

static void
test_tls(void **state)
{
    for (uint64_t i = 0; i < 3; i++) {
        run(true, first_seed + i);
    }
}

static int
set_up(void **state)
{
    static const struct og_log_config quiet = {.level = OG_LOG_ERROR, .fd = 2};
    static const struct og_str_list none = {NULL, 0};
    og_log_setup(&quiet);
    temp_dir_make(&dir);
    int64_t now_ms = og_now_ms(og_clock_system()); /* the client's clock is the machine's */
    return og_crypto_init(NULL) == OG_OK &&
                   og_ca_ensure(dir.path, &none, now_ms, &files, NULL) == OG_OK
               ? 0
               : -1;
}

static int
tear_down(void **state)
{
    temp_dir_remove(&dir);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc > 1) {
        first_seed = strtoull(argv[1], NULL, 10);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain), cmocka_unit_test(test_tls)};
    return cmocka_run_group_tests_name("http chaos", tests, set_up, tear_down);
}
