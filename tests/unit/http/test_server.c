/*
 * The server over real loopback sockets: what is refused, what is answered, in which order, within
 * which limits, and how it ends.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_fixture.h"
#include "refused_requests.h"

#include "base/crypto.h"
#include "base/log.h"

#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static void
expect_status_and_end(struct client *client, const char *name, int status)
{
    struct response response;
    client_response(client, &response, false);
    if (response.status != status) {
        print_error("%s: %d, not %d\n", name, response.status, status);
    }
    assert_int_equal(response.status, status);
    assert_non_null(strstr(response.head, "Connection: close\r\n"));
    assert_non_null(strstr(response.head, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(response.head, "X-Request-Id: "));
    assert_memory_equal(response.body, "refused ", 8);
    response_finish(&response);
    client_expect_end(client);
}

/* Each malformed request gets its status, ends the connection, and what follows is never read. */
static void
test_refused(void **state)
{
    static const char next[] = GET("/next");
    struct fixture fixture;
    fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        for (int slow = 0; slow <= 1; slow++) {
            struct client client;
            client_open(&client, fixture.port);
            if (slow) {
                client_send_slowly(&client, refused[i].bytes, refused[i].len);
                client_send(&client, next, sizeof(next) - 1);
            } else {
                char text[4096];
                memcpy(text, refused[i].bytes, refused[i].len);
                memcpy(text + refused[i].len, next, sizeof(next) - 1);
                client_send(&client, text, refused[i].len + sizeof(next) - 1);
            }
            expect_status_and_end(&client, refused[i].name, refused[i].status);
            client_close(&client);
        }
    }
    assert_int_equal(fixture.requests, 0);
    assert_int_equal(fixture.refusals, 2 * sizeof(refused) / sizeof(refused[0]));
    fixture_wait_connections(&fixture, 0);
    fixture_end(&fixture);
}

static void
test_large_header(void **state)
{
    struct fixture fixture;
    struct client client;
    char *filler = malloc(100000);
    memset(filler, 'x', 100000);
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "GET / HTTP/1.1\r\n" HOST "X: ");
    client_send(&client, filler, 100000);
    client_send_text(&client, "\r\n\r\n");
    expect_status_and_end(&client, "100 kB of header", 431);
    client_close(&client);
    free(filler);
    fixture_end(&fixture);
}

/* Answering */

static void
test_keep_alive(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/one?a=b"));
    client_expect(&client, 200, "GET /one?a=b ");
    client_send_slowly(&client, GET("/two"), sizeof(GET("/two")) - 1);
    client_expect(&client, 200, "GET /two? ");
    client_send_text(&client, "POST /three HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
    client_expect(&client, 200, "POST /three? hello");
    client_send_text(&client, "PUT /four HTTP/1.1\r\n" HOST CHUNKED
                              "\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: x\r\n\r\n");
    client_expect(&client, 200, "PUT /four? hello");
    client_send_text(&client, "GET /five HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    client_expect(&client, 200, "GET /five? ");
    client_expect_end(&client);
    client_close(&client);
    assert_int_equal(fixture.requests, 5);
    fixture_end(&fixture);
}

static void
test_http_10_closes(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_expect(&client, 200, "GET /x? ");
    client_expect_end(&client);
    client_close(&client);
    fixture_end(&fixture);
}

static void
test_head_has_no_body(void **state)
{
    struct fixture fixture;
    struct client client;
    struct response response;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "HEAD /x HTTP/1.1\r\n" HOST "\r\n" GET("/y"));
    client_response(&client, &response, true);
    assert_non_null(strstr(response.head, "Content-Length: 9\r\n"));
    assert_non_null(strstr(response.head, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_non_null(strstr(response.head, "X-Peer: 127.0.0.1\r\n"));
    response_finish(&response);
    client_expect(&client, 200, "GET /y? ");
    client_close(&client);
    fixture_end(&fixture);
}

static void
test_request_ids(void **state)
{
    static const struct {
        const char *sent;
        bool kept;
    } rows[] = {{"abc-DEF_1.2", true}, {"", false}, {"a b", false}, {"a\"b", false},
                {"0123456789012345678901234567890123456789012345678901234567890123", true},
                {"01234567890123456789012345678901234567890123456789012345678901234", false}};
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200], wanted[100];
        struct response response;
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "X-Request-ID: %s\r\n\r\n",
                 rows[i].sent);
        snprintf(wanted, sizeof(wanted), "X-Request-Id: %s\r\n", rows[i].sent);
        client_send_text(&client, text);
        client_response(&client, &response, false);
        assert_int_equal(strstr(response.head, wanted) != NULL, rows[i].kept);
        response_finish(&response);
    }
    client_close(&client);
    fixture_end(&fixture);
}

/* Many requests in one write are answered one by one, in order, also when an answer comes late. */
static void
test_pipelined(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/1") GET("/park") GET("/2") GET("/park") GET("/3"));
    client_expect(&client, 200, "GET /1? ");
    fixture_wait_parked(&fixture, 1);
    assert_int_equal(fixture.requests, 2);
    client_send_text(&client, GET("/4"));
    fixture_answer(&fixture, 0, "late 1");
    client_expect(&client, 200, "late 1");
    client_expect(&client, 200, "GET /2? ");
    fixture_wait_parked(&fixture, 2);
    fixture_answer(&fixture, 1, "late 2");
    client_expect(&client, 200, "late 2");
    client_expect(&client, 200, "GET /3? ");
    client_expect(&client, 200, "GET /4? ");
    client_close(&client);
    fixture_end(&fixture);
}

static void
test_pipelined_thousand(void **state)
{
    enum { COUNT = 1000 };
    struct fixture fixture;
    struct client client;
    char *text = malloc(COUNT * 64);
    size_t len = 0;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    for (int i = 0; i < COUNT; i++) {
        len += (size_t)sprintf(text + len, "GET /%d HTTP/1.1\r\n" HOST "\r\n", i);
    }
    client_send(&client, text, len);
    for (int i = 0; i < COUNT; i++) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "GET /%d? ", i);
        client_expect(&client, 200, wanted);
    }
    client_close(&client);
    free(text);
    fixture_end(&fixture);
}

static void
test_expect_continue(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "POST /x HTTP/1.1\r\n" HOST
                              "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client_expect_bytes(&client, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send_text(&client, "hello");
    client_expect(&client, 200, "POST /x? hello");
    /* A body that is here already needs no leave, none at all neither. */
    client_send_text(&client, "POST /x HTTP/1.1\r\n" HOST
                              "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    client_expect(&client, 200, "POST /x? hello");
    client_send_text(&client, "POST /x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n");
    client_expect(&client, 200, "POST /x? ");
    /* Too large: the answer comes at once instead. */
    client_send_text(&client, "POST /x HTTP/1.1\r\n" HOST
                              "Expect: 100-continue\r\nContent-Length: 500\r\n\r\n");
    client_expect(&client, 413, "refused /x 413");
    client_expect_end(&client);
    client_close(&client);
    client_open(&client, fixture.port);
    client_send_text(&client, "POST /denied HTTP/1.1\r\n" HOST
                              "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client_expect(&client, 401, "no");
    client_expect_end(&client);
    client_close(&client);
    fixture_end(&fixture);
}

/* A refusal at the head keeps the connection only when the body was read along with it. */
static void
test_denied_at_the_head(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "POST /denied HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
    client_expect(&client, 401, "no");
    client_send_text(&client, GET("/denied"));
    client_expect(&client, 401, "no");
    client_send_text(&client, GET("/x"));
    client_expect(&client, 200, "GET /x? ");
    client_send_text(&client, "POST /denied HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nhello");
    client_expect(&client, 401, "no");
    client_expect_end(&client);
    client_close(&client);
    assert_int_equal(fixture.requests, 1);
    fixture_end(&fixture);
}

static void
test_large_bodies_both_ways(void **state)
{
    enum { LEN = 3000000 };
    struct fixture fixture;
    struct client client;
    struct response response;
    char *body = malloc(LEN);
    memset(body, 'y', LEN);
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, "POST /upload HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n");
    client_send(&client, body, LEN);
    client_expect(&client, 200, NULL);
    client_send_text(&client, "POST /upload HTTP/1.1\r\n" HOST CHUNKED "\r\n");
    for (int i = 0; i < LEN; i += 30000) {
        client_send_text(&client, "7530\r\n");
        client_send(&client, body + i, 30000);
        client_send_text(&client, "\r\n");
    }
    client_send_text(&client, "0\r\n\r\n");
    client_expect(&client, 200, NULL);
    assert_int_equal(fixture.body_bytes, 2 * LEN);
    client_send_text(&client, GET("/big?5000000") GET("/x"));
    client_response(&client, &response, false);
    assert_int_equal(response.body_len, 5000000);
    response_finish(&response);
    client_expect(&client, 200, "GET /x? ");
    client_close(&client);
    free(body);
    fixture_end(&fixture);
}

/* Peers that go half or wholly */

static void
test_half_closed_peer_gets_its_answers(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/1") GET("/park") GET("/2"));
    shutdown(client.fd, SHUT_WR);
    client_expect(&client, 200, "GET /1? ");
    fixture_wait_parked(&fixture, 1);
    fixture_answer(&fixture, 0, "late");
    client_expect(&client, 200, "late");
    client_expect(&client, 200, "GET /2? ");
    client_expect_end(&client);
    client_close(&client);
    fixture_wait_connections(&fixture, 0);
    fixture_end(&fixture);
}

static void
test_cut_requests_are_not_applied(void **state)
{
    static const char *const rows[] = {
        "GET / HT",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell",
        "POST / HTTP/1.1\r\n" HOST CHUNKED "\r\n5\r\nhello\r\n",
        "POST / HTTP/1.1\r\n" HOST CHUNKED "\r\n5\r\nhello\r\n0\r\n",
    };
    struct fixture fixture;
    fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        client_open(&client, fixture.port);
        client_send_text(&client, rows[i]);
        shutdown(client.fd, SHUT_WR);
        client_expect(&client, 400, NULL);
        client_expect_end(&client);
        client_close(&client);
        client_open(&client, fixture.port);
        client_send_text(&client, rows[i]);
        client_close(&client);
    }
    fixture_wait_connections(&fixture, 0);
    assert_int_equal(fixture.requests, 0);
    fixture_end(&fixture);
}

static void
test_peer_vanishes_before_the_answer(void **state)
{
    struct fixture fixture;
    struct client client;
    struct linger reset = {1, 0};
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/park"));
    fixture_wait_parked(&fixture, 1);
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    client_close(&client);
    fixture_wait_connections(&fixture, 0);
    fixture_answer(&fixture, 0, "too late");
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/park"));
    fixture_wait_parked(&fixture, 2);
    client_close(&client);
    fixture_answer(&fixture, 1, "to nobody");
    fixture_wait_connections(&fixture, 0);
    fixture_end(&fixture);
}

/* Time */

static void
test_slow_requests_time_out(void **state)
{
    static const struct {
        const char *bytes;
        int status; /* 0: closed without a word */
    } rows[] = {
        {"", 0},
        {"G", 408},
        {"GET / HTTP/1.1\r\n" HOST, 408},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 408},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell", 408},
        {"POST / HTTP/1.1\r\n" HOST CHUNKED "\r\n5\r\nhell", 408},
        {GET("/x"), 0},
    };
    struct fixture fixture;
    fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        client_open(&client, fixture.port);
        client_send_text(&client, rows[i].bytes);
        if (i == 6) {
            client_expect(&client, 200, "GET /x? ");
        }
        client_wait_moving_clock(&client, &fixture, 1000);
        if (rows[i].status) {
            client_expect(&client, rows[i].status, NULL);
        }
        client_expect_end(&client);
        client_close(&client);
    }
    assert_int_equal(fixture.requests, 1);
    fixture_end(&fixture);
}

/* Each limit by itself: what is below it stays. */
static void
test_time_limits_are_the_configured_ones(void **state)
{
    static const struct {
        const char *bytes;
        int64_t header_ms, body_ms, idle_ms, rate;
        int64_t least_ms, most_ms;
    } rows[] = {
        {"G", 12000, 1000, 1000, 1, 12000, 16000},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 90\r\n\r\n1",
         1000, 9000, 1000, 0, 9000, 13000},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 90\r\n\r\n1",
         1000, 90000, 1000, 1, 5000, 9000},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 90\r\n\r\n12345678901234567890", 1000, 90000,
         1000, 2, 10000, 14000},
        {GET("/"), 1000, 1000, 20000, 1, 20000, 24000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture;
        struct client client, marker;
        struct og_http_config config;
        fixture_config(&fixture, &config);
        config.header_timeout_ms = rows[i].header_ms;
        config.body_timeout_ms = rows[i].body_ms;
        config.idle_timeout_ms = rows[i].idle_ms;
        config.body_rate_min = rows[i].rate;
        fixture_start(&fixture, &config);
        client_open(&client, fixture.port);
        client_send_text(&client, rows[i].bytes);
        if (i == 4) {
            client_expect(&client, 200, NULL);
        }
        /* One loop serves in order: when the marker is answered, the bytes before it were taken. */
        client_open(&marker, fixture.port);
        client_send_text(&marker, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
        client_expect(&marker, 200, NULL);
        client_close(&marker);
        int64_t began_ms = atomic_load(&fixture.mono_ms);
        client_wait_moving_clock(&client, &fixture, 200);
        int64_t took_ms = atomic_load(&fixture.mono_ms) - began_ms;
        if (took_ms < rows[i].least_ms || took_ms > rows[i].most_ms) {
            print_error("row %zu: %lld ms\n", i, (long long)took_ms);
        }
        assert_in_range(took_ms, rows[i].least_ms, rows[i].most_ms);
        client_close(&client);
        fixture_end(&fixture);
    }
}

/* A peer that does not read its answer is dropped; one that reads slowly is not. */
static void
test_peer_that_does_not_read(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_begin(&fixture);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/big?30000000"));
    for (int i = 0; i < 20; i++) { /* 20 times 20 s, but something moves each time */
        char bytes[65536];
        for (size_t got = 0; got < 1000000;) {
            ssize_t part = recv(client.fd, bytes, sizeof(bytes), 0);
            assert_true(part > 0);
            got += (size_t)part;
        }
        atomic_fetch_add(&fixture.mono_ms, 20000);
        poll(NULL, 0, 130); /* one tick of the loop */
    }
    fixture_wait_connections(&fixture, 1);
    int connections = 1, streams;
    for (int i = 0; i < 500 && connections; i++) {
        atomic_fetch_add(&fixture.mono_ms, 1000);
        poll(NULL, 0, 20);
        og_http_server_counts(fixture.server, &connections, &streams);
    }
    assert_int_equal(connections, 0);
    client_close(&client);
    fixture_end(&fixture);
}

/* Numbers */

static void
test_connection_limit(void **state)
{
    struct fixture fixture;
    struct client clients[4];
    struct og_http_config config;
    fixture_config(&fixture, &config);
    config.connections_max = 3;
    fixture_start(&fixture, &config);
    for (int i = 0; i < 3; i++) {
        client_open(&clients[i], fixture.port);
        client_send_text(&clients[i], GET("/x"));
        client_expect(&clients[i], 200, NULL);
    }
    client_open(&clients[3], fixture.port);
    client_expect(&clients[3], 503, "refused  503");
    client_expect_end(&clients[3]);
    client_close(&clients[3]);
    client_close(&clients[0]);
    fixture_wait_connections(&fixture, 2);
    client_open(&clients[3], fixture.port);
    client_send_text(&clients[3], GET("/x"));
    client_expect(&clients[3], 200, NULL);
    for (int i = 1; i < 4; i++) {
        client_close(&clients[i]);
    }
    fixture_end(&fixture);
}

static void
test_connection_limit_per_address(void **state)
{
    struct fixture fixture;
    struct client clients[3];
    struct og_http_config config;
    fixture_config(&fixture, &config);
    config.connections_per_address_max = 2;
    fixture_start(&fixture, &config);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            client_open(&clients[i], fixture.port);
            client_send_text(&clients[i], GET("/x"));
            client_expect(&clients[i], 200, NULL);
        }
        client_open(&clients[2], fixture.port);
        client_expect(&clients[2], 503, NULL);
        for (int i = 0; i < 3; i++) {
            client_close(&clients[i]);
        }
        fixture_wait_connections(&fixture, 0);
    }
    fixture_end(&fixture);
}

static void
test_many_connections(void **state)
{
    enum { COUNT = 400, ROUNDS = 3 };
    struct fixture fixture;
    struct og_http_config config;
    struct client *clients = malloc(sizeof(*clients) * COUNT);
    fixture_config(&fixture, &config);
    config.loop_count = 3;
    fixture_start(&fixture, &config);
    assert_int_equal(og_http_server_loop_count(fixture.server), 3);
    for (int i = 0; i < COUNT; i++) {
        client_open(&clients[i], fixture.port);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++) {
            char text[100];
            snprintf(text, sizeof(text), "GET /%d HTTP/1.1\r\n" HOST "\r\n", i);
            client_send_text(&clients[i], text);
        }
        for (int i = COUNT - 1; i >= 0; i--) {
            char wanted[100];
            snprintf(wanted, sizeof(wanted), "GET /%d? ", i);
            client_expect(&clients[i], 200, wanted);
        }
    }
    fixture_wait_connections(&fixture, COUNT);
    for (int i = 0; i < COUNT; i++) {
        client_close(&clients[i]);
    }
    fixture_wait_connections(&fixture, 0);
    assert_int_equal(fixture.requests, COUNT * ROUNDS);
    free(clients);
    fixture_end(&fixture);
}

/* Ends */

static void *
stop(void *arg)
{
    og_http_server_stop(arg);
    return NULL;
}

static bool
is_refusing(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refusing = connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0;
    close(fd);
    return refusing;
}

/* Stopping ends what is idle, waits for what is in hand, and takes nobody new. */
static void
test_graceful_stop(void **state)
{
    struct fixture fixture;
    struct client idle, busy, partial;
    pthread_t thread;
    fixture_begin(&fixture);
    client_open(&idle, fixture.port);
    client_send_text(&idle, GET("/x"));
    client_expect(&idle, 200, NULL);
    client_open(&partial, fixture.port);
    client_send_text(&partial, "POST /partial HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhe");
    client_open(&busy, fixture.port);
    client_send_text(&busy, GET("/park") GET("/never"));
    fixture_wait_parked(&fixture, 1);
    pthread_create(&thread, NULL, stop, fixture.server);
    client_expect_end(&idle);
    for (int i = 0; i < 1000 && !is_refusing(fixture.port); i++) {
        poll(NULL, 0, 1);
    }
    assert_true(is_refusing(fixture.port));
    client_send_text(&partial, "llo");
    client_expect(&partial, 200, "POST /partial? hello");
    client_expect_end(&partial);
    fixture_answer(&fixture, 0, "in time");
    client_expect(&busy, 200, "in time");
    client_expect_end(&busy);
    client_close(&idle);
    client_close(&busy);
    client_close(&partial);
    pthread_join(thread, NULL);
    assert_int_equal(fixture.requests, 3);
    fixture_end(&fixture);
}

/* What does not end in time is cut; its answer may still come, to nobody. */
static void
test_stop_has_a_limit(void **state)
{
    struct fixture fixture;
    struct client client;
    struct og_http_config config;
    fixture_config(&fixture, &config);
    config.stop_timeout_ms = 50;
    fixture_start(&fixture, &config);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/park"));
    fixture_wait_parked(&fixture, 1);
    og_http_server_stop(fixture.server);
    fixture_wait_connections(&fixture, 0);
    client_expect_end(&client);
    fixture_answer(&fixture, 0, "too late");
    client_close(&client);
    fixture_end(&fixture);
}

/* A server that goes with a request in hand leaves nothing behind. */
static void
test_destroy_with_unanswered_request(void **state)
{
    struct fixture fixture;
    struct client client;
    struct og_http_config config;
    fixture_config(&fixture, &config);
    config.stop_timeout_ms = 10;
    fixture_start(&fixture, &config);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/park"));
    fixture_wait_parked(&fixture, 1);
    fixture_end(&fixture);
    client_close(&client);
}

/* Starting */

static enum og_code
try_create(const struct og_http_config *config, struct og_err *err)
{
    struct og_http_handler handler = {NULL, NULL, NULL, NULL};
    struct og_http_server *server = NULL;
    enum og_code code = og_http_server_create(config, &handler, &server, err);
    og_http_server_destroy(server);
    return code;
}

static void
test_bad_configurations(void **state)
{
    struct fixture fixture;
    struct og_http_config config;
    struct og_err err;
    for (int loops = 1; loops <= 2; loops++) {
        fixture_begin(&fixture);
        og_http_config_defaults(&config);
        config.loop_count = loops;
        config.listen_count = 1;
        config.listen[0] = (struct og_http_listen){"127.0.0.1", fixture.port, false};
        assert_int_equal(try_create(&config, &err), OG_E_UNAVAILABLE);
        config.listen[0].address = "localhost";
        assert_int_equal(try_create(&config, &err), OG_E_UNAVAILABLE);
        fixture_end(&fixture);
        assert_int_equal(try_create(&config, &err), OG_OK); /* free again */
    }
    config.listen[0] = (struct og_http_listen){"example.org", 0, false};
    assert_int_equal(try_create(&config, &err), OG_E_INVALID);
    assert_string_equal(err.field, "listen");
    config.listen[0] = (struct og_http_listen){"127.0.0.1", 0, true};
    assert_int_equal(try_create(&config, &err), OG_E_INVALID);
    assert_string_equal(err.field, "cert_file");
    config.cert_file = "/nonexistent/cert.pem";
    config.key_file = "/nonexistent/key.pem";
    assert_int_equal(try_create(&config, &err), OG_E_INVALID);
    assert_string_equal(err.field, "cert_file");
    config.listen_count = 0;
    assert_int_equal(try_create(&config, &err), OG_E_INVALID);
}

static void
test_localhost_listens_on_both(void **state)
{
    struct fixture fixture;
    struct og_http_config config;
    struct client client;
    fixture_config(&fixture, &config);
    config.listen[0].address = "localhost";
    config.loop_count = 2;
    fixture_start(&fixture, &config);
    client_open(&client, fixture.port);
    client_send_text(&client, GET("/x"));
    client_expect(&client, 200, NULL);
    client_close(&client);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_port = htons((uint16_t)fixture.port),
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    client.len = 0;
    client.ssl = NULL;
    client.fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client.fd >= 0 && connect(client.fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
        struct response response;
        client_send_text(&client, GET("/x"));
        client_response(&client, &response, false);
        assert_non_null(strstr(response.head, "X-Peer: ::1\r\n"));
        response_finish(&response);
    }
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
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_large_header),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_http_10_closes),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_request_ids),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_pipelined_thousand),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_denied_at_the_head),
        cmocka_unit_test(test_large_bodies_both_ways),
        cmocka_unit_test(test_half_closed_peer_gets_its_answers),
        cmocka_unit_test(test_cut_requests_are_not_applied),
        cmocka_unit_test(test_peer_vanishes_before_the_answer),
        cmocka_unit_test(test_slow_requests_time_out),
        cmocka_unit_test(test_time_limits_are_the_configured_ones),
        cmocka_unit_test(test_peer_that_does_not_read),
        cmocka_unit_test(test_connection_limit),
        cmocka_unit_test(test_connection_limit_per_address),
        cmocka_unit_test(test_many_connections),
        cmocka_unit_test(test_graceful_stop),
        cmocka_unit_test(test_stop_has_a_limit),
        cmocka_unit_test(test_destroy_with_unanswered_request),
        cmocka_unit_test(test_bad_configurations),
        cmocka_unit_test(test_localhost_listens_on_both),
    };
    return cmocka_run_group_tests_name("http server", tests, set_up, NULL);
}
