/* The event stream parser: each case whole, byte by byte, and cut at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "phone/sse_parser.h"

struct log {
    char text[1024];
    size_t len;
};

static void
put(struct log *log, const char *kind, struct og_str type, struct og_str data)
{
    log->len += (size_t)snprintf(log->text + log->len, sizeof(log->text) - log->len,
                                 "%s%" OG_STR_FMT "=%" OG_STR_FMT ";", kind, OG_STR_ARG(type),
                                 OG_STR_ARG(data));
}

static void
on_event(void *ctx, struct og_str type, struct og_str data)
{
    put(ctx, "", type, data);
}

static void
on_dataless(void *ctx, struct og_str type)
{
    put(ctx, "!", type, OG_STR(""));
}

#define MAX_BYTES 64
#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static const struct {
    const char *bytes;
    const char *events;
} cases[] = {
    {":connected\n\nevent: MessageEnqueued\ndata: null\n\n", "MessageEnqueued=null;"},
    {"event: A\r\ndata: 1\r\n\r\nevent: B\rdata: 2\r\r", "A=1;B=2;"},
    {"data: only\n\n", "message=only;"},
    {"event:A\ndata:1\n\n", "A=1;"},
    {"event:  A\ndata:  1\n\n", " A= 1;"}, /* one space is dropped, no more */
    {"data: one\ndata: two\n\n", "message=one\ntwo;"},
    {"data\n\n", "message=;"}, /* a data line without a value is one */
    {"event: A\n\n", "!A=;"},  /* never dispatched */
    {"event: A\n\ndata: 1\n\n", "!A=;message=1;"}, /* and its name is forgotten */
    {"event: A\nevent: B\ndata: 1\n\n", "B=1;"},
    {"id: 7\nretry: 10\ndata: 1\n\n", "message=1;"},
    {":\n:comment\n\n\n\n", ""},
    {"event: A\ndata: 1\n", ""}, /* not finished */
    {"\xef\xbb\xbf" "data: 1\n\n", "message=1;"},
    {"data: 1\n\n\xef\xbb\xbf" "data: 2\n\n", "message=1;"}, /* only in front */
    {"event: A\ndata: " X64 X16 "\n\ndata: 2\n\n", "message=2;"}, /* too long: dropped whole */
    {"data: " X16 "\ndata: " X16 "\ndata: " X16 "\ndata: " X16 "\n\ndata: 2\n\n", "message=2;"},
    {"event: " X64 "x\ndata: 1\n\ndata: 2\n\n", "message=2;"},
    {":" X64 X64 "\ndata: 3\n\ndata: 4\n\n", "message=4;"},
};

static void
check(struct og_sse_parser *parser, const char *bytes, size_t first, const char *expected)
{
    struct log log = {{0}, 0};
    struct og_sse_handler handler = {on_event, on_dataless, &log};
    struct og_str all = og_str_from(bytes);
    og_sse_reset(parser);
    og_sse_feed(parser, og_str_slice(all, 0, first), &handler);
    og_sse_feed(parser, og_str_slice(all, first, all.len), &handler);
    assert_string_equal(log.text, expected);
}

static void
test_cases(void **state)
{
    struct og_sse_parser parser;
    og_sse_init(&parser, MAX_BYTES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t first = 0; first <= strlen(cases[i].bytes); first++) {
            check(&parser, cases[i].bytes, first, cases[i].events);
        }
    }
    og_sse_finish(&parser);
}

static void
test_byte_by_byte(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct og_sse_parser parser;
        struct log log = {{0}, 0};
        struct og_sse_handler handler = {on_event, on_dataless, &log};
        og_sse_init(&parser, MAX_BYTES);
        for (const char *at = cases[i].bytes; *at; at++) {
            og_sse_feed(&parser, (struct og_str){at, 1}, &handler);
        }
        assert_string_equal(log.text, cases[i].events);
        og_sse_finish(&parser);
    }
}

static void
test_counters_and_reset(void **state)
{
    struct og_sse_parser parser;
    struct log log = {{0}, 0};
    struct og_sse_handler handler = {on_event, on_dataless, &log};
    og_sse_init(&parser, MAX_BYTES);
    og_sse_feed(&parser, OG_STR(":a\n:b\n\ndata: 1\n\ndata: " X64 "\n\nevent: half"), &handler);
    assert_int_equal(parser.comment_count, 2);
    assert_int_equal(parser.event_count, 1);
    assert_int_equal(parser.dropped_count, 1);
    og_sse_reset(&parser);
    og_sse_feed(&parser, OG_STR("data: 2\n\n"), &handler);
    assert_string_equal(log.text, "message=1;message=2;");
    og_sse_finish(&parser);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_counters_and_reset),
    };
    return cmocka_run_group_tests_name("phone: event stream", tests, NULL, NULL);
}
