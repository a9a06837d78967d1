/*
 * Log lines as they leave: one line each, JSON that parses, nothing that moves a terminal.
 */
#include "base/log.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "check.h"

static int log_fd;
static char written[16384];

static int
open_log(void **state)
{
    (void)state;
    log_fd = memfd_create("log", MFD_CLOEXEC);
    return log_fd < 0 ? -1 : 0;
}

static int
close_log(void **state)
{
    (void)state;
    return close(log_fd);
}

static void
start_log(enum og_log_level level, enum og_log_format format, bool colour)
{
    struct og_log_config config = {level, format, colour, log_fd};
    og_log_setup(&config);
    assert_int_equal(ftruncate(log_fd, 0), 0);
    lseek(log_fd, 0, SEEK_SET);
}

/* All that was written, as text. */
static const char *
read_log(void)
{
    ssize_t len = pread(log_fd, written, sizeof(written) - 1, 0);
    assert_true(len >= 0);
    written[len] = '\0';
    return written;
}

/* Without the time, which is 24 characters and a space. */
static const char *
line_after_time(void)
{
    const char *line = read_log();
    assert_true(strlen(line) > 25);
    assert_int_equal(line[23], 'Z');
    return line + 25;
}

static struct og_str
member_of(const struct og_json_doc *doc, const char *name)
{
    struct og_str text = {0};
    assert_true(og_json_to_str(og_json_get(doc->root, name), &text));
    return text;
}

static void
people_read_key_value(void **state)
{
    (void)state;
    start_log(OG_LOG_INFO, OG_LOG_TEXT, false);
    og_log_info("lane", "batch done", "ops=%d took_ms=%.1f", 12, 3.5);
    assert_string_equal(line_after_time(), "INFO  lane: batch done ops=12 took_ms=3.5\n");
    start_log(OG_LOG_INFO, OG_LOG_TEXT, true);
    og_log_set_request(OG_STR("rq-1"));
    og_log_error("http", "lost", "");
    og_log_set_request((struct og_str){0});
    assert_string_equal(line_after_time(), "\033[31mERROR\033[0m http: lost request=rq-1\n");
}

static void
levels_are_kept(void **state)
{
    (void)state;
    start_log(OG_LOG_WARN, OG_LOG_TEXT, false);
    og_log_debug("base", "no", "");
    og_log_info("base", "no", "");
    assert_string_equal(read_log(), "");
    assert_false(og_log_enabled(OG_LOG_INFO));
    assert_true(og_log_enabled(OG_LOG_WARN));
    og_log_warn("base", "yes", "");
    assert_string_equal(line_after_time(), "WARN  base: yes\n");
    start_log(OG_LOG_WARN, OG_LOG_TEXT, false);
    og_log_set_level(OG_LOG_DEBUG);
    og_log_debug("base", "yes", "");
    assert_string_equal(line_after_time(), "DEBUG base: yes\n");
}

static void
foreign_bytes_are_escaped(void **state)
{
    (void)state;
    static const char foreign[] = "a\"\\\n\x1B[31m \xC2\x9B"
                                  "1m \xE2\x80\xAE \xFF \xF0\x9F\x98\x80";
    start_log(OG_LOG_INFO, OG_LOG_TEXT, false);
    og_log_info("http", "seen", "agent=%s bare=%s", og_log_quote(OG_STR(foreign)), "x\ny\x1B");
    assert_string_equal(line_after_time(),
                        "INFO  http: seen agent=\"a\\\"\\\\\\u000a\\u001b[31m \\u009b1m \\u202e "
                        "\\ufffd \\ud83d\\ude00\" bare=x\\u000ay\\u001b\n");
}

static void
machines_read_json(void **state)
{
    (void)state;
    static const char foreign[] = "a\" b=c\\\n\x1B \xFF \xF0\x9F\x98\x80";
    start_log(OG_LOG_INFO, OG_LOG_JSON, false);
    og_log_set_request(OG_STR("12345"));
    og_log_info("http", "seen \"it\"",
                "agent=%s ops=%d took=%.2f id=%s neg=-7 long=1234567890123456 word empty= bare=%s",
                og_log_quote(OG_STR(foreign)), 12, 3.25, "007", "x\ny\xFF\"");
    og_log_set_request((struct og_str){0});
    const char *line = read_log();
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    for (const char *c = line; *c != '\n'; c++) {
        assert_in_range(*c, 0x20, 0x7E);
    }
    struct og_json_doc doc;
    assert_int_equal(og_json_parse(og_str_from(line), 2, &doc, NULL), OG_OK);
    assert_true(og_str_eq(member_of(&doc, "level"), OG_STR("info")));
    assert_true(og_str_eq(member_of(&doc, "room"), OG_STR("http")));
    assert_true(og_str_eq(member_of(&doc, "message"), OG_STR("seen \"it\"")));
    assert_true(og_str_eq(member_of(&doc, "request"), OG_STR("12345")));
    assert_true(og_str_eq(member_of(&doc, "agent"),
                          OG_STR("a\" b=c\\\n\x1B \xEF\xBF\xBD \xF0\x9F\x98\x80")));
    assert_true(og_str_eq(member_of(&doc, "id"), OG_STR("007")));
    assert_true(og_str_eq(member_of(&doc, "note"), OG_STR("word")));
    assert_true(og_str_eq(member_of(&doc, "empty"), OG_STR("")));
    assert_true(og_str_eq(member_of(&doc, "long"), OG_STR("1234567890123456")));
    assert_true(og_str_eq(member_of(&doc, "bare"), OG_STR("x\ny\xEF\xBF\xBD\"")));
    assert_non_null(strstr(line, "\"ops\":12,\"took\":3.25,"));
    assert_non_null(strstr(line, "\"neg\":-7,"));
    og_json_doc_finish(&doc);
}

/* However long the fields are: one line, and still JSON. */
static void
long_lines_stay_whole(void **state)
{
    (void)state;
    static char longest[6000];
    memset(longest, 0xFF, sizeof(longest) - 1);
    for (size_t len = 600; len < sizeof(longest); len += 300) {
        for (int format = OG_LOG_TEXT; format <= OG_LOG_JSON; format++) {
            start_log(OG_LOG_INFO, (enum og_log_format)format, false);
            og_log_info("http", "long", "n=1 x=%.*s y=2", (int)len, longest);
            const char *line = read_log();
            assert_true(strlen(line) <= 4096);
            assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
            struct og_json_doc doc;
            if (format == OG_LOG_JSON) {
                assert_int_equal(og_json_parse(og_str_from(line), 2, &doc, NULL), OG_OK);
                og_json_doc_finish(&doc);
            }
        }
    }
}

static void
broken_quotes_stay_json(void **state)
{
    (void)state;
    static const char *const fields[] = {"a=\"", "a=\"x", "a=\"x\\", "a=\"x\"y b=1", "a=\"\\x\"",
                                         "a=\"\x01\"", "=", "==", "a=b=c", "   ", "a= =b"};
    for (size_t i = 0; i < COUNT(fields); i++) {
        start_log(OG_LOG_INFO, OG_LOG_JSON, false);
        og_log_info("http", "odd", "%s", fields[i]);
        struct og_json_doc doc;
        assert_int_equal(og_json_parse(og_str_from(read_log()), 2, &doc, NULL), OG_OK);
        og_json_doc_finish(&doc);
    }
}

static void
quotes_are_cut(void **state)
{
    (void)state;
    char longest[300];
    memset(longest, 'x', sizeof(longest));
    const char *quoted = og_log_quote((struct og_str){longest, sizeof(longest)});
    assert_int_equal(strlen(quoted), 202);
    memset(longest, 1, sizeof(longest));
    quoted = og_log_quote((struct og_str){longest, sizeof(longest)});
    assert_int_equal(strlen(quoted), 1202);
    assert_string_equal(og_log_quote((struct og_str){0}), "\"\"");
    const char *first = og_log_quote(OG_STR("1"));
    for (int i = 0; i < 7; i++) {
        og_log_quote(OG_STR("2"));
    }
    assert_string_equal(first, "\"1\"");
}

static void
a_limit_holds_lines_back(void **state)
{
    (void)state;
    static struct og_log_limit limit;
    int64_t held = -1;
    assert_true(og_log_limit_pass(&limit, 3600000, &held));
    assert_int_equal(held, 0);
    for (int i = 0; i < 5; i++) {
        assert_false(og_log_limit_pass(&limit, 3600000, &held));
    }
    atomic_store(&limit.next_at_ms, 0);
    assert_true(og_log_limit_pass(&limit, 3600000, &held));
    assert_int_equal(held, 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_key_value),
        cmocka_unit_test(levels_are_kept),
        cmocka_unit_test(foreign_bytes_are_escaped),
        cmocka_unit_test(machines_read_json),
        cmocka_unit_test(long_lines_stay_whole),
        cmocka_unit_test(broken_quotes_stay_json),
        cmocka_unit_test(quotes_are_cut),
        cmocka_unit_test(a_limit_holds_lines_back),
    };
    return cmocka_run_group_tests(tests, open_log, close_log);
}
