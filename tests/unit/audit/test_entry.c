/*
 * Entries as lines: the exact bytes, foreign bytes in every field, and reading them back.
 */
#include "tests/unit/audit/audit_fixture.h"

#include "base/json.h"

static struct og_str
write_line(struct og_buf *out, const struct og_audit_event *event)
{
    struct og_audit_entry entry = {.seq = 7, .at_ms = NOON, .event = *event};
    memset(entry.prev, 0xAB, sizeof entry.prev);
    og_buf_init(out, OG_AUDIT_LINE_MAX);
    og_audit_entry_write(&entry, out);
    assert_false(out->full);
    return og_buf_str(out);
}

#define PREV "abababababababababababababababababababababababababababababababab"

static void
test_the_bytes_of_a_line(void **state)
{
    static const char expected[] =
        "{\"account\":\"acc-1\",\"actor\":\"key-1\",\"country\":\"DE\",\"detail\":\"limit=5\","
        "\"id\":\"v-1\",\"ip\":\"192.0.2.7\",\"kind\":\"otp.start.refused\",\"prev\":\"" PREV
        "\",\"purpose\":\"login\",\"reason\":\"locked\",\"request\":\"req-1\",\"seq\":7,"
        "\"subject\":\"s-1\",\"to\":\"+49 \u2022\u2022 78\",\"ts\":\"2026-01-01T12:00:00.000Z\"}";
    struct og_buf line;
    (void)state;
    struct og_str text = write_line(&line, &(struct og_audit_event){
                                               .kind = OG_AUDIT_OTP_START_REFUSED,
                                               .account = OG_STR("acc-1"),
                                               .actor = OG_STR("key-1"),
                                               .object = OG_STR("v-1"),
                                               .subject = OG_STR("s-1"),
                                               .masked = OG_STR("+49 \u2022\u2022 78"),
                                               .country = OG_STR("DE"),
                                               .purpose = OG_STR("login"),
                                               .reason = OG_STR("locked"),
                                               .detail = OG_STR("limit=5"),
                                               .ip = OG_STR("192.0.2.7"),
                                               .request = OG_STR("req-1")});
    assert_string_equal(text.ptr, expected);
    og_buf_finish(&line);
}

static void
test_req_83_foreign_bytes_stay_inside_their_field(void **state)
{
    static const struct og_str evil[] = {
        {"a\",\"kind\":\"otp.check.ok", 23},
        {"a\r\nb\x1B[31m", 9},
        {"\0\x7F|=]\\\"", 7},
        {"\xFF\xFE\xC0\xAF", 4},
        {"\xE2\x80\xA8\xE2\x80\xA9", 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        struct og_buf line;
        struct og_arena mem;
        struct og_audit_entry entry;
        struct og_err err = {0};
        struct og_str text =
            write_line(&line, &(struct og_audit_event){.kind = OG_AUDIT_OTP_CHECK_WRONG,
                                                       .account = evil[i],
                                                       .purpose = evil[i],
                                                       .detail = evil[i]});
        for (size_t at = 0; at < text.len; at++) {
            assert_true((unsigned char)text.ptr[at] >= 0x20);
        }
        assert_true(og_str_is_utf8(text));
        og_arena_init(&mem, 0);
        enum og_code code = og_audit_entry_read(text, &mem, &entry, &err);
        if (memchr(evil[i].ptr, 0, evil[i].len)) {
            assert_int_equal(code, OG_E_INVALID); /* our reader takes no NUL in texts */
        } else {
            assert_int_equal(code, OG_OK);
            assert_int_equal(entry.event.kind, OG_AUDIT_OTP_CHECK_WRONG);
            assert_true(og_str_eq(entry.event.account, entry.event.detail));
        }
        og_arena_finish(&mem);
        og_buf_finish(&line);
    }
}

static void
test_long_fields_are_cut_between_characters(void **state)
{
    char longer[OG_AUDIT_FIELD_MAX * 2];
    struct og_buf line;
    (void)state;
    for (size_t i = 0; i < sizeof longer; i++) {
        longer[i] = "\xE2\x82\xAC"[i % 3]; /* the euro sign */
    }
    struct og_str text = write_line(
        &line, &(struct og_audit_event){.kind = OG_AUDIT_OTP_CHECK_WRONG,
                                        .purpose = {longer, sizeof longer}});
    assert_true(og_str_is_utf8(text));
    assert_null(strstr(text.ptr, "\xEF\xBF\xBD"));
    assert_true(text.len < OG_AUDIT_FIELD_MAX + 300);
    og_buf_finish(&line);
}

static void
test_every_kind_can_be_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < OG_AUDIT_KIND_COUNT; i++) {
        const struct og_audit_kind_row *row = &og_audit_kind_rows[i];
        enum og_audit_kind kind = OG_AUDIT_KIND_COUNT;
        assert_true(og_audit_kind_find(og_str_from(row->name), &kind));
        assert_int_equal(kind, i);
        assert_true(row->severity >= 1 && row->severity <= 6);
        assert_true(row->title[0] && row->category[0] && row->type[0] && row->outcome[0]);
    }
    enum og_audit_kind kind;
    assert_false(og_audit_kind_find(OG_STR("otp.check"), &kind));
}

static void
test_what_is_no_entry_is_refused(void **state)
{
    static const struct {
        const char *line;
        const char *field;
    } cases[] = {
        {"", ""},
        {"[]", ""},
        {"{}", "seq"},
        {"{\"seq\":1}", "prev"},
        {"{\"seq\":1,\"prev\":\"ab\"}", "prev"},
        {"{\"seq\":1,\"prev\":\"" PREV "\"}", "ts"},
        {"{\"seq\":1,\"prev\":\"" PREV "\",\"ts\":\"now\"}", "ts"},
        {"{\"seq\":1,\"prev\":\"" PREV "\",\"ts\":\"2026-01-01T12:00:00Z\"}", "kind"},
        {"{\"seq\":1,\"prev\":\"" PREV "\",\"ts\":\"2026-01-01T12:00:00Z\",\"kind\":\"x\","
         "\"account\":1}",
         "account"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_arena mem;
        struct og_audit_entry entry;
        struct og_err err = {0};
        og_arena_init(&mem, 0);
        assert_int_equal(og_audit_entry_read(og_str_from(cases[i].line), &mem, &entry, &err),
                         OG_E_INVALID);
        assert_string_equal(err.field, cases[i].field);
        og_arena_finish(&mem);
    }
}

static void
test_kinds_of_later_versions_can_be_read(void **state)
{
    struct og_arena mem;
    struct og_audit_entry entry;
    struct og_err err = {0};
    (void)state;
    og_arena_init(&mem, 0);
    assert_int_equal(og_audit_entry_read(OG_STR("{\"kind\":\"new.kind\",\"prev\":\"" PREV
                                                "\",\"seq\":3,\"ts\":\"2026-01-01T12:00:00.5Z\","
                                                "\"zebra\":{}}"),
                                         &mem, &entry, &err),
                     OG_OK);
    assert_false(entry.is_known);
    assert_string_equal(entry.kind_name.ptr, "new.kind");
    assert_int_equal(entry.at_ms, NOON + 500);
    og_arena_finish(&mem);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bytes_of_a_line),
        cmocka_unit_test(test_req_83_foreign_bytes_stay_inside_their_field),
        cmocka_unit_test(test_long_fields_are_cut_between_characters),
        cmocka_unit_test(test_every_kind_can_be_found_by_its_name),
        cmocka_unit_test(test_what_is_no_entry_is_refused),
        cmocka_unit_test(test_kinds_of_later_versions_can_be_read),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
