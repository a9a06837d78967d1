/* Names of events, who tells of them, waits between tries, and URLs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/webhook.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
each_event_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < OG_WEBHOOK_EVENT_COUNT; i++) {
        enum og_webhook_event found;
        const char *name = og_webhook_event_name((enum og_webhook_event)i);
        assert_true(og_webhook_event_from_text(og_str_from(name), &found));
        assert_int_equal(found, i);
    }
    enum og_webhook_event none;
    assert_false(og_webhook_event_from_text(OG_STR("SMS:sent"), &none));
    assert_false(og_webhook_event_from_text(OG_STR(""), &none));
}

static void
nothing_is_told_twice(void **state)
{
    (void)state;
    for (int i = 0; i < OG_WEBHOOK_EVENT_COUNT; i++) {
        enum og_webhook_event event = (enum og_webhook_event)i;
        for (int by = OG_WEBHOOKS_BY_SERVER; by <= OG_WEBHOOKS_BY_PHONE; by++) {
            assert_false(og_webhook_is_ours(event, (enum og_webhooks_by)by) &&
                         og_webhook_is_phones(event, (enum og_webhooks_by)by, true));
        }
    }
    assert_true(og_webhook_is_ours(OG_WEBHOOK_SMS_SENT, OG_WEBHOOKS_BY_SERVER));
    assert_true(og_webhook_is_phones(OG_WEBHOOK_SMS_SENT, OG_WEBHOOKS_BY_PHONE, true));
    assert_true(og_webhook_is_ours(OG_WEBHOOK_OTP_FAILED, OG_WEBHOOKS_BY_PHONE));
    assert_false(og_webhook_is_phones(OG_WEBHOOK_SMS_BATCH_RECEIVED, OG_WEBHOOKS_BY_PHONE, false));
    /* what the server does not get, only the phone can tell */
    assert_true(og_webhook_is_phones(OG_WEBHOOK_SMS_RECEIVED, OG_WEBHOOKS_BY_SERVER, false));
    assert_false(og_webhook_is_phones(OG_WEBHOOK_SMS_RECEIVED, OG_WEBHOOKS_BY_SERVER, true));
    assert_true(og_webhook_is_phones(OG_WEBHOOK_SMS_RECEIVED, OG_WEBHOOKS_BY_PHONE, true));
    assert_true(og_webhook_is_phones(OG_WEBHOOK_MMS_DOWNLOADED, OG_WEBHOOKS_BY_SERVER, true));
}

static void
waits_double_up_to_two_hours(void **state)
{
    static const int64_t want_s[] = {10,  20,   40,   80,   160,  320, 640,
                                     1280, 2560, 5120, 7200, 7200, 7200};
    (void)state;
    for (size_t i = 0; i < COUNT(want_s); i++) {
        int64_t want_ms = want_s[i] * 1000, failed = (int64_t)i + 1;
        uint32_t last = (uint32_t)(want_ms / 5 * 2);
        assert_int_equal(og_webhook_backoff_ms(10000, failed, 0), want_ms - want_ms / 5);
        assert_int_equal(og_webhook_backoff_ms(10000, failed, last), want_ms + want_ms / 5);
        assert_int_equal(og_webhook_backoff_ms(10000, failed, last + 1), want_ms - want_ms / 5);
    }
    assert_true(og_webhook_backoff_ms(1, INT64_MAX, UINT32_MAX) <= 8640000);
}

static void
urls_and_their_hosts(void **state)
{
    static const struct {
        const char *url, *host;
        bool is_good;
    } cases[] = {
        {"https://hook.example", "hook.example", true},
        {"HTTPS://hook.example:8443/x?a=@b", "hook.example:8443", true},
        {"https://user:word@hook.example/x", "hook.example", true},
        {"https://[::1]:8443/", "[::1]:8443", true},
        {"https://hook.example?x", "hook.example", true},
        {"http://hook.example/", "hook.example", false},
        {"https://", "", false},
        {"https:///x", "", false},
        {"https://:8443/", ":8443", false},
        {"https://a b/", "a b", false},
        {"https://a\\@b/", "a", false},
        {"https:/", "", false},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_str url = og_str_from(cases[i].url);
        assert_true(og_str_eq(og_webhook_url_host(url), og_str_from(cases[i].host)));
        assert_int_equal(og_webhook_url_is_good(url), cases[i].is_good);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_has_a_name_of_its_own),
        cmocka_unit_test(nothing_is_told_twice),
        cmocka_unit_test(waits_double_up_to_two_hours),
        cmocka_unit_test(urls_and_their_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
