/*
 * Golden files: one entry as every receiver sees it, and one whose every field tries to break out.
 * The bytes in golden/ were made from the rules of the formats, not by the code under test.
 */
#include "tests/unit/audit/audit_fixture.h"

#include <stdlib.h>

#include "audit/format.h"

static const struct og_audit_source source = {"gateway.example", "1.2.3"};

static const struct og_audit_event plain = {
    .kind = OG_AUDIT_OTP_CHECK_WRONG,
    .account = {"acc-1", 5},
    .actor = {"key-1", 5},
    .object = {"v-1", 3},
    .subject = {"s-1", 3},
    .masked = {"+49 \u2022\u2022\u2022 78", 16},
    .country = {"DE", 2},
    .purpose = {"login", 5},
    .reason = {"wrong", 5},
    .detail = {"left=4", 6},
    .ip = {"192.0.2.7", 9},
    .request = {"r-81", 4},
};

/* What ends a line, a field, a header or an escape in any of the forms, and bytes that are no text.
 */
#define EVIL "a\r\n<0>1 b|c=d\"e]f\\g\x1B[31m\x7F\x85\xFF\xC0\xAFh"
#define EVIL_STR {EVIL, sizeof EVIL - 1}

static const struct og_audit_event evil = {
    .kind = OG_AUDIT_OTP_START_REFUSED,
    .account = EVIL_STR,
    .actor = EVIL_STR,
    .object = EVIL_STR,
    .subject = EVIL_STR,
    .masked = EVIL_STR,
    .country = EVIL_STR,
    .purpose = EVIL_STR,
    .reason = EVIL_STR,
    .detail = EVIL_STR,
    .ip = {"2001:db8::1", 11},
    .request = EVIL_STR,
};

/* From the event to the line, back to an entry, to the form: the way of a real one. */
static void
format_event(enum og_audit_format format, const struct og_audit_event *event, struct og_buf *out)
{
    struct og_audit_entry entry = {.seq = 7, .at_ms = NOON + 120, .event = *event}, read;
    struct og_buf line;
    struct og_arena mem;
    struct og_err err = {0};
    og_buf_init(&line, OG_AUDIT_LINE_MAX);
    og_arena_init(&mem, 0);
    og_audit_entry_write(&entry, &line);
    assert_int_equal(og_audit_entry_read(og_buf_str(&line), &mem, &read, &err), OG_OK);
    og_audit_format_write(format, &source, &read, og_buf_str(&line), out);
    og_arena_finish(&mem);
    og_buf_finish(&line);
}

static void
read_golden(const char *name, char *out, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s is not there", path);
    }
    size_t len = fread(out, 1, size - 1, file);
    out[len] = '\0';
    fclose(file);
}

static void
check_golden(enum og_audit_format format, const char *name, const struct og_audit_event *event)
{
    static char expected[65536];
    struct og_buf out;
    og_buf_init(&out, sizeof expected);
    format_event(format, event, &out);
    assert_false(out.full);
    read_golden(name, expected, sizeof expected);
    assert_string_equal(out.ptr, expected);
    /* one line, and nothing in it that a terminal or a parser of lines would obey */
    assert_ptr_equal(strchr(out.ptr, '\n'), out.ptr + out.len - 1);
    for (size_t i = 0; i + 1 < out.len; i++) {
        assert_true((unsigned char)out.ptr[i] >= 0x20 && out.ptr[i] != 0x7F);
    }
    assert_true(og_str_is_utf8(og_buf_str(&out)));
    og_buf_finish(&out);
}

static void
test_req_83_each_form_is_as_its_golden_file(void **state)
{
    static const struct {
        enum og_audit_format format;
        const char *plain, *evil;
    } files[] = {
        {OG_AUDIT_FORMAT_JSON, "plain.json", "evil.json"},
        {OG_AUDIT_FORMAT_SYSLOG, "plain.syslog", "evil.syslog"},
        {OG_AUDIT_FORMAT_CEF, "plain.cef", "evil.cef"},
        {OG_AUDIT_FORMAT_ECS, "plain.ecs", "evil.ecs"},
        {OG_AUDIT_FORMAT_HEC, "plain.hec", "evil.hec"},
        {OG_AUDIT_FORMAT_EMF, "plain.emf", "evil.emf"},
    };
    (void)state;
    assert_int_equal(sizeof files / sizeof files[0], OG_AUDIT_FORMAT_COUNT);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        check_golden(files[i].format, files[i].plain, &plain);
        check_golden(files[i].format, files[i].evil, &evil);
    }
}

/* Names, titles and severities are what receivers' rules are made of: none changes unseen. */
static void
test_every_kind_in_every_form(void **state)
{
    static const struct {
        enum og_audit_format format;
        const char *golden; /* a line for each kind; NULL: the line is in `plain` but for its name */
    } files[] = {
        {OG_AUDIT_FORMAT_JSON, NULL},           {OG_AUDIT_FORMAT_SYSLOG, "kinds.syslog"},
        {OG_AUDIT_FORMAT_CEF, "kinds.cef"},     {OG_AUDIT_FORMAT_ECS, "kinds.ecs"},
        {OG_AUDIT_FORMAT_HEC, NULL},            {OG_AUDIT_FORMAT_EMF, NULL},
    };
    static char expected[65536];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct og_buf out;
        og_buf_init(&out, sizeof expected);
        for (int kind = 0; kind < OG_AUDIT_KIND_COUNT; kind++) {
            const size_t start = out.len;
            format_event(files[i].format,
                         &(struct og_audit_event){.kind = (enum og_audit_kind)kind}, &out);
            assert_non_null(strstr(out.ptr + start, og_audit_kind_rows[kind].name));
        }
        assert_false(out.full);
        if (files[i].golden) {
            read_golden(files[i].golden, expected, sizeof expected);
            assert_string_equal(out.ptr, expected);
        }
        og_buf_finish(&out);
    }
}

static void
test_words_of_formats(void **state)
{
    enum og_audit_format format;
    (void)state;
    assert_true(og_audit_format_find(OG_STR("cef"), &format));
    assert_int_equal(format, OG_AUDIT_FORMAT_CEF);
    assert_false(og_audit_format_find(OG_STR("xml"), &format));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_83_each_form_is_as_its_golden_file),
        cmocka_unit_test(test_every_kind_in_every_form),
        cmocka_unit_test(test_words_of_formats),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
