/*
 * Streams of events over real sockets: framing, slow peers, and that an owner hears of the end
 * exactly once (the fixture checks that at its end).
 */
#include <linux/filter.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_fixture.h"

#include "base/crypto.h"
#include "base/log.h"

#define STREAM_REQUEST "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"

static void
open_stream(struct fixture *fixture, struct client *client, const char *request)
{
    struct response response;
    int count = fixture->stream_count;
    client_open(client, fixture->port);
    client_send_text(client, request);
    client_response(client, &response, false);
    assert_int_equal(response.status, 200);
    assert_non_null(strstr(response.head, "Content-Type: text/event-stream\r\n"));
    assert_null(strstr(response.head, "Content-Length"));
    response_finish(&response);
    fixture_wait_streams(fixture, count + 1);
}

static void
expect_counts(struct fixture *fixture, int connections, int streams)
{
    int has_connections = -1, has_streams = -1;
    for (int i = 0; i < 5000; i++) {
        og_http_server_counts(fixture->server, &has_connections, &has_streams);
        if (has_connections == connections && has_streams == streams) {
            return;
        }
        poll(NULL, 0, 1);
    }
    fail_msg("%d connections, %d streams", has_connections, has_streams);
}

static void
test_chunks(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST);
    expect_counts(&fixture, 1, 1);
    client_expect_bytes(&client, "5\r\n:hi\n\n\r\n");
    assert_true(fixture_stream_send(&fixture, 0, "data: 1\n\n", 9));
    assert_true(fixture_stream_send(&fixture, 0, "", 0)); /* nothing, and not the end */
    assert_true(fixture_stream_send(&fixture, 0, "0123456789abcdef", 16));
    client_expect_bytes(&client, "9\r\ndata: 1\n\n\r\n10\r\n0123456789abcdef\r\n");
    fixture_stream_close(&fixture, 0);
    client_expect_bytes(&client, "0\r\n\r\n");
    client_expect_end(&client);
    fixture_wait_closed(&fixture, 1);
    client_close(&client);
    expect_counts(&fixture, 0, 0);
    fixture_end(&fixture);
}

static void
test_http_10_has_no_chunks(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, "GET /stream HTTP/1.0\r\n\r\n");
    client_expect_bytes(&client, ":hi\n\n");
    assert_true(fixture_stream_send(&fixture, 0, "data: 1\n\n", 9));
    client_expect_bytes(&client, "data: 1\n\n");
    fixture_stream_close(&fixture, 0);
    client_expect_end(&client);
    client_close(&client);
    fixture_wait_closed(&fixture, 1);
    fixture_end(&fixture);
}

static void
test_head_request(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect_end(&client);
    client_close(&client);
    fixture_wait_closed(&fixture, 1);
    fixture_end(&fixture);
}

/* What the peer sends on a stream is nobody's; a pipelined request is never read. */
static void
test_bytes_from_the_peer_are_ignored(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect_bytes(&client, "5\r\n:hi\n\n\r\n");
    client_send_text(&client, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(fixture_stream_send(&fixture, 0, "x", 1));
    client_expect_bytes(&client, "1\r\nx\r\n");
    assert_int_equal(fixture.requests, 1);
    client_close(&client);
    fixture_wait_closed(&fixture, 1);
    fixture_end(&fixture);
}

static void
test_peer_vanishes(void **state)
{
    struct fixture fixture;
    struct client client;
    struct linger reset = {1, 0};
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST);
    client_close(&client);
    fixture_wait_closed(&fixture, 1);
    open_stream(&fixture, &client, STREAM_REQUEST);
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    client_close(&client);
    fixture_wait_closed(&fixture, 2);
    open_stream(&fixture, &client, STREAM_REQUEST);
    shutdown(client.fd, SHUT_WR);
    fixture_wait_closed(&fixture, 3);
    client_close(&client);
    expect_counts(&fixture, 0, 0);
    fixture_end(&fixture);
}

/* The peer is gone before the stream begins, or says that it will read only: ends at once. */
static void
test_peer_vanished_before(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
    fixture_wait_parked(&fixture, 1);
    struct linger reset = {1, 0};
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    client_close(&client);
    fixture_wait_connections(&fixture, 0);
    fixture_answer_stream(&fixture, 0);
    fixture_wait_closed(&fixture, 1);
    client_open(&client, fixture.port);
    client_send_text(&client, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
    fixture_wait_parked(&fixture, 2);
    shutdown(client.fd, SHUT_WR);
    fixture_answer_stream(&fixture, 1);
    fixture_wait_closed(&fixture, 2);
    client_close(&client);
    expect_counts(&fixture, 0, 0);
    fixture_end(&fixture);
}

/* Fill what the kernel takes and the queue behind it. Returns the number of bytes accepted. */
static size_t
send_until_full(struct fixture *fixture, int index)
{
    static char piece[16384];
    size_t total = 0;
    memset(piece, 'x', sizeof(piece));
    while (fixture_stream_send(fixture, index, piece, sizeof(piece))) {
        total += sizeof(piece);
        assert_true(total < 256u << 20);
    }
    return total;
}

static void
read_for_a_while(struct client *client, size_t at_least)
{
    static char bytes[65536];
    for (size_t got = 0; got < at_least;) {
        ssize_t part = recv(client->fd, bytes, sizeof(bytes), 0);
        assert_true(part > 0);
        got += (size_t)part;
    }
}

static void
test_slow_peer_fills_the_queue(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST);
    size_t total = send_until_full(&fixture, 0);
    /* Reading makes room again. */
    read_for_a_while(&client, total);
    bool ok = false;
    for (int i = 0; i < 5000 && !ok; i++) {
        ok = fixture_stream_send(&fixture, 0, "x", 1);
        poll(NULL, 0, ok ? 0 : 1);
    }
    assert_true(ok);
    client_close(&client);
    fixture_wait_closed(&fixture, 1);
    fixture_end(&fixture);
}

/* Closing a full stream lets the peer read what is queued, as long as it does read. */
static void
test_close_flushes(void **state)
{
    struct fixture fixture;
    struct client client;
    static char bytes[65536 + 5]; /* behind the last five of the read before */
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST);
    size_t total = send_until_full(&fixture, 0), got = client.len;
    fixture_stream_close(&fixture, 0);
    fixture_stream_close(&fixture, 0); /* again, and sends after it, do nothing */
    assert_false(fixture_stream_send(&fixture, 0, "x", 1));
    for (;;) {
        ssize_t part = recv(client.fd, bytes + 5, sizeof(bytes) - 5, 0);
        if (part <= 0) {
            break;
        }
        got += (size_t)part;
        memmove(bytes, bytes + part, 5);
    }
    assert_true(got >= total);
    assert_memory_equal(bytes, "0\r\n\r\n", 5);
    fixture_wait_closed(&fixture, 1);
    client_close(&client);
    fixture_end(&fixture);
}

static void
test_peer_that_does_not_read_is_dropped(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST);
    send_until_full(&fixture, 0);
    fixture_stream_close(&fixture, 0);
    int connections = 1, streams;
    for (int i = 0; i < 500 && connections; i++) {
        atomic_fetch_add(&fixture.mono_ms, 1000);
        poll(NULL, 0, 20);
        og_http_server_counts(fixture.server, &connections, &streams);
    }
    assert_int_equal(connections, 0);
    fixture_wait_closed(&fixture, 1);
    client_close(&client);
    fixture_end(&fixture);
}

/* An idle stream has no time limit. */
static void
test_idle_stream_stays(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    open_stream(&fixture, &client, STREAM_REQUEST);
    client_expect_bytes(&client, "5\r\n:hi\n\n\r\n");
    for (int i = 0; i < 5; i++) {
        atomic_fetch_add(&fixture.mono_ms, 100000);
        poll(NULL, 0, 110); /* one tick of the loop, were it ticking */
    }
    assert_true(fixture_stream_send(&fixture, 0, "x", 1));
    client_expect_bytes(&client, "1\r\nx\r\n");
    client_close(&client);
    fixture_wait_closed(&fixture, 1);
    fixture_end(&fixture);
}

static void *
stop(void *arg)
{
    og_http_server_stop(arg);
    return NULL;
}

static void
test_stop_ends_streams(void **state)
{
    struct fixture fixture;
    struct client clients[3];
    pthread_t thread;
    fixture_begin(&fixture);
    for (int i = 0; i < 3; i++) {
        open_stream(&fixture, &clients[i], STREAM_REQUEST);
        client_expect_bytes(&clients[i], "5\r\n:hi\n\n\r\n");
    }
    pthread_create(&thread, NULL, stop, fixture.server);
    fixture_wait_closed(&fixture, 3);
    for (int i = 0; i < 3; i++) {
        client_expect_bytes(&clients[i], "0\r\n\r\n");
        client_expect_end(&clients[i]);
        client_close(&clients[i]);
    }
    pthread_join(thread, NULL);
    expect_counts(&fixture, 0, 0);
    fixture_end(&fixture);
}

/* Destroying at once also tells every owner. */
static void
test_destroy_ends_streams(void **state)
{
    struct fixture fixture;
    struct client client;
    struct og_http_config config;
    fixture_config(&fixture, &config);
    config.stop_timeout_ms = 20;
    fixture_start(&fixture, &config);
    open_stream(&fixture, &client, STREAM_REQUEST);
    send_until_full(&fixture, 0); /* cannot be flushed in time */
    fixture_end(&fixture);
    client_close(&client);
}

/* The peer's machine drops all that comes in, as a network without the phone does: no FIN, no
 * acknowledgement. */
static void
deafen(struct client *client)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {1, &nothing};
    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
                     0);
}

static void
test_peer_that_acknowledges_nothing_is_dropped(void **state)
{
    struct fixture fixture;
    struct client client;
    struct og_http_config config;
    fixture_config(&fixture, &config);
    config.stream_ack_timeout_ms = 300;
    fixture_start(&fixture, &config);
    open_stream(&fixture, &client, STREAM_REQUEST);
    client_expect_bytes(&client, "5\r\n:hi\n\n\r\n");
    deafen(&client);
    assert_true(fixture_stream_send(&fixture, 0, ":keepalive\n\n", 12));
    fixture_wait_closed(&fixture, 1);
    expect_counts(&fixture, 0, 0);
    client_close(&client);
    fixture_end(&fixture);
}

static int
set_up(void **state)
{
    static const struct og_log_config quiet = {.level = OG_LOG_ERROR, .fd = 2};
    og_log_setup(&quiet);
    return og_crypto_init(NULL) == OG_OK ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_http_10_has_no_chunks),
        cmocka_unit_test(test_head_request),
        cmocka_unit_test(test_bytes_from_the_peer_are_ignored),
        cmocka_unit_test(test_peer_vanishes),
        cmocka_unit_test(test_peer_vanished_before),
        cmocka_unit_test(test_slow_peer_fills_the_queue),
        cmocka_unit_test(test_close_flushes),
        cmocka_unit_test(test_peer_that_does_not_read_is_dropped),
        cmocka_unit_test(test_peer_that_acknowledges_nothing_is_dropped),
        cmocka_unit_test(test_idle_stream_stays),
        cmocka_unit_test(test_stop_ends_streams),
        cmocka_unit_test(test_destroy_ends_streams),
    };
    return cmocka_run_group_tests_name("http stream", tests, set_up, NULL);
}
