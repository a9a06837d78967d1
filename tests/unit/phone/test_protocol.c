/* What the phone writes and how it reads: dates, pulls, settings, webhooks, events, reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "phone/date.h"
#include "phone/profile.h"
#include "phone/protocol.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOON_MS INT64_C(1767355200000) /* 2026-01-02T12:00:00Z */

/* ---- dates ---- */

static void
test_dates_read(void **state)
{
    static const struct {
        const char *text;
        enum og_date_verdict verdict;
        int64_t offset_ms; /* from NOON_MS */
    } cases[] = {
        {"2026-01-02T12:00:00.123Z", OG_DATE_RIGHT, 123},
        {"2026-01-02T12:00:00Z", OG_DATE_RIGHT, 0},
        {"2026-01-02T19:00:00.123+07:00", OG_DATE_ODD, 123},
        {"2026-01-02T03:30:00-08:30", OG_DATE_ODD, 0},
        {"2026-01-02T12:00:00.12Z", OG_DATE_MISREAD, 12},
        {"2026-01-02T12:00:00.1Z", OG_DATE_MISREAD, 1},
        {"2026-01-02T12:00:00.123456Z", OG_DATE_MISREAD, 123456},
        {"2026-01-02T12:00:00.123456789Z", OG_DATE_MISREAD, 123456789},
        {"2026-01-02T12:00:00.123", OG_DATE_REFUSED, 0},
        {"2026-01-02T12:00:00", OG_DATE_REFUSED, 0},
        {"", OG_DATE_REFUSED, 0},
        {"1767355200", OG_DATE_REFUSED, 0},
        {"2026-01-02 12:00:00Z", OG_DATE_REFUSED, 0},
        {"2026-13-02T12:00:00Z", OG_DATE_REFUSED, 0},
        {"2026-01-02T24:00:00Z", OG_DATE_REFUSED, 0},
        {"2026-01-02T12:00:00.Z", OG_DATE_REFUSED, 0},
        {"2026-01-02T12:00:00.1234567890Z", OG_DATE_REFUSED, 0},
        {"2026-01-02T12:00:00Zjunk", OG_DATE_REFUSED, 0},
        {"2026-01-02T12:00:00+0700", OG_DATE_REFUSED, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t at_ms = NOON_MS;
        enum og_date_verdict verdict = og_phone_date_read(og_str_from(cases[i].text), &at_ms);
        if (verdict != cases[i].verdict || at_ms - NOON_MS != cases[i].offset_ms) {
            fail_msg("%s: verdict %d, offset %lld", cases[i].text, verdict,
                     (long long)(at_ms - NOON_MS));
        }
    }
}

static void
test_dates_written(void **state)
{
    static const struct {
        int64_t at_ms, zone_minutes;
        const char *text;
    } cases[] = {
        {NOON_MS + 7, 0, "2026-01-02T12:00:00.007Z"},
        {NOON_MS, 7 * 60, "2026-01-02T19:00:00.000+07:00"},
        {NOON_MS, -(3 * 60 + 30), "2026-01-02T08:30:00.000-03:30"},
        {NOON_MS, 12 * 60, "2026-01-03T00:00:00.000+12:00"},
        {951782400000, 0, "2000-02-29T00:00:00.000Z"},
        {0, 0, "1970-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[OG_PHONE_DATE_BYTES];
        int64_t back;
        og_phone_date_write(cases[i].at_ms, cases[i].zone_minutes, text);
        assert_string_equal(text, cases[i].text);
        assert_int_not_equal(og_phone_date_read(og_str_from(text), &back), OG_DATE_REFUSED);
        assert_int_equal(back, cases[i].at_ms);
    }
}

/* ---- reading answers: the violations that a body shows, as names in order ---- */

struct noted {
    char text[512];
};

static void
note(void *ctx, enum og_violation violation, struct og_str about)
{
    struct noted *noted = ctx;
    size_t len = strlen(noted->text);
    snprintf(noted->text + len, sizeof(noted->text) - len, "%s ", og_violation_name(violation));
}

#define FIRST "{\"id\":\"m1\",\"message\":\"hi\",\"textMessage\":{\"text\":\"hi\"},"
#define REST                                                                                       \
    "\"phoneNumbers\":[\"+15550100001\"],\"withDeliveryReport\":true,\"state\":\"Pending\","       \
    "\"createdAt\":\"2026-01-02T12:00:00.000Z\"}"
#define GOOD FIRST REST
#define WITH(members) "[" FIRST members "," REST "]"

static const struct {
    const char *body;
    int count; /* of messages that the app can take; -1: the answer is lost whole */
    const char *notes;
} pulls[] = {
    {"[]", 0, ""},
    {" [ ] ", 0, ""},
    {"[" GOOD "]", 1, ""},
    {"[" FIRST "\"unknown\":[1,{}]," REST "]", 1, ""},
    {WITH("\"priority\":127"), 1, ""},
    {WITH("\"priority\":200"), 1, "priority "},
    {WITH("\"priority\":256"), -1, "priority "},
    {WITH("\"priority\":1.5"), -1, "wrong_type "},
    {WITH("\"validUntil\":\"2026-01-02T12:00:00.12Z\""), 1, "date_misread "},
    {WITH("\"validUntil\":\"2026-01-02T12:00:00+01:00\""), 1, "date_zone "},
    {WITH("\"validUntil\":\"2026-01-02T12:00:00\""), -1, "date_refused "},
    {WITH("\"validUntil\":1767355200"), -1, "wrong_type "},
    {WITH("\"validUntil\":null"), 1, ""},
    {WITH("\"simNumber\":2"), 1, ""},
    {WITH("\"simNumber\":4"), 1, "wrong_type "},
    {WITH("\"isEncrypted\":\"yes\""), -1, "wrong_type "},
    {WITH("\"dataMessage\":{\"data\":\"aGk=\",\"port\":1}"), 0, "no_content "},
    {"[" FIRST "\"phoneNumbers\":[\"1\",\"2\",\"1\"],\"withDeliveryReport\":true,"
     "\"state\":\"Pending\",\"createdAt\":\"2026-01-02T12:00:00.000Z\"}]", 0, "number_repeated "},
    {"[{\"id\":\"m1\"," REST "]", 0, "no_content "},
    {"[{\"id\":\"m1\",\"message\":\"a\",\"textMessage\":{\"text\":\"b\"}," REST "]", 1,
     "texts_differ "},
    {"[{\"id\":\"m1\",\"message\":\"a\"," REST "]", 1, ""},
    {"[{\"id\":\"m1\",\"dataMessage\":{\"data\":\"aGk=\",\"port\":70000}," REST "]", -1,
     "wrong_type "},
    {"[{\"id\":\"m1\",\"dataMessage\":{\"data\":\"aGk=\",\"port\":7}," REST "]", 1, ""},
    {"[{\"id\":\"a|b\",\"message\":\"a\"," REST "]", 0, "id_form "},
    {"[{\"id\":\"\",\"message\":\"a\"," REST "]", 0, "id_form "},
    {"[{\"id\":\"1234567890123456789012345678901234567\",\"message\":\"a\"," REST "]", 0,
     "id_form "},
    {"[{\"message\":\"a\"," REST "]", 0, "missing "},
    {"[{\"message\":\"a\"," REST "," GOOD "]", 1, "missing "}, /* the others proceed */
    {"[{\"id\":7,\"message\":\"a\"," REST "]", -1, "wrong_type "},
    {"[{\"id\":\"m1\",\"message\":\"a\",\"phoneNumbers\":[],\"withDeliveryReport\":true,"
     "\"state\":\"Pending\",\"createdAt\":\"2026-01-02T12:00:00.000Z\"}]", 0, "missing "},
    {"[{\"id\":\"m1\",\"message\":\"a\",\"phoneNumbers\":[\"+1\"],\"state\":\"Sent\"}]", 1,
     "unknown_state missing missing "},
    {"[1]", -1, "wrong_type "},
    {"null", -1, "not_json "},
    {"", -1, "not_json "},
    {"{}", -1, "not_json "},
    {"[" GOOD, -1, "not_json "},
    {"[[[[[[[[[[[[]]]]]]]]]]]]", -1, "not_json "},
};

static void
test_pulls(void **state)
{
    for (size_t i = 0; i < COUNT(pulls); i++) {
        struct noted noted = {{0}};
        struct og_notes notes = {note, &noted};
        struct og_arena mem;
        struct og_pull pull;
        og_arena_init(&mem, 0);
        bool is_fine = og_proto_read_pull(og_str_from(pulls[i].body), &mem, &notes, &pull);
        if (is_fine != (pulls[i].count >= 0) || strcmp(noted.text, pulls[i].notes) != 0 ||
            (is_fine && (int)pull.count != pulls[i].count)) {
            fail_msg("%s: fine %d, %zu messages, notes %s", pulls[i].body, is_fine, pull.count,
                     noted.text);
        }
        og_arena_finish(&mem);
    }
}

static void
test_pull_content(void **state)
{
    struct noted noted = {{0}};
    struct og_notes notes = {note, &noted};
    struct og_arena mem;
    struct og_pull pull;
    og_arena_init(&mem, 0);
    assert_true(og_proto_read_pull(
        OG_STR("[{\"id\":\"x\",\"message\":\"t\",\"textMessage\":{\"text\":\"t\"},"
               "\"phoneNumbers\":[\"+1\",\"+2\"],\"withDeliveryReport\":false,\"priority\":-3,"
               "\"simNumber\":2,\"ttl\":299,\"validUntil\":\"2026-01-02T12:00:01.000Z\","
               "\"scheduleAt\":\"2026-01-02T12:00:00.500Z\",\"state\":\"Cancelling\","
               "\"isEncrypted\":true,\"createdAt\":\"2026-01-02T12:00:00.250Z\"}]"),
        &mem, &notes, &pull));
    const struct og_pull_item *item = &pull.items[0];
    assert_string_equal(noted.text, "");
    assert_int_equal(item->state, OG_SMS_CANCELLING);
    assert_int_equal(item->numbers.count, 2);
    assert_true(og_str_eq(item->numbers.items[1], OG_STR("+2")));
    assert_true(og_str_eq(item->text, OG_STR("t")));
    assert_false(item->want_report);
    assert_true(item->is_encrypted);
    assert_int_equal(item->priority, -3);
    assert_int_equal(item->sim_number, 2);
    assert_int_equal(item->created_at, NOON_MS + 250);
    assert_int_equal(item->schedule_at, NOON_MS + 500);
    assert_int_equal(item->valid_until_at, NOON_MS + 1000);
    og_arena_finish(&mem);
}

static void
test_pull_order_and_number(void **state)
{
    struct noted noted = {{0}};
    struct og_notes notes = {note, &noted};
    struct og_arena mem;
    struct og_pull pull;
    struct og_buf body;
    og_arena_init(&mem, 0);
    og_buf_init(&body, 1 << 20);
    for (int i = 0; i < 101; i++) {
        og_buf_printf(&body, "%s{\"id\":\"m%d\",\"message\":\"a\",\"priority\":%d,%s",
                      i == 0 ? "[" : ",", i, i == 50 ? 1 : 0, REST);
    }
    og_buf_add_byte(&body, ']');
    assert_true(og_proto_read_pull(og_buf_str(&body), &mem, &notes, &pull));
    assert_int_equal(pull.count, 101);
    assert_string_equal(noted.text, "too_many order ");
    og_buf_finish(&body);
    og_arena_finish(&mem);
}

static void
test_identity(void **state)
{
    static const struct {
        const char *body;
        bool is_fine;
        const char *notes;
    } cases[] = {
        {"{\"id\":\"d\",\"token\":\"t\",\"login\":\"L\",\"password\":\"p\"}", true, ""},
        {"{\"id\":\"d\",\"token\":\"t\",\"login\":\"L\",\"more\":[]}", true, ""},
        {"{\"id\":\"d\",\"login\":\"L\"}", false, "missing "},
        {"{\"id\":\"d\",\"token\":null,\"login\":\"L\"}", false, "missing "},
        {"{\"id\":5,\"token\":\"t\",\"login\":\"L\"}", false, "wrong_type "},
        {"[]", false, "not_json "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct noted noted = {{0}};
        struct og_notes notes = {note, &noted};
        struct og_proto_identity identity;
        struct og_arena mem;
        og_arena_init(&mem, 0);
        bool is_fine =
            og_proto_read_identity(og_str_from(cases[i].body), &mem, &notes, &identity);
        assert_int_equal(is_fine, cases[i].is_fine);
        assert_string_equal(noted.text, cases[i].notes);
        og_arena_finish(&mem);
    }
}

static void
test_settings(void **state)
{
    const struct og_app_profile *app = &og_app_profiles[OG_APP_1_68];
    static const struct {
        const char *body;
        bool is_fine;
    } cases[] = {
        {"{}", true},
        {"{\"messages\":{\"send_interval_min\":null},\"new\":{}}", true},
        {"{\"messages\":{\"limit_period\":\"PerHour\",\"limit_value\":3}}", true},
        {"{\"messages\":null}", false},
        {"{\"messages\":5}", false},
        {"{\"messages\":{\"limit_period\":\"Per15\"}}", false},
        {"{\"messages\":{\"send_interval_min\":0}}", false},
        {"{\"messages\":{\"limit_value\":16777216}}", false},
        {"[]", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct noted noted = {{0}};
        struct og_notes notes = {note, &noted};
        struct og_phone_settings settings;
        if (og_proto_read_settings(og_str_from(cases[i].body), app, &notes, &settings) !=
            cases[i].is_fine) {
            fail_msg("%s", cases[i].body);
        }
        assert_int_equal(noted.text[0] == '\0', cases[i].is_fine);
    }
    struct og_phone_settings settings;
    struct og_notes notes = {note, &(struct noted){{0}}};
    assert_true(og_proto_read_settings(
        OG_STR("{\"messages\":{\"send_interval_min\":2,\"send_interval_max\":5,"
               "\"limit_period\":\"PerMinute\",\"limit_value\":7,\"processing_order\":\"FIFO\","
               "\"sim_selection_mode\":\"RoundRobin\"},\"ping\":{\"interval_seconds\":60}}"),
        app, &notes, &settings));
    assert_int_equal(settings.send_interval_min_s, 2);
    assert_int_equal(settings.send_interval_max_s, 5);
    assert_int_equal(settings.limit_period_ms, 60000);
    assert_int_equal(settings.limit_value, 7);
    assert_int_equal(settings.order, OG_ORDER_FIFO);
    assert_int_equal(settings.sim_selection, OG_SIM_ROUND_ROBIN);
    assert_int_equal(settings.ping_interval_s, 60);
}

static void
test_webhooks(void **state)
{
    static const struct {
        const char *body;
        int count; /* -1: refused */
    } cases[] = {
        {"[]", 0},
        {"[{\"id\":\"a\",\"deviceId\":null,\"url\":\"https://x\",\"event\":\"sms:received\"}]", 1},
        {"[{\"id\":\"a\",\"url\":\"https://x\",\"event\":\"sms:batch:received\"}]", -1},
        {"[{\"id\":\"a\",\"event\":\"sms:received\"}]", -1},
        {"[7]", -1},
        {"{}", -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct noted noted = {{0}};
        struct og_notes notes = {note, &noted};
        size_t count;
        bool is_fine = og_proto_read_webhooks(og_str_from(cases[i].body),
                                              &og_app_profiles[OG_APP_1_68], &notes, &count);
        assert_int_equal(is_fine, cases[i].count >= 0);
        assert_int_equal(count, cases[i].count > 0 ? cases[i].count : 0);
        assert_int_equal(noted.text[0] == '\0', is_fine);
    }
}

/* What a version does not know makes it throw the whole answer away. */
static void
test_versions(void **state)
{
    static const char half_hours[] =
        "{\"messages\":{\"limit_period\":\"Per30Minutes\",\"limit_value\":3}}";
    static const char batch[] =
        "[{\"id\":\"a\",\"url\":\"https://x\",\"event\":\"sms:received\"},"
        "{\"id\":\"b\",\"url\":\"https://x\",\"event\":\"mms:batch:received\"}]";
    static const struct {
        enum og_app_release app;
        bool takes_half_hours, takes_batch;
    } cases[] = {
        {OG_APP_1_66, false, false}, {OG_APP_1_68, true, false}, {OG_APP_NEXT, true, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct og_app_profile *app = &og_app_profiles[cases[i].app];
        struct og_notes notes = {note, &(struct noted){{0}}};
        struct og_phone_settings settings;
        size_t count;
        assert_int_equal(og_proto_read_settings(og_str_from(half_hours), app, &notes, &settings),
                         cases[i].takes_half_hours);
        assert_int_equal(og_proto_read_webhooks(og_str_from(batch), app, &notes, &count),
                         cases[i].takes_batch);
    }
}

static void
test_events(void **state)
{
    static const struct {
        const char *type, *data;
        enum og_event event;
        const char *id, *notes;
    } cases[] = {
        {"MessageEnqueued", "null", OG_EVENT_ENQUEUED, "", ""},
        {"message", "whatever", OG_EVENT_ENQUEUED, "", ""},
        {"MessageCancelled", "{\"messageId\":\"m7\"}", OG_EVENT_CANCELLED, "m7", ""},
        {"MessageCancelled", "null", OG_EVENT_CANCELLED, "", "event_data "},
        {"MessageCancelled", "{", OG_EVENT_CANCELLED, "", "event_data "},
        {"MessageCancelled", "{\"messageId\":7}", OG_EVENT_CANCELLED, "", "event_data "},
        {"WebhooksUpdated", "null", OG_EVENT_WEBHOOKS, "", ""},
        {"SettingsUpdated", "null", OG_EVENT_SETTINGS, "", ""},
        {"messageenqueued", "null", OG_EVENT_UNKNOWN, "", "unknown_event "},
        {"DeviceRemoved", "null", OG_EVENT_UNKNOWN, "", "unknown_event "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct noted noted = {{0}};
        struct og_notes notes = {note, &noted};
        struct og_arena mem;
        struct og_str id;
        og_arena_init(&mem, 0);
        assert_int_equal(og_proto_read_event(og_str_from(cases[i].type), og_str_from(cases[i].data),
                                             &mem, &notes, &id),
                         cases[i].event);
        assert_true(og_str_eq(id, og_str_from(cases[i].id)));
        assert_string_equal(noted.text, cases[i].notes);
        og_arena_finish(&mem);
    }
}

/* ---- writing ---- */

static void
test_device_is_masked(void **state)
{
    const struct og_proto_sim sims[] = {{1, "Cell", "89880000000000012245"}, {2, "Example", "12"}};
    struct og_buf out;
    og_buf_init(&out, 4096);
    og_proto_write_device(&out, &(struct og_proto_device){NULL, "samsung/a12nsxx", sims, 2});
    assert_string_equal(
        out.ptr,
        "{\"name\":\"samsung/a12nsxx\",\"simCards\":[{\"slotIndex\":0,\"simNumber\":1,"
        "\"carrierName\":\"****\",\"iccid\":\"****************2245\"},{\"slotIndex\":1,"
        "\"simNumber\":2,\"carrierName\":\"***mple\",\"iccid\":\"****\"}]}");
    og_buf_clear(&out);
    og_proto_write_device(&out, &(struct og_proto_device){"dev", NULL, sims, 0});
    assert_string_equal(out.ptr, "{\"id\":\"dev\",\"simCards\":[]}");
    og_buf_finish(&out);
}

static void
expect_report(const struct og_sms *sms, enum og_sms_state as, const char *expected)
{
    struct og_buf out;
    og_buf_init(&out, 4096);
    og_proto_write_reports(&out, &(struct og_proto_report){sms, as}, 1, 7 * 60);
    assert_string_equal(out.ptr, expected);
    og_buf_finish(&out);
}

static void
test_reports(void **state)
{
    const struct og_str numbers[] = {OG_STR("+15550100001"), OG_STR("+15550100002")};
    struct og_pull_item item = {.id = OG_STR("m1"), .text = OG_STR("hi"), .numbers = {numbers, 2}};
    struct og_sms *sms = og_sms_create(&item, NOON_MS);
    og_sms_move_all(sms, OG_SMS_PROCESSED, NULL, NOON_MS + 310);
    og_sms_move(sms, 0, OG_SMS_SENT, NULL, NOON_MS + 900);
    og_sms_move(sms, 1, OG_SMS_FAILED, "Send result: RESULT_ERROR_NO_SERVICE", NOON_MS + 950);
    expect_report(sms, OG_SMS_STATE_COUNT,
                  "[{\"id\":\"m1\",\"state\":\"Sent\",\"recipients\":["
                  "{\"phoneNumber\":\"+15550100001\",\"state\":\"Sent\"},"
                  "{\"phoneNumber\":\"+15550100002\",\"state\":\"Failed\","
                  "\"error\":\"Send result: RESULT_ERROR_NO_SERVICE\"}],"
                  "\"states\":{\"Pending\":\"2026-01-02T19:00:00.000+07:00\","
                  "\"Processed\":\"2026-01-02T19:00:00.310+07:00\","
                  "\"Sent\":\"2026-01-02T19:00:00.950+07:00\"}}]");
    expect_report(sms, OG_SMS_PROCESSED,
                  "[{\"id\":\"m1\",\"state\":\"Processed\",\"recipients\":["
                  "{\"phoneNumber\":\"+15550100001\",\"state\":\"Processed\"},"
                  "{\"phoneNumber\":\"+15550100002\",\"state\":\"Processed\"}],"
                  "\"states\":{\"Pending\":\"2026-01-02T19:00:00.000+07:00\","
                  "\"Processed\":\"2026-01-02T19:00:00.310+07:00\"}}]");
    og_sms_destroy(sms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_read),
        cmocka_unit_test(test_dates_written),
        cmocka_unit_test(test_pulls),
        cmocka_unit_test(test_pull_content),
        cmocka_unit_test(test_pull_order_and_number),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_webhooks),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_device_is_masked),
        cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests_name("phone: protocol", tests, NULL, NULL);
}
