/*
 * What texts cost: the limits at both sides of each edge, whole tables against the JSON that they
 * were made from, and the measured templates of the domain notes (section 2.3).
 */
#include "tests/unit/check.h"

#include <string.h>

#include "base/buf.h"
#include "base/files.h"
#include "base/json.h"
#include "core/sms_text.h"

#define HASH "FA+9qCX9VSu"
#define DOMAIN_LINE "@example.com #482913"

static void
add_repeated(struct og_buf *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        og_buf_add_cstr(out, text);
    }
}

static void
test_req_56_segments(void **state)
{
    /* prefix, then `times` of text, then suffix */
    static const struct {
        const char *prefix;
        const char *text;
        size_t times;
        const char *suffix;
        enum og_sms_encoding encoding;
        size_t units;
        size_t segments;
    } rows[] = {
        {"", "a", 0, "", OG_SMS_GSM7, 0, 1},
        {"", "a", 1, "", OG_SMS_GSM7, 1, 1},
        {"", "a", 160, "", OG_SMS_GSM7, 160, 1},
        {"", "a", 161, "", OG_SMS_GSM7, 161, 2},
        {"", "a", 306, "", OG_SMS_GSM7, 306, 2},
        {"", "a", 307, "", OG_SMS_GSM7, 307, 3},
        {"", "€", 1, "", OG_SMS_GSM7, 2, 1},
        {"", "€", 80, "", OG_SMS_GSM7, 160, 1},
        {"", "€", 81, "", OG_SMS_GSM7, 162, 2},
        {"", "€", 152, "", OG_SMS_GSM7, 304, 2}, /* 76 pairs and an idle septet in each part */
        {"", "€", 153, "", OG_SMS_GSM7, 306, 3}, /* 306 would fit if pairs could be split */
        {"a", "€", 152, "", OG_SMS_GSM7, 305, 2},
        {"a", "€", 152, "a", OG_SMS_GSM7, 306, 2},
        {"", "€", 152, "aa", OG_SMS_GSM7, 306, 3},
        {"a", "€", 76, "a", OG_SMS_GSM7, 154, 1},
        {"", "[", 3, "", OG_SMS_GSM7, 6, 1},
        {"", "ж", 70, "", OG_SMS_UCS2, 70, 1},
        {"", "ж", 71, "", OG_SMS_UCS2, 71, 2},
        {"", "ж", 134, "", OG_SMS_UCS2, 134, 2},
        {"", "ж", 135, "", OG_SMS_UCS2, 135, 3},
        {"", "a", 69, "ж", OG_SMS_UCS2, 70, 1},
        {"", "€", 69, "ж", OG_SMS_UCS2, 70, 1}, /* one unit each in UCS-2 */
        {"", "😀", 1, "", OG_SMS_UCS2, 2, 1},
        {"", "😀", 35, "", OG_SMS_UCS2, 70, 1},
        {"", "😀", 36, "", OG_SMS_UCS2, 72, 2},
        {"", "😀", 66, "", OG_SMS_UCS2, 132, 2}, /* 33 pairs and an idle unit in each part */
        {"", "😀", 67, "", OG_SMS_UCS2, 134, 3},
        {"a", "😀", 66, "", OG_SMS_UCS2, 133, 2},
        {"a", "😀", 66, "a", OG_SMS_UCS2, 134, 2},
        {"", "😀", 66, "aa", OG_SMS_UCS2, 134, 3},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_buf text;
        struct og_sms_size size;
        og_buf_init(&text, 4096);
        og_buf_add_cstr(&text, rows[i].prefix);
        add_repeated(&text, rows[i].text, rows[i].times);
        og_buf_add_cstr(&text, rows[i].suffix);
        assert_true(og_sms_measure(og_buf_str(&text), &size));
        if (size.encoding != rows[i].encoding || size.units != rows[i].units ||
            size.segments != rows[i].segments) {
            fail_msg("row %zu: %s, %zu units, %zu segments", i,
                     og_sms_encoding_name(size.encoding), size.units, size.segments);
        }
        assert_int_equal(size.bytes, text.len);
        og_buf_finish(&text);
    }
}

static void
test_templates(void **state)
{
    static const struct {
        const char *text;
        enum og_sms_encoding encoding;
        size_t units;
        size_t segments;
        size_t bytes;
    } rows[] = {
        {"482913 is your ExampleApp code. Never share it.\n\n" HASH "\n" DOMAIN_LINE, OG_SMS_GSM7,
         81, 1, 81},
        {"482913 is your ExampleBank code.\n\n" HASH "\n@shop.example #482913 @bank.example",
         OG_SMS_GSM7, 81, 1, 81},
        {"482913 approves EUR 49.90 to ACME. Not you? Call us.\n" HASH "\n@bank.example #482913",
         OG_SMS_GSM7, 86, 1, 86},
        {"482913 ist Ihr ExampleApp-Code. Nicht weitergeben.\n\n" HASH "\n" DOMAIN_LINE,
         OG_SMS_GSM7, 84, 1, 84},
        {"482913 es tu codigo de ExampleApp. No lo compartas.\n\n" HASH "\n" DOMAIN_LINE,
         OG_SMS_GSM7, 85, 1, 85},
        {"482913 es tu código de ExampleApp. No lo compartas.\n\n" HASH "\n" DOMAIN_LINE,
         OG_SMS_UCS2, 85, 2, 86},
        {"482913 ExampleApp kodunuz. Kimseyle paylaşmayın.\n\n" HASH "\n" DOMAIN_LINE,
         OG_SMS_UCS2, 82, 2, 84},
        {"482913 ExampleApp kodunuz. Kimseyle paylasmayin.\n\n" HASH "\n" DOMAIN_LINE,
         OG_SMS_GSM7, 82, 1, 82},
        {"482913 — ваш код ExampleApp\n" HASH "\n" DOMAIN_LINE, OG_SMS_UCS2, 60, 1, 68},
        {"482913 - код ExampleApp. Никому не сообщайте.\n" HASH "\n" DOMAIN_LINE, OG_SMS_UCS2, 78,
         2, 98},
        {"482913 is your ExampleApp code. Don’t share it.\n" HASH "\n@a.co #482913", OG_SMS_UCS2,
         73, 2, 75},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_sms_size size;
        assert_true(og_sms_measure(og_str_from(rows[i].text), &size));
        if (size.encoding != rows[i].encoding || size.units != rows[i].units ||
            size.segments != rows[i].segments || size.bytes != rows[i].bytes) {
            fail_msg("row %zu: %s, %zu units, %zu segments, %zu bytes", i,
                     og_sms_encoding_name(size.encoding), size.units, size.segments, size.bytes);
        }
    }
}

static void
test_foreign(void **state)
{
    static const struct {
        const char *text;
        uint32_t foreign_char;
        size_t foreign_index;
    } rows[] = {
        {"482913 es tu código", 0x00F3, 14}, {"plain €[]", 0, 0}, {"`", '`', 0},
        {"çÇ", 0x00E7, 0},                   {"Çç", 0x00E7, 1},   {"naïve ж", 0x00EF, 2},
        {"ok\t", '\t', 2},                   {"😀", 0x1F600, 0},  {"a\xC2\xA0", 0xA0, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_sms_size size;
        assert_true(og_sms_measure(og_str_from(rows[i].text), &size));
        assert_int_equal(size.foreign_char, rows[i].foreign_char);
        assert_int_equal(size.foreign_index, rows[i].foreign_index);
        assert_int_equal(size.encoding, rows[i].foreign_char ? OG_SMS_UCS2 : OG_SMS_GSM7);
    }
}

/* NUL is a character like any other, and not one of GSM-7. */
static void
test_nul(void **state)
{
    struct og_sms_size size;
    assert_true(og_sms_measure(OG_STR("ab\0"), &size));
    assert_int_equal(size.encoding, OG_SMS_UCS2);
    assert_int_equal(size.units, 3);
    assert_int_equal(size.foreign_char, 0);
    assert_int_equal(size.foreign_index, 2);
}

static void
test_not_utf8(void **state)
{
    static const char *const rows[] = {"\xC3",         "a\x80",        "\xC0\xAF",
                                       "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_sms_size size;
        assert_false(og_sms_measure(og_str_from(rows[i]), &size));
        assert_int_equal(size.units, 0);
    }
}

static uint32_t
hex(struct og_str text)
{
    char digits[9] = {0};
    assert_true(text.len < sizeof(digits));
    memcpy(digits, text.ptr, text.len);
    return (uint32_t)strtoul(digits, NULL, 16);
}

static bool
note_extension(void *ctx, struct og_str name, const struct og_json *value)
{
    struct og_str point;
    assert_true(og_json_to_str(value, &point));
    ((uint8_t *)ctx)[hex(point)] = 2;
    return true;
}

static bool
check_suggestion(void *ctx, struct og_str name, const struct og_json *value)
{
    struct og_str text;
    uint32_t point = hex(name);
    assert_true(og_json_to_str(value, &text));
    if (og_sms_gsm7_cost(point) > 0) {
        assert_null(og_sms_suggestion(point));
        return true;
    }
    assert_non_null(og_sms_suggestion(point));
    assert_str(text, og_sms_suggestion(point));
    ++*(size_t *)ctx;
    return true;
}

/* Every character of the basic plane costs what the JSON says. */
static void
test_table(void **state)
{
    static uint8_t cost[0x10000];
    struct og_buf text;
    struct og_json_doc doc = {0};
    size_t suggestions = 0;

    og_buf_init(&text, 1 << 20);
    assert_int_equal(OG_OK, og_file_read(CORE_DATA_DIR "/gsm0338.json", &text, NULL));
    assert_int_equal(OG_OK, og_json_parse(og_buf_str(&text), 8, &doc, NULL));
    const struct og_json *points = og_json_get(doc.root, "default");
    assert_int_equal(og_json_count(points), 128);
    for (size_t i = 0; i < 128; i++) {
        struct og_str point;
        if (og_json_to_str(og_json_at(points, i), &point)) {
            cost[hex(point)] = 1;
        } else {
            assert_int_equal(i, 0x1B);
        }
    }
    og_json_each(og_json_get(doc.root, "extension"), note_extension, cost);
    for (uint32_t c = 0; c < 0x10000; c++) {
        if (og_sms_gsm7_cost(c) != cost[c]) {
            fail_msg("U+%04X costs %u, not %u", c, og_sms_gsm7_cost(c), cost[c]);
        }
    }
    assert_int_equal(og_sms_gsm7_cost(0x1F600), 0);
    og_json_each(og_json_get(doc.root, "transliteration_suggestions"), check_suggestion,
                 &suggestions);
    assert_true(suggestions > 200);
    assert_null(og_sms_suggestion('a'));
    assert_null(og_sms_suggestion(0x10FFFF));
    og_json_doc_finish(&doc);
    og_buf_finish(&text);
}

static void
test_flaws(void **state)
{
    static const struct {
        struct og_str text;
        enum og_sms_flaw_kind kind;
        uint32_t codepoint;
        size_t index;
        bool only_single_line; /* fine where several lines are */
    } rows[] = {
        {TEXT(""), OG_SMS_FLAW_NONE, 0, 0, false},
        {TEXT("Grüße 😀 سلام"), OG_SMS_FLAW_NONE, 0, 0, false},
        {TEXT("a\nb"), OG_SMS_FLAW_CONTROL, '\n', 1, true},
        {TEXT("a\r\nb"), OG_SMS_FLAW_CONTROL, '\r', 1, true},
        {TEXT("a\rb"), OG_SMS_FLAW_CONTROL, '\r', 1, false},
        {TEXT("ab\r"), OG_SMS_FLAW_CONTROL, '\r', 2, false},
        {TEXT("a\0b"), OG_SMS_FLAW_CONTROL, 0, 1, false},
        {TEXT("\t"), OG_SMS_FLAW_CONTROL, '\t', 0, false},
        {TEXT("\f"), OG_SMS_FLAW_CONTROL, '\f', 0, false}, /* GSM-7 has it, people do not need it */
        {TEXT("\x1B[31m"), OG_SMS_FLAW_CONTROL, 0x1B, 0, false},
        {TEXT("é\x7F"), OG_SMS_FLAW_CONTROL, 0x7F, 1, false},
        {TEXT("\xC2\x85"), OG_SMS_FLAW_CONTROL, 0x85, 0, false},
        {TEXT("\xE2\x80\xA8"), OG_SMS_FLAW_CONTROL, 0x2028, 0, false},
        {TEXT("é\xE2\x80\xAE"), OG_SMS_FLAW_BIDI, 0x202E, 1, false},
        {TEXT("\xE2\x80\xAA"), OG_SMS_FLAW_BIDI, 0x202A, 0, false},
        {TEXT("\xE2\x81\xA6"), OG_SMS_FLAW_BIDI, 0x2066, 0, false},
        {TEXT("\xE2\x81\xA9"), OG_SMS_FLAW_BIDI, 0x2069, 0, false},
        {TEXT("\xE2\x80\x8B"), OG_SMS_FLAW_INVISIBLE, 0x200B, 0, false},
        {TEXT("\xEF\xBB\xBF" "a"), OG_SMS_FLAW_INVISIBLE, 0xFEFF, 0, false},
        {TEXT("ab\xFF"), OG_SMS_FLAW_ENCODING, UINT32_MAX, 2, false},
        {TEXT("\xE2\x80\x8D"), OG_SMS_FLAW_NONE, 0, 0, false}, /* joins emoji and Persian letters */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char bytes[64];
        struct og_str text = {bytes, rows[i].text.len};
        memcpy(bytes, rows[i].text.ptr, text.len);
        bytes[text.len] = '\n'; /* is not looked at: it would excuse a CR at the end */
        struct og_sms_flaw flaw = og_sms_find_flaw(text);
        bool clean = rows[i].kind == OG_SMS_FLAW_NONE;
        assert_int_equal(flaw.kind, rows[i].only_single_line ? OG_SMS_FLAW_NONE : rows[i].kind);
        if (flaw.kind != OG_SMS_FLAW_NONE) {
            assert_int_equal(flaw.codepoint, rows[i].codepoint);
            assert_int_equal(flaw.index, rows[i].index);
        }
        assert_int_equal(og_sms_check(text, false, "name", NULL),
                         clean ? OG_OK : OG_E_UNPROCESSABLE);
    }
}

static void
test_check_says_where(void **state)
{
    struct og_err err;

    assert_int_equal(OG_E_UNPROCESSABLE,
                     og_sms_check(OG_STR("ab\xE2\x80\xAE"), true, "brand", &err));
    assert_string_equal(err.field, "brand");
    assert_non_null(strstr(err.text, "U+202E"));
    assert_non_null(strstr(err.text, "character 3"));
    assert_int_equal(OG_E_UNPROCESSABLE, og_sms_check(OG_STR("a\xFF"), true, "brand", &err));
    assert_non_null(strstr(err.text, "UTF-8"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_56_segments),    cmocka_unit_test(test_templates),
        cmocka_unit_test(test_foreign),     cmocka_unit_test(test_nul),
        cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_table),       cmocka_unit_test(test_flaws),
        cmocka_unit_test(test_check_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
