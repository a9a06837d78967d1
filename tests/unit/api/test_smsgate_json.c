/*
 * What applications and phones read of messages and phones. The phone's parser is not forgiving:
 * one wrong date or a null blocks its whole queue (wire/smsgate.md section 4.5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "api/smsgate/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT_120MS INT64_C(1767268800120) /* 2026-01-01T12:00:00.120Z */

struct bench {
    struct og_arena mem;
    struct og_buf out;
    struct og_json_writer w;
    struct og_message_recipient recipients[2];
};

static int
setup(void **state)
{
    struct bench *b = og_xalloc(sizeof *b);
    og_arena_init(&b->mem, 0);
    og_buf_init(&b->out, 1 << 16);
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    og_buf_finish(&b->out);
    og_arena_finish(&b->mem);
    free(b);
    return 0;
}

static struct og_json_writer *
writer(struct bench *b)
{
    og_buf_clear(&b->out);
    og_json_begin(&b->w, &b->out);
    return &b->w;
}

static struct og_message
plain_message(struct bench *b)
{
    struct og_message m = {
        .id = OG_STR("AOhtQSN-UXBjRWBuWvXxk"),
        .device_id = OG_STR("dev-1"),
        .text = OG_STR("hello"),
        .record = {.recipients = b->recipients, .recipient_count = 1},
        .created_at = AT_120MS,
        .deadline_at = AT_120MS + 60000,
    };
    b->recipients[0] = (struct og_message_recipient){.number = OG_STR("+4915112345678")};
    m.record.times.at_ms[OG_MESSAGE_PENDING] = AT_120MS;
    return m;
}

static struct og_message
full_message(struct bench *b)
{
    struct og_message m = plain_message(b);
    m.client_id = OG_STR("order \"42\"");
    m.text = OG_STR("line\nline \xE2\x82\xAC");
    m.encrypted = m.want_report = true;
    m.sim_number = 2;
    m.priority = -128;
    m.valid_until = AT_120MS + 65000;
    m.record.state = OG_MESSAGE_FAILED;
    for (int i = 0; i < OG_MESSAGE_STATE_COUNT; i++) {
        m.record.times.at_ms[i] = AT_120MS + i * 1000;
    }
    m.record.recipient_count = 2;
    b->recipients[0].state = OG_MESSAGE_DELIVERED;
    b->recipients[1] = (struct og_message_recipient){.number = OG_STR("900"),
                                                     .state = OG_MESSAGE_FAILED,
                                                     .error = OG_STR("no service")};
    return m;
}

/* ---- what applications see ---- */

static void
test_state_of_a_plain_message(void **state)
{
    struct bench *b = *state;
    struct og_message m = plain_message(b);
    og_smsgate_write_state(writer(b), &m, true, NULL);
    assert_string_equal(
        b->out.ptr,
        "{\"id\":\"AOhtQSN-UXBjRWBuWvXxk\",\"deviceId\":\"dev-1\",\"state\":\"Pending\","
        "\"isHashed\":false,\"isEncrypted\":false,\"createdAt\":\"2026-01-01T12:00:00.120Z\","
        "\"recipients\":[{\"phoneNumber\":\"+4915112345678\",\"state\":\"Pending\"}],"
        "\"states\":{\"Pending\":\"2026-01-01T12:00:00.120Z\"},"
        "\"textMessage\":{\"text\":\"hello\"}}");
}

/* Members of our own, only where there is something to say. */
static void
test_state_of_a_message_that_waits(void **state)
{
    struct bench *b = *state;
    struct og_message m = plain_message(b);
    const struct og_wait waits[] = {{"sim_pace", "minute", INT64_C(1767268861000)},
                                    {"quarantine", "", 0}};
    static const char *const expected[] = {
        "\"possibleDuplicate\":true,\"waiting\":{\"reason\":\"sim_pace\",\"by\":\"minute\","
        "\"until\":\"2026-01-01T12:01:01.000Z\"}",
        "\"possibleDuplicate\":true,\"waiting\":{\"reason\":\"quarantine\"}",
    };
    m.possible_duplicate = true;
    for (size_t i = 0; i < 2; i++) {
        og_smsgate_write_state(writer(b), &m, false, &waits[i]);
        assert_non_null(strstr(b->out.ptr, expected[i]));
    }
}

static void
test_state_of_a_full_message(void **state)
{
    struct bench *b = *state;
    struct og_message m = full_message(b);
    og_smsgate_write_state(writer(b), &m, false, NULL);
    assert_string_equal(
        b->out.ptr,
        "{\"id\":\"order \\\"42\\\"\",\"deviceId\":\"dev-1\",\"state\":\"Failed\","
        "\"isHashed\":false,\"isEncrypted\":true,\"createdAt\":\"2026-01-01T12:00:00.120Z\","
        "\"recipients\":[{\"phoneNumber\":\"+4915112345678\",\"state\":\"Delivered\"},"
        "{\"phoneNumber\":\"900\",\"state\":\"Failed\",\"error\":\"no service\"}],"
        "\"states\":{\"Pending\":\"2026-01-01T12:00:00.120Z\","
        "\"Cancelling\":\"2026-01-01T12:00:01.120Z\",\"Cancelled\":\"2026-01-01T12:00:02.120Z\","
        "\"Processed\":\"2026-01-01T12:00:03.120Z\",\"Sent\":\"2026-01-01T12:00:04.120Z\","
        "\"Delivered\":\"2026-01-01T12:00:05.120Z\",\"Failed\":\"2026-01-01T12:00:06.120Z\"}}");
}

/* Who may read messages must not thereby learn codes. */
static void
test_the_text_of_a_code_is_shown_to_nobody(void **state)
{
    struct bench *b = *state;
    struct og_message m = plain_message(b);
    m.text = OG_STR("482913 is your code");
    m.cls = OG_CLASS_OTP;
    og_smsgate_write_state(writer(b), &m, true, NULL);
    assert_null(strstr(b->out.ptr, "482913"));
    assert_null(strstr(b->out.ptr, "textMessage"));
    og_smsgate_write_mobile(writer(b), &m, AT_120MS); /* but to the phone that sends it */
    assert_non_null(strstr(b->out.ptr, "482913"));
}

/* ---- what phones see ---- */

static void
test_mobile_plain_message(void **state)
{
    struct bench *b = *state;
    struct og_message m = plain_message(b);
    og_smsgate_write_mobile(writer(b), &m, AT_120MS);
    assert_string_equal(
        b->out.ptr,
        "{\"id\":\"AOhtQSN-UXBjRWBuWvXxk\",\"message\":\"hello\","
        "\"textMessage\":{\"text\":\"hello\"},\"phoneNumbers\":[\"+4915112345678\"],"
        "\"withDeliveryReport\":false,\"state\":\"Pending\","
        "\"createdAt\":\"2026-01-01T12:00:00.120Z\"}");
}

static void
test_mobile_full_message(void **state)
{
    struct bench *b = *state;
    struct og_message m = full_message(b);
    m.record.state = OG_MESSAGE_CANCELLING;
    og_smsgate_write_mobile(writer(b), &m, AT_120MS + 1000);
    assert_string_equal(
        b->out.ptr,
        "{\"id\":\"order \\\"42\\\"\",\"message\":\"line\\nline \xE2\x82\xAC\","
        "\"textMessage\":{\"text\":\"line\\nline \xE2\x82\xAC\"},"
        "\"phoneNumbers\":[\"+4915112345678\",\"900\"],\"withDeliveryReport\":true,"
        "\"isEncrypted\":true,\"simNumber\":2,\"priority\":-128,\"ttl\":64,"
        "\"validUntil\":\"2026-01-01T12:01:05.120Z\",\"state\":\"Cancelling\","
        "\"createdAt\":\"2026-01-01T12:00:00.120Z\"}");
}

static void
test_what_is_left_of_ttl(void **state)
{
    struct bench *b = *state;
    static const struct {
        int64_t left_ms;
        const char *ttl;
    } cases[] = {
        {65000, "\"ttl\":65,"}, {64999, "\"ttl\":64,"}, {1000, "\"ttl\":1,"},
        {999, "\"ttl\":0,"},    {0, "\"ttl\":0,"},      {-5000, "\"ttl\":0,"},
    };
    struct og_message m = plain_message(b);
    m.valid_until = AT_120MS + 100000;
    for (size_t i = 0; i < COUNT(cases); i++) {
        og_smsgate_write_mobile(writer(b), &m, m.valid_until - cases[i].left_ms);
        assert_non_null(strstr(b->out.ptr, cases[i].ttl));
    }
}

/* The phone takes an unknown state for Pending and sends; it must never see any but two. */
static void
test_phones_know_two_states(void **state)
{
    struct bench *b = *state;
    struct og_message m = plain_message(b);
    for (int s = 0; s < OG_MESSAGE_STATE_COUNT; s++) {
        m.record.state = (enum og_message_state)s;
        og_smsgate_write_mobile(writer(b), &m, AT_120MS);
        const char *expected = s == OG_MESSAGE_CANCELLING ? "\"state\":\"Cancelling\""
                                                          : "\"state\":\"Pending\"";
        assert_non_null(strstr(b->out.ptr, expected));
    }
}

/* ---- for the parser ---- */

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Every date has three fraction digits and Z. */
static int
check_dates(const char *json)
{
    int count = 0;
    for (const char *at = json; (at = strstr(at, "\"20")); at++) {
        const char *form = "0000-00-00T00:00:00.000Z\"";
        for (size_t i = 0; form[i]; i++) {
            char c = at[1 + i];
            assert_true(form[i] == '0' ? is_digit(c) : c == form[i]);
        }
        count++;
    }
    return count;
}

static void
test_dates_and_nulls(void **state)
{
    struct bench *b = *state;
    static const int64_t times[] = {INT64_C(1767268800000), INT64_C(1767268800001),
                                    INT64_C(1767268800010), INT64_C(1767268800100),
                                    INT64_C(1767268800999)};
    for (size_t i = 0; i < COUNT(times); i++) {
        for (int is_full = 0; is_full < 2; is_full++) {
            struct og_message m = is_full ? full_message(b) : plain_message(b);
            m.created_at = m.record.times.at_ms[OG_MESSAGE_PENDING] = times[i];
            m.text = is_full ? m.text : OG_STR(""); /* erased */
            m.record.recipient_count = is_full ? 2 : 0;
            og_smsgate_write_mobile(writer(b), &m, times[i]);
            assert_int_equal(check_dates(b->out.ptr), 1 + is_full);
            assert_null(strstr(b->out.ptr, "null"));
            assert_non_null(strstr(b->out.ptr, "\"phoneNumbers\":["));
            og_smsgate_write_state(writer(b), &m, true, NULL);
            assert_int_equal(check_dates(b->out.ptr), is_full ? 8 : 2);
            assert_null(strstr(b->out.ptr, "null"));
        }
    }
}

/* ---- phones ---- */

static void
test_devices(void **state)
{
    struct bench *b = *state;
    struct og_device d = {.id = OG_STR("dev-1"), .name = OG_STR("Ph\xC3\xB6ne"),
                          .sims = OG_STR("[{\"slotIndex\":0,\"simNumber\":1}]"),
                          .created_at = AT_120MS, .updated_at = AT_120MS + 1,
                          .last_seen_at = AT_120MS + 2};
    og_smsgate_write_device(writer(b), NULL, &d);
    assert_string_equal(b->out.ptr,
                        "{\"id\":\"dev-1\",\"name\":\"Ph\xC3\xB6ne\","
                        "\"createdAt\":\"2026-01-01T12:00:00.120Z\","
                        "\"updatedAt\":\"2026-01-01T12:00:00.121Z\","
                        "\"lastSeen\":\"2026-01-01T12:00:00.122Z\","
                        "\"simCards\":[{\"slotIndex\":0,\"simNumber\":1}]}");
    d.sims = OG_STR("[]");
    d.name = OG_STR("");
    og_json_object(writer(b), NULL);
    og_smsgate_write_device(&b->w, "device", &d);
    og_json_end(&b->w);
    assert_string_equal(b->out.ptr,
                        "{\"device\":{\"id\":\"dev-1\",\"name\":\"\","
                        "\"createdAt\":\"2026-01-01T12:00:00.120Z\","
                        "\"updatedAt\":\"2026-01-01T12:00:00.121Z\","
                        "\"lastSeen\":\"2026-01-01T12:00:00.122Z\"}}");
}

/* ---- SIM cards ---- */

static enum og_code
read_sims(struct bench *b, const char *json, struct og_str *out, struct og_err *err)
{
    struct og_json_doc doc;
    assert_int_equal(og_json_parse(og_str_from(json), 16, &doc, err), OG_OK);
    *err = (struct og_err){0};
    enum og_code code = og_smsgate_read_sims(doc.root, &b->mem, out, err);
    og_json_doc_finish(&doc);
    return code;
}

static void
test_sims_are_written_in_our_spelling(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"[]", "[]"},
        {"[{\"simNumber\":1,\"slotIndex\":0}]", "[{\"slotIndex\":0,\"simNumber\":1}]"},
        {"[{\"slotIndex\":0,\"simNumber\":1,\"phoneNumber\":null,\"carrierName\":\"\","
         "\"iccid\":\"89*\",\"mcc\":262,\"x\":{\"y\":[]}}]",
         "[{\"slotIndex\":0,\"simNumber\":1,\"iccid\":\"89*\"}]"},
        {"[{\"slotIndex\":0,\"simNumber\":1,\"phoneNumber\":\"+49*\","
         "\"carrierName\":\"A \\\"B\\\"\"},"
         "{\"slotIndex\":1,\"simNumber\":2},{\"slotIndex\":2,\"simNumber\":3}]",
         "[{\"slotIndex\":0,\"simNumber\":1,\"phoneNumber\":\"+49*\","
         "\"carrierName\":\"A \\\"B\\\"\"},{\"slotIndex\":1,\"simNumber\":2},"
         "{\"slotIndex\":2,\"simNumber\":3}]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_str out;
        struct og_err err;
        assert_int_equal(read_sims(b, cases[i].in, &out, &err), OG_OK);
        assert_string_equal(out.ptr, cases[i].out);
    }
}

static void
test_sims_that_are_refused_are_named(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *in;
        enum og_code code;
        const char *field;
    } cases[] = {
        {"[1]", OG_E_INVALID, "simCards[0]"},
        {"[{\"simNumber\":1}]", OG_E_INVALID, "simCards[0].slotIndex"},
        {"[{\"slotIndex\":0}]", OG_E_INVALID, "simCards[0].simNumber"},
        {"[{\"slotIndex\":\"0\",\"simNumber\":1}]", OG_E_INVALID, "simCards[0].slotIndex"},
        {"[{\"slotIndex\":0,\"simNumber\":1},{\"slotIndex\":1,\"simNumber\":0}]", OG_E_INVALID,
         "simCards[1].simNumber"},
        {"[{\"slotIndex\":0,\"simNumber\":1.5}]", OG_E_INVALID, "simCards[0].simNumber"},
        {"[{\"slotIndex\":0,\"simNumber\":4}]", OG_E_UNPROCESSABLE, "simCards[0].simNumber"},
        {"[{\"slotIndex\":0,\"simNumber\":1},{\"slotIndex\":1,\"simNumber\":1}]",
         OG_E_UNPROCESSABLE, "simCards[1].simNumber"},
        {"[{\"slotIndex\":0,\"simNumber\":1},{\"slotIndex\":1,\"simNumber\":2},"
         "{\"slotIndex\":2,\"simNumber\":3},{\"slotIndex\":3,\"simNumber\":4}]",
         OG_E_INVALID, "simCards"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_str out;
        struct og_err err;
        enum og_code code = read_sims(b, cases[i].in, &out, &err);
        if (code != cases[i].code || strcmp(err.field, cases[i].field) != 0) {
            fail_msg("%s: %s \"%s\" (%s)", cases[i].in, og_code_wire(code), err.field, err.text);
        }
    }
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(test_state_of_a_plain_message),
        WITH_BENCH(test_state_of_a_message_that_waits),
        WITH_BENCH(test_state_of_a_full_message),
        WITH_BENCH(test_the_text_of_a_code_is_shown_to_nobody),
        WITH_BENCH(test_mobile_plain_message),
        WITH_BENCH(test_mobile_full_message),
        WITH_BENCH(test_what_is_left_of_ttl),
        WITH_BENCH(test_phones_know_two_states),
        WITH_BENCH(test_dates_and_nulls),
        WITH_BENCH(test_devices),
        WITH_BENCH(test_sims_are_written_in_our_spelling),
        WITH_BENCH(test_sims_that_are_refused_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
