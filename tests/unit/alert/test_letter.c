/*
 * Alerts in the three forms, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/letter.h"

static const struct og_alert alerts[] = {
    {OG_ALERT_DEVICE_OFFLINE, "phone-1", 130, 1767268800000, 0},
    {OG_ALERT_DATABASE, "", 0, 1767268800000, 1767268860000},
};

static const struct og_alert_letter letter = {"gateway.example", alerts, 2};

static void
test_req_86_form_of_alertmanager(void **state)
{
    struct og_buf out;
    (void)state;
    og_buf_init(&out, 4096);
    og_alert_letter_alertmanager(&letter, &out);
    assert_string_equal(
        out.ptr,
        "[{\"labels\":{\"alertname\":\"device_offline\",\"job\":\"otpgate\","
        "\"instance\":\"gateway.example\",\"severity\":\"warning\",\"device\":\"phone-1\"},"
        "\"annotations\":{\"summary\":\"A phone is offline\","
        "\"description\":\"A phone is offline: phone-1 (130 seconds)\"},"
        "\"startsAt\":\"2026-01-01T12:00:00.000Z\"},"
        "{\"labels\":{\"alertname\":\"database_trouble\",\"job\":\"otpgate\","
        "\"instance\":\"gateway.example\",\"severity\":\"critical\"},"
        "\"annotations\":{\"summary\":\"The database does not take writes\","
        "\"description\":\"The database does not take writes\"},"
        "\"startsAt\":\"2026-01-01T12:00:00.000Z\",\"endsAt\":\"2026-01-01T12:01:00.000Z\"}]");
    og_buf_finish(&out);
}

static void
test_req_86_plain_form(void **state)
{
    struct og_buf out;
    (void)state;
    og_buf_init(&out, 4096);
    og_alert_letter_plain(&letter, &out);
    assert_string_equal(
        out.ptr,
        "{\"source\":\"gateway.example\",\"alerts\":["
        "{\"kind\":\"device_offline\",\"severity\":\"warning\",\"state\":\"active\","
        "\"subject\":\"phone-1\",\"figure\":130,\"unit\":\"seconds\","
        "\"text\":\"A phone is offline: phone-1 (130 seconds)\","
        "\"started_at\":\"2026-01-01T12:00:00.000Z\",\"ended_at\":null},"
        "{\"kind\":\"database_trouble\",\"severity\":\"critical\",\"state\":\"ended\","
        "\"subject\":\"\",\"figure\":0,\"unit\":\"\","
        "\"text\":\"The database does not take writes\","
        "\"started_at\":\"2026-01-01T12:00:00.000Z\",\"ended_at\":\"2026-01-01T12:01:00.000Z\"}]}");
    og_buf_finish(&out);
}

static void
test_req_86_mail(void **state)
{
    const struct og_str to[] = {OG_STR("one@example.org"), OG_STR("two@example.org")};
    const struct og_alert_envelope envelope = {"gate@example.org", {to, 2}, "id-1", 1767268800000};
    struct og_buf out;
    (void)state;
    og_buf_init(&out, 4096);
    og_alert_letter_mail(&letter, &envelope, &out);
    assert_string_equal(out.ptr,
                        "From: <gate@example.org>\r\n"
                        "To: <one@example.org>,\r\n <two@example.org>\r\n"
                        "Date: Thu, 01 Jan 2026 12:00:00 +0000\r\n"
                        "Message-ID: <id-1@gateway.example>\r\n"
                        "Subject: [otpgate] alert: device_offline and 1 more\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "\r\n"
                        "A phone is offline: phone-1 (130 seconds)\r\n"
                        "  device_offline, warning, since 2026-01-01T12:00:00.000Z\r\n"
                        "\r\n"
                        "The database does not take writes\r\n"
                        "  database_trouble, critical, since 2026-01-01T12:00:00.000Z until "
                        "2026-01-01T12:01:00.000Z\r\n"
                        "\r\n"
                        "From the gateway on gateway.example; `otpgate alerts` shows what "
                        "lasts.\r\n");
    og_buf_finish(&out);
}

/* Every kind has what all forms need. */
static void
test_kinds_are_complete(void **state)
{
    (void)state;
    for (int i = 0; i < OG_ALERT_KINDS; i++) {
        assert_non_null(og_alert_kinds[i].word);
        assert_non_null(og_alert_kinds[i].text);
        assert_non_null(og_alert_kinds[i].subject);
        assert_non_null(og_alert_kinds[i].unit);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(og_alert_kinds[i].word, og_alert_kinds[k].word);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_86_form_of_alertmanager),
        cmocka_unit_test(test_req_86_plain_form),
        cmocka_unit_test(test_req_86_mail),
        cmocka_unit_test(test_kinds_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
