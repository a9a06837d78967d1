/*
 * The parser without a socket: every rule of RFC 9112 and design.md section 9 as a row, each fed
 * whole and one byte at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/parse.h"
#include "http/reply.h"
#include "http/wheel.h"
#include "refused_requests.h"

static const struct og_parse_limits limits = {.head_bytes_max = 1024, .header_count_max = 8};

struct outcome {
    enum og_parse_step step;
    int status;
    char body[256];
    size_t body_len;
    size_t rest; /* bytes behind the request */
    struct og_parsed_head head;
};

static struct outcome
parse(struct og_arena *mem, struct og_str input, size_t piece, uint64_t body_max)
{
    struct outcome out = {.step = OG_PARSE_MORE};
    struct og_parser *parser = og_parser_create(mem, &limits);
    const char *reason = "";
    while (input.len && (out.step == OG_PARSE_MORE || out.step == OG_PARSE_HEAD)) {
        /* A heap copy of just these bytes: reading beyond them or keeping them shows under ASan. */
        size_t len = piece < input.len ? piece : input.len;
        char *copy = malloc(len);
        memcpy(copy, input.ptr, len);
        struct og_str bytes = {copy, len};
        out.step = og_parser_feed(parser, &bytes);
        if (out.step == OG_PARSE_HEAD) {
            out.step = og_parser_expect_body(parser, body_max, true);
            if (out.step == OG_PARSE_MORE && bytes.len) {
                out.step = og_parser_feed(parser, &bytes);
            }
        }
        input = og_str_slice(input, len - bytes.len, input.len);
        if (bytes.len) {
            assert_int_not_equal(out.step, OG_PARSE_MORE);
        }
        free(copy);
    }
    out.rest = input.len;
    out.head = *og_parser_head(parser);
    if (out.step == OG_PARSE_REFUSED) {
        out.status = og_parser_refusal(parser, &reason);
        assert_true(strlen(reason) > 0);
    }
    struct og_str body = og_parser_body(parser);
    assert_true(body.len <= sizeof(out.body));
    memcpy(out.body, body.ptr ? body.ptr : "", body.len);
    out.body_len = body.len;
    return out;
}

static void
test_refused(void **state)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        for (int slow = 0; slow <= 1; slow++) {
            struct og_arena mem = {0};
            struct og_str input = {refused[i].bytes, refused[i].len};
            struct outcome out = parse(&mem, input, slow ? 1 : SIZE_MAX, 100);
            if (out.step != OG_PARSE_REFUSED || out.status != refused[i].status) {
                print_error("%s%s: step %d status %d, not %d\n", refused[i].name,
                            slow ? " (slowly)" : "", out.step, out.status, refused[i].status);
            }
            assert_int_equal(out.step, OG_PARSE_REFUSED);
            assert_int_equal(out.status, refused[i].status);
            og_arena_finish(&mem);
        }
    }
}

static const struct {
    const char *bytes;
    enum og_method method;
    const char *path, *raw_path, *query, *body;
    bool close;
    size_t rest;
} accepted[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", OG_GET, "/", "/", "", "", false, 0},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", OG_GET, "/", "/", "", "", false, 0},
    {"GET / HTTP/1.0\r\n\r\n", OG_GET, "/", "/", "", "", true, 0},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", OG_GET, "/", "/", "", "", true, 0},
    {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", OG_GET, "/", "/", "", "", true, 0},
    {"GET / HTTP/1.1\r\n" HOST "connection: foo , Close\r\n\r\n",
     OG_GET, "/", "/", "", "", true, 0},
    {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET",
     OG_GET, "/", "/", "", "", false, 3},
    {"POST / HTTP/1.1\r\n" HOST
     "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab",
     OG_POST, "/", "/", "", "ab", false, 0},
    {"HEAD /a%2Fb%20c?x=1%20&y HTTP/1.1\r\n" HOST "\r\n",
     OG_HEAD, "/a/b c", "/a%2Fb%20c", "x=1%20&y", "", false, 0},
    {"GET http://A/x?y HTTP/1.1\r\n" HOST "\r\n", OG_GET, "/x", "/x", "y", "", false, 0},
    {"GET https://a?y HTTP/1.1\r\n" HOST "\r\n", OG_GET, "/", "/", "y", "", false, 0},
    {"GET http://[::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", OG_GET, "/", "/", "", "", false, 0},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", OG_OPTIONS, "*", "*", "", "", false, 0},
    {"PROPFIND / HTTP/1.1\r\n" HOST "\r\n", OG_METHOD_OTHER, "/", "/", "", "", false, 0},
    {"DELETE /%C3%A4 HTTP/1.1\r\n" HOST "\r\n",
     OG_DELETE, "/\xc3\xa4", "/%C3%A4", "", "", false, 0},
    {"PUT / HTTP/1.1\r\n" HOST "Content-Length:   5  \r\n\r\nhelloGET",
     OG_PUT, "/", "/", "", "hello", false, 3},
    {"PATCH / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", OG_PATCH, "/", "/", "", "", false, 0},
    {"POST / HTTP/1.1\r\n" HOST "X: \xe4 \x80\r\nContent-Length: 1\r\n\r\n\r",
     OG_POST, "/", "/", "", "\r", false, 0},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
     "5\r\nhello\r\n006;a=\"b\"\r\n world\r\n0;x\r\nT: a\r\nU:\r\n\r\nGET /",
     OG_POST, "/", "/", "", "hello world", false, 5},
    {"POST / HTTP/1.1\r\n" HOST CHUNKED "\r\n0\r\n\r\n", OG_POST, "/", "/", "", "", false, 0},
    {"POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nok",
     OG_POST, "/", "/", "", "ok", false, 0},
};

static void
assert_text(struct og_str got, const char *wanted)
{
    if (wanted && !og_str_eq(got, og_str_from(wanted))) {
        print_error("got \"%" OG_STR_FMT "\", not \"%s\"\n", OG_STR_ARG(got), wanted);
    }
    assert_true(og_str_eq(got, og_str_from(wanted)));
}

static void
test_accepted(void **state)
{
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        for (size_t piece = 1; piece < 9; piece++) {
            struct og_arena mem = {0};
            size_t step = piece == 8 ? SIZE_MAX : piece;
            struct outcome out = parse(&mem, og_str_from(accepted[i].bytes), step, 100);
            if (out.step != OG_PARSE_DONE) {
                print_error("row %zu in pieces of %zu: status %d\n", i, step, out.status);
            }
            assert_int_equal(out.step, OG_PARSE_DONE);
            assert_int_equal(out.head.method, accepted[i].method);
            assert_text(out.head.target.path, accepted[i].path);
            assert_text(out.head.target.raw_path, accepted[i].raw_path);
            assert_text(out.head.target.query, accepted[i].query);
            assert_text((struct og_str){out.body, out.body_len}, accepted[i].body);
            assert_int_equal(out.head.wants_close, accepted[i].close);
            assert_int_equal(out.rest, accepted[i].rest);
            og_arena_finish(&mem);
        }
    }
}

static void
test_headers(void **state)
{
    struct og_arena mem = {0};
    struct og_str input = OG_STR("GET / HTTP/1.1\r\nHost: a:8443\r\nEmpty:\r\n"
                                 "X-A: \t b c \t\r\nx-a: d\r\n\r\n");
    struct outcome out = parse(&mem, input, SIZE_MAX, 0);
    static const char *const rows[][2] = {
        {"Host", "a:8443"}, {"Empty", ""}, {"X-A", "b c"}, {"x-a", "d"}};
    assert_int_equal(out.step, OG_PARSE_DONE);
    assert_int_equal(out.head.header_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_text(out.head.headers[i].name, rows[i][0]);
        assert_text(out.head.headers[i].value, rows[i][1]);
    }
    og_arena_finish(&mem);
}

/* A head of exactly the limit passes, one byte more does not, in the target or in a header. */
static void
test_head_limit(void **state)
{
    for (int over = 0; over <= 1; over++) {
        for (int in_target = 0; in_target <= 1; in_target++) {
            struct og_arena mem = {0};
            char text[1100], filler[1100];
            size_t fixed = strlen("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n");
            memset(filler, 'x', sizeof(filler));
            int len = (int)(limits.head_bytes_max - fixed) + over;
            snprintf(text, sizeof(text), "GET /%.*s HTTP/1.1\r\nHost: a\r\nX: %.*s\r\n\r\n",
                     in_target ? len : 0, filler, in_target ? 0 : len, filler);
            for (int slow = 0; slow <= 1; slow++) {
                struct outcome out = parse(&mem, og_str_from(text), slow ? 1 : SIZE_MAX, 0);
                assert_int_equal(out.step, over ? OG_PARSE_REFUSED : OG_PARSE_DONE);
                assert_int_equal(out.status, over ? 431 : 0);
            }
            og_arena_finish(&mem);
        }
    }
}

/* The size line of a chunk may have 256 bytes at most, digits, extensions and line end together. */
static void
test_chunk_line_limit(void **state)
{
    static const char head[] = "POST / HTTP/1.1\r\n" HOST CHUNKED "\r\n";
    for (int over = 0; over <= 1; over++) {
        for (int slow = 0; slow <= 1; slow++) {
            struct og_arena mem = {0};
            char text[600], filler[300];
            memset(filler, '0', sizeof(filler));
            snprintf(text, sizeof(text), "%s%.*s5\r\nhello\r\n0\r\n\r\n", head, 253 + over, filler);
            struct outcome out = parse(&mem, og_str_from(text), slow ? 1 : SIZE_MAX, 100);
            assert_int_equal(out.step, over ? OG_PARSE_REFUSED : OG_PARSE_DONE);
            memset(filler, 'e', sizeof(filler));
            snprintf(text, sizeof(text), "%s5;%.*s\r\nhello\r\n0\r\n\r\n", head, 252 + over,
                     filler);
            out = parse(&mem, og_str_from(text), slow ? 1 : SIZE_MAX, 100);
            assert_int_equal(out.step, over ? OG_PARSE_REFUSED : OG_PARSE_DONE);
            og_arena_finish(&mem);
        }
    }
}

static void
test_unkept_body_is_counted(void **state)
{
    struct og_arena mem = {0};
    struct og_parser *parser = og_parser_create(&mem, &limits);
    struct og_str bytes = OG_STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloX");
    assert_int_equal(og_parser_feed(parser, &bytes), OG_PARSE_HEAD);
    assert_text(og_parser_path(parser), "/");
    assert_int_equal(og_parser_expect_body(parser, 100, false), OG_PARSE_MORE);
    assert_int_equal(og_parser_feed(parser, &bytes), OG_PARSE_DONE);
    assert_int_equal(og_parser_body(parser).len, 0);
    assert_int_equal(og_parser_body_received(parser), 5);
    assert_int_equal(bytes.len, 1);
    og_arena_finish(&mem);
}

/* Queries */

struct seen {
    char text[200];
};

static bool
see(void *ctx, struct og_str name, struct og_str value)
{
    struct seen *seen = ctx;
    size_t len = strlen(seen->text);
    snprintf(seen->text + len, sizeof(seen->text) - len, "[%" OG_STR_FMT "|%" OG_STR_FMT "]",
             OG_STR_ARG(name), OG_STR_ARG(value));
    return true;
}

static void
test_query(void **state)
{
    static const struct {
        const char *query, *seen;
        bool ok;
    } rows[] = {
        {"", "", true},
        {"a=1&b=2", "[a|1][b|2]", true},
        {"a&&b=&=c&", "[a|][b|][|c]", true},
        {"a=x+y%2Bz%26&%61=q%0a", "[a|x y+z&][a|q\n]", true},
        {"a=b=c", "[a|b=c]", true},
        {"a=1&b=%zz", "[a|1]", false},
        {"a=%00", "", false},
        {"a=%c3%28", "", false},
        {"%c3%a4=%E2%82%AC", "[\xc3\xa4|\xe2\x82\xac]", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct og_arena mem = {0};
        struct seen seen = {""};
        struct og_http_request req = {.query = og_str_from(rows[i].query), .mem = &mem};
        assert_int_equal(og_http_query_each(&req, see, &seen), rows[i].ok);
        assert_string_equal(seen.text, rows[i].seen);
        og_arena_finish(&mem);
    }
}

static void
test_query_by_name(void **state)
{
    struct og_arena mem = {0};
    struct og_http_request req = {.query = OG_STR("limit=5&limit=6&after=a%2fb"), .mem = &mem};
    struct og_str value;
    assert_true(og_http_query(&req, "limit", &value));
    assert_text(value, "5");
    assert_true(og_http_query(&req, "after", &value));
    assert_text(value, "a/b");
    assert_false(og_http_query(&req, "lim", &value));
    og_arena_finish(&mem);
}

/* Answers */

static void
test_reply_head(void **state)
{
    struct og_buf out;
    og_buf_init(&out, 4096);
    struct og_header headers[] = {{OG_STR("Retry-After"), OG_STR("3")},
                                  {OG_STR("X-Bad"), OG_STR("a\r\nSet-Cookie: b")},
                                  {OG_STR("X-\nBad"), OG_STR("a")}};
    struct og_http_reply reply = {.status = 503, .content_type = OG_STR("application/json"),
                                  .body = OG_STR("{}"), .headers = headers, .header_count = 3};
    og_reply_head(&out, &reply, OG_STR("id1"), OG_STR("DATE"), OG_REPLY_LENGTH, true);
    assert_string_equal(out.ptr, "HTTP/1.1 503 Service Unavailable\r\nDate: DATE\r\n"
                                 "Content-Type: application/json\r\nContent-Length: 2\r\n"
                                 "X-Request-Id: id1\r\nRetry-After: 3\r\n"
                                 "Cache-Control: no-store\r\nConnection: close\r\n\r\n");
    og_buf_clear(&out);
    headers[0] = (struct og_header){OG_STR("cache-control"), OG_STR("max-age=60")};
    reply.status = 204;
    reply.content_type.len = 0;
    reply.header_count = 1;
    og_reply_head(&out, &reply, OG_STR("id1"), OG_STR("DATE"), OG_REPLY_LENGTH, false);
    assert_string_equal(out.ptr, "HTTP/1.1 204 No Content\r\nDate: DATE\r\nX-Request-Id: id1\r\n"
                                 "cache-control: max-age=60\r\n\r\n");
    og_buf_finish(&out);
}

static void
test_date(void **state)
{
    char text[OG_DATE_BYTES];
    og_http_date(784111777000, text); /* RFC 9110 section 5.6.7 */
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    og_http_date(951782400999, text);
    assert_string_equal(text, "Tue, 29 Feb 2000 00:00:00 GMT");
}

/* The timer wheel */

struct alarm {
    struct og_timer timer;
    int fired;
    int64_t again_ms;
};

static struct og_wheel wheel;
static int64_t wheel_now;

static void
ring(void *ctx, struct og_timer *timer)
{
    struct alarm *alarm = (struct alarm *)timer;
    assert_true(wheel_now >= timer->due_ms);
    assert_true(wheel_now <= timer->due_ms + 2 * OG_WHEEL_TICK_MS + *(int64_t *)ctx);
    alarm->fired++;
    if (alarm->again_ms) {
        og_wheel_set(&wheel, timer, wheel_now + alarm->again_ms);
    }
}

static void
test_wheel_fires_in_time(void **state)
{
    struct alarm alarms[300] = {0};
    int64_t step_ms = 10;
    wheel_now = 1000003;
    og_wheel_init(&wheel, wheel_now);
    for (int i = 0; i < 300; i++) {
        og_wheel_set(&wheel, &alarms[i].timer, wheel_now + i * 317); /* up to 95 s, beyond a turn */
    }
    for (int i = 0; i < 300; i += 3) {
        og_wheel_set(&wheel, &alarms[i].timer, wheel_now + 50000 - i * 100); /* later and earlier */
    }
    for (int i = 1; i < 300; i += 3) {
        og_wheel_cancel(&wheel, &alarms[i].timer);
    }
    assert_int_equal(wheel.count, 200);
    for (int64_t end = wheel_now + 100000; wheel_now < end; wheel_now += step_ms) {
        og_wheel_advance(&wheel, wheel_now, ring, &step_ms);
    }
    assert_int_equal(wheel.count, 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(alarms[i].fired, i % 3 != 1);
    }
}

static void
test_wheel_after_a_long_sleep(void **state)
{
    struct alarm alarms[50] = {0};
    int64_t slack_ms = 10000000;
    wheel_now = 5000;
    og_wheel_init(&wheel, wheel_now);
    for (int i = 0; i < 50; i++) {
        og_wheel_set(&wheel, &alarms[i].timer, wheel_now + i * 2000);
    }
    alarms[7].again_ms = 1000;
    wheel_now += 9000000;
    og_wheel_advance(&wheel, wheel_now, ring, &slack_ms);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(alarms[i].fired, 1);
    }
    assert_int_equal(wheel.count, 1);
    wheel_now += 1200;
    og_wheel_advance(&wheel, wheel_now, ring, &slack_ms);
    assert_int_equal(alarms[7].fired, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_head_limit),
        cmocka_unit_test(test_chunk_line_limit),
        cmocka_unit_test(test_unkept_body_is_counted),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_query_by_name),
        cmocka_unit_test(test_reply_head),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_wheel_fires_in_time),
        cmocka_unit_test(test_wheel_after_a_long_sleep),
    };
    return cmocka_run_group_tests_name("http parse", tests, NULL, NULL);
}
