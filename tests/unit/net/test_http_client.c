/* The HTTP client against a scripted server in a thread: loopback, any free port, real sockets. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/http_client.h"

/* ---- the scripted server: one thread for each connection, which it serves until it ends ---- */

static struct {
    int listener;
    int port;
    pthread_t thread;
    _Atomic int accepted;
    _Atomic bool saw_eof; /* a stream's peer has gone */
    _Atomic bool saw_expect;
} server;

static void
say(int fd, const char *text)
{
    size_t done = 0, len = strlen(text);
    while (done < len) {
        ssize_t wrote = send(fd, text + done, len - done, MSG_NOSIGNAL);
        if (wrote <= 0) {
            return;
        }
        done += (size_t)wrote;
    }
}

static void
wait_for_peer_to_go(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
    atomic_store(&server.saw_eof, true);
}

/* Answers one request; false ends the connection. */
static bool
answer(int fd, const char *head, const char *body)
{
    char text[8192];
    if (strstr(head, "Expect:")) {
        atomic_store(&server.saw_expect, true);
    }
    if (strstr(head, " /cut ")) {
        return false;
    }
    if (strstr(head, " /half ")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
        return false;
    }
    if (strstr(head, " /garbage ")) {
        say(fd, "what do you want?\r\n\r\n");
        return false;
    }
    if (strstr(head, " /never ")) {
        wait_for_peer_to_go(fd);
        return false;
    }
    if (strstr(head, " /redirect ")) {
        say(fd, "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
        return true;
    }
    if (strstr(head, " /big ")) {
        memset(text, 'x', 2000);
        text[2000] = '\0';
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n");
        say(fd, text);
        return true;
    }
    if (strstr(head, " /stream")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n");
        if (strstr(head, " /stream-that-ends ")) {
            say(fd, "0\r\n\r\n");
            return true;
        }
        wait_for_peer_to_go(fd);
        return false;
    }
    if (strstr(head, " /refused ")) {
        say(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
                "Content-Length: 9\r\n\r\n{\"no\":1 }");
        return true;
    }
    /* echo: the first line, the header under test and the body */
    char first[200] = "", header[200] = "";
    sscanf(head, "%199[^\r]", first);
    const char *at = strstr(head, "X-Test: ");
    if (at) {
        sscanf(at, "%199[^\r]", header);
    }
    char echo[4096];
    snprintf(echo, sizeof(echo), "%s|%s|%s", first, header, body);
    snprintf(text, sizeof(text),
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Twice: a\r\nX-Twice: b\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(echo), echo);
    say(fd, text);
    return true;
}

static void *
serve_connection(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char text[8192];
    size_t len = 0;
    for (;;) {
        ssize_t got = recv(fd, text + len, sizeof(text) - 1 - len, 0);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        text[len] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        char *length = strstr(text, "Content-Length: ");
        size_t body_len = length && length < end ? (size_t)atoi(length + 16) : 0;
        if (!end || len < (size_t)(end + 4 - text) + body_len) {
            continue;
        }
        *end = '\0';
        if (!answer(fd, text, end + 4)) {
            break;
        }
        len = 0;
    }
    close(fd);
    return NULL;
}

static void *
serve(void *unused)
{
    for (;;) {
        int fd = accept(server.listener, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        pthread_t thread;
        server.accepted++;
        pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
}

static int
start_server(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *)&address, len) != 0 ||
        listen(server.listener, 64) != 0) {
        return -1;
    }
    getsockname(server.listener, (struct sockaddr *)&address, &len);
    server.port = ntohs(address.sin_port);
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int
stop_server(void **state)
{
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
    return 0;
}

/* ---- a client on a loop that the test turns itself ---- */

struct bench {
    struct og_loop *loop;
    struct og_client *client;
    char url[128];
    int done_count;
    int open_count;
    int status;
    enum og_client_failure failure;
    char body[4096];
    char type[64];
    char twice[16];
    char order[16]; /* letters in the order in which calls ended */
    struct og_client_call *call;
    bool cancel_on_bytes, cancel_on_open, freeze_on_bytes;
};

struct named {
    struct bench *bench;
    char letter;
};

static int
make_bench(void **state)
{
    struct bench *b = og_xalloc(sizeof(*b));
    struct og_client_config config = {.connections_per_host_max = 2};
    assert_int_equal(og_loop_create("test", &b->loop, NULL), OG_OK);
    assert_int_equal(og_client_create(b->loop, &config, &b->client, NULL), OG_OK);
    atomic_store(&server.saw_eof, false);
    *state = b;
    return 0;
}

static int
drop_bench(void **state)
{
    struct bench *b = *state;
    og_client_destroy(b->client);
    assert_int_equal(og_loop_start(b->loop, NULL), OG_OK); /* lets the closed handles go */
    og_loop_stop(b->loop);
    og_loop_join(b->loop);
    og_loop_destroy(b->loop);
    free(b);
    return 0;
}

static void
turn_until(struct bench *b, const int *count, int wanted)
{
    while (*count < wanted) {
        uv_run(og_loop_uv(b->loop), UV_RUN_ONCE);
    }
}

static const char *
url(struct bench *b, const char *path)
{
    snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%d%s", server.port, path);
    return b->url;
}

static void
copy(char *out, size_t size, struct og_str text)
{
    snprintf(out, size, "%" OG_STR_FMT, OG_STR_ARG(text));
}

static void
on_done(void *ctx, const struct og_client_answer *answer)
{
    struct bench *b = ctx;
    uv_stop(og_loop_uv(b->loop)); /* the turn does not wait for more */
    b->done_count++;
    b->status = answer->status;
    b->failure = answer->failure;
    if (answer->failure == OG_CLIENT_ANSWERED) {
        copy(b->body, sizeof(b->body), answer->body);
        copy(b->type, sizeof(b->type), answer->content_type);
        copy(b->twice, sizeof(b->twice), og_client_answer_header(answer, "x-twice"));
    }
}

static void
ask(struct bench *b, const struct og_client_ask *given)
{
    struct og_client_ask full = *given;
    full.on_done = on_done;
    full.ctx = b;
    b->call = og_client_send(b->client, &full);
}

static void
test_answer(void **state)
{
    struct bench *b = *state;
    struct og_client_headers *headers = og_client_headers_create();
    assert_true(og_client_headers_add(headers, "X-Test", OG_STR("seen")));
    assert_false(og_client_headers_add(headers, "X-Bad", OG_STR("a\r\nX-Smuggled: 1")));
    ask(b, &(struct og_client_ask){.method = "PATCH", .url = url(b, "/echo"), .headers = headers,
                                   .body = OG_STR("[1,2]")});
    assert_int_equal(b->done_count, 0); /* never from within */
    turn_until(b, &b->done_count, 1);
    assert_int_equal(b->status, 200);
    assert_string_equal(b->body, "PATCH /echo HTTP/1.1|X-Test: seen|[1,2]");
    assert_string_equal(b->type, "text/plain");
    assert_string_equal(b->twice, "b");
    assert_false(atomic_load(&server.saw_expect));
    ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/again"), .headers = headers});
    turn_until(b, &b->done_count, 2);
    assert_string_equal(b->body, "GET /again HTTP/1.1|X-Test: seen|"); /* no body is left over */
    og_client_headers_destroy(headers);
}

static void
test_failures(void **state)
{
    static const struct {
        const char *path;
        enum og_client_failure failure;
        int status;
    } cases[] = {
        {"/cut", OG_CLIENT_BROKEN, 0},       {"/half", OG_CLIENT_BROKEN, 0},
        {"/garbage", OG_CLIENT_BROKEN, 0},   {"/big", OG_CLIENT_TOO_LARGE, 0},
        {"/never", OG_CLIENT_TOO_LATE, 0},   {"/refused", OG_CLIENT_ANSWERED, 401},
        {"/redirect", OG_CLIENT_ANSWERED, 302},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        b->done_count = 0;
        ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, cases[i].path),
                                       .timeout_ms = 300, .answer_max_bytes = 1000});
        turn_until(b, &b->done_count, 1);
        if (b->failure != cases[i].failure || b->status != cases[i].status) {
            fail_msg("%s: %s, status %d", cases[i].path, og_client_failure_name(b->failure),
                     b->status);
        }
    }
}

static void
test_nobody_there(void **state)
{
    struct bench *b = *state;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound but not listening */
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    getsockname(fd, (struct sockaddr *)&address, &len);
    snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
    ask(b, &(struct og_client_ask){.method = "GET", .url = b->url});
    turn_until(b, &b->done_count, 1);
    assert_int_equal(b->failure, OG_CLIENT_NO_PEER);
    ask(b, &(struct og_client_ask){.method = "GET", .url = "file:///etc/passwd"});
    turn_until(b, &b->done_count, 2);
    assert_int_equal(b->failure, OG_CLIENT_BAD_URL);
    snprintf(b->url, sizeof(b->url), "https://127.0.0.1:%d/garbage", server.port);
    ask(b, &(struct og_client_ask){.method = "GET", .url = b->url, .timeout_ms = 500});
    turn_until(b, &b->done_count, 3);
    assert_int_not_equal(b->failure, OG_CLIENT_ANSWERED);
    close(fd);
}

static void
test_connections_are_used_again(void **state)
{
    struct bench *b = *state;
    int before = server.accepted;
    for (int i = 1; i <= 20; i++) {
        ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/echo")});
        turn_until(b, &b->done_count, i);
    }
    assert_int_equal(server.accepted - before, 1);
    for (int i = 0; i < 20; i++) { /* at once: the pool has two */
        ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/echo")});
    }
    turn_until(b, &b->done_count, 40);
    assert_in_range(server.accepted - before, 1, 2);
}

static void
test_cancel(void **state)
{
    struct bench *b = *state;
    ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/never")});
    og_client_cancel(b->call); /* before it began */
    ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/never")});
    for (int i = 0; i < 3; i++) {
        uv_run(og_loop_uv(b->loop), UV_RUN_NOWAIT);
    }
    og_client_cancel(b->call); /* under way */
    ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/echo")});
    turn_until(b, &b->done_count, 1);
    assert_int_equal(b->status, 200); /* that of the third, and only that */
    assert_int_equal(b->done_count, 1);
}

static void
on_named(void *ctx, const struct og_client_answer *answer)
{
    struct named *named = ctx;
    struct bench *b = named->bench;
    uv_stop(og_loop_uv(b->loop));
    b->order[b->done_count++] = named->letter;
    if (named->letter == 'a') { /* a call from a callback, and the end of another */
        og_client_cancel(b->call);
        ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/echo")});
    }
}

static void
test_calls_from_callbacks(void **state)
{
    struct bench *b = *state;
    struct named a = {b, 'a'}, never = {b, 'n'};
    b->call = og_client_send(b->client, &(struct og_client_ask){
        .method = "GET", .url = url(b, "/never"), .on_done = on_named, .ctx = &never});
    og_client_send(b->client, &(struct og_client_ask){
        .method = "GET", .url = url(b, "/echo"), .on_done = on_named, .ctx = &a});
    turn_until(b, &b->done_count, 2);
    assert_string_equal(b->order, "a");
    assert_int_equal(b->status, 200);
}

/* ---- streams ---- */

static void
on_open(void *ctx, int status, struct og_str type)
{
    struct bench *b = ctx;
    uv_stop(og_loop_uv(b->loop));
    b->open_count++;
    b->status = status;
    copy(b->type, sizeof(b->type), type);
    if (b->cancel_on_open) {
        og_client_cancel(b->call);
    }
}

static void
on_bytes(void *ctx, struct og_str bytes)
{
    struct bench *b = ctx;
    strncat(b->body, bytes.ptr, bytes.len);
    if (b->cancel_on_bytes) {
        og_client_cancel(b->call);
    }
    if (b->freeze_on_bytes) {
        og_client_freeze(b->call);
    }
}

static void
open_stream(struct bench *b, const char *path)
{
    b->call = og_client_open(b->client, &(struct og_client_stream){
        .url = url(b, path), .on_open = on_open, .on_bytes = on_bytes, .on_done = on_done,
        .ctx = b});
}

static void
test_stream(void **state)
{
    struct bench *b = *state;
    open_stream(b, "/stream-that-ends");
    turn_until(b, &b->done_count, 1);
    assert_int_equal(b->open_count, 1);
    assert_string_equal(b->body, ""); /* on_done has none: see below */
    assert_string_equal(b->type, "text/event-stream");
    assert_int_equal(b->failure, OG_CLIENT_ANSWERED);
}

static void
keep_body(void *ctx, const struct og_client_answer *answer)
{
    struct bench *b = ctx;
    uv_stop(og_loop_uv(b->loop)); /* the turn does not wait for more */
    b->done_count++;
    b->status = answer->status;
}

static void
test_stream_bytes(void **state)
{
    struct bench *b = *state;
    og_client_open(b->client, &(struct og_client_stream){
        .url = url(b, "/stream-that-ends"), .on_open = on_open, .on_bytes = on_bytes,
        .on_done = keep_body, .ctx = b});
    turn_until(b, &b->done_count, 1);
    assert_string_equal(b->body, "onetwo");
    og_client_open(b->client, &(struct og_client_stream){
        .url = url(b, "/refused"), .on_open = on_open, .on_bytes = on_bytes,
        .on_done = keep_body, .ctx = b});
    turn_until(b, &b->done_count, 2);
    assert_int_equal(b->status, 401);
    assert_string_equal(b->body, "onetwo"); /* the refusal's body is dropped */
    assert_int_equal(b->open_count, 2);
}

static void
await_eof(struct bench *b)
{
    while (!atomic_load(&server.saw_eof)) {
        uv_run(og_loop_uv(b->loop), UV_RUN_NOWAIT);
    }
}

static void
test_stream_cancelled_from_within(void **state)
{
    struct bench *b = *state;
    b->cancel_on_bytes = true;
    open_stream(b, "/stream");
    await_eof(b);
    b->cancel_on_bytes = false;
    b->cancel_on_open = true;
    atomic_store(&server.saw_eof, false);
    open_stream(b, "/stream");
    await_eof(b);
    assert_int_equal(b->done_count, 0);
    assert_int_equal(b->open_count, 2);
}

static void
test_frozen_stream_keeps_its_connection(void **state)
{
    struct bench *b = *state;
    b->freeze_on_bytes = true;
    open_stream(b, "/stream");
    struct og_client_call *frozen = b->call;
    turn_until(b, &b->open_count, 1);
    ask(b, &(struct og_client_ask){.method = "GET", .url = url(b, "/echo")});
    turn_until(b, &b->done_count, 1); /* time passes */
    assert_false(atomic_load(&server.saw_eof));
    og_client_cancel(frozen);
    await_eof(b);
}

static void
test_frozen_stream_that_ended(void **state)
{
    struct bench *b = *state;
    struct bench other = {.loop = b->loop, .client = b->client};
    b->freeze_on_bytes = true;
    open_stream(b, "/stream-that-ends");
    struct og_client_call *frozen = b->call;
    turn_until(b, &b->open_count, 1);
    for (int i = 1; i <= 5; i++) {
        ask(&other, &(struct og_client_ask){.method = "GET", .url = url(b, "/echo")});
        turn_until(&other, &other.done_count, i);
    }
    assert_int_equal(b->done_count, 0); /* it says nothing, but is still ours to end */
    og_client_cancel(frozen);
}

static void
test_ca_file_is_checked(void **state)
{
    struct bench *b = *state;
    struct og_client *client = NULL;
    struct og_err err;
    assert_int_equal(og_client_create(b->loop,
                                      &(struct og_client_config){.ca_file = "/does/not/exist"},
                                      &client, &err),
                     OG_E_INVALID);
    assert_string_equal(err.field, "ca");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_bench, drop_bench)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answer),
        TEST(test_failures),
        TEST(test_nobody_there),
        TEST(test_connections_are_used_again),
        TEST(test_cancel),
        TEST(test_calls_from_callbacks),
        TEST(test_stream),
        TEST(test_stream_bytes),
        TEST(test_stream_cancelled_from_within),
        TEST(test_frozen_stream_keeps_its_connection),
        TEST(test_frozen_stream_that_ended),
        TEST(test_ca_file_is_checked),
    };
    return cmocka_run_group_tests_name("net: http client", tests, start_server, stop_server);
}
