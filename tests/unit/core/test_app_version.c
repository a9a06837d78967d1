/* The app behind a phone: its version, and what it leaves on the phone. */
#include "core/app_version.h"

#include "tests/unit/check.h"

static void
test_versions(void **state)
{
    (void)state;
    static const struct {
        struct og_str agent;
        int version;
    } cases[] = {
        {TEXT("me.capcom.smsgateway/1.68.0"), 1068},
        {TEXT("me.capcom.smsgateway/1.67.2"), 1067},
        {TEXT("me.capcom.smsgateway/1.66.0 " OG_APP_VIRTUAL), 1066},
        {TEXT("me.capcom.smsgateway/x"), 0},
        {TEXT("okhttp/4.10.0"), 0},
        {TEXT(""), 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(og_app_version(cases[i].agent), cases[i].version);
    }
}

static void
test_req_53_what_each_app_leaves_on_the_phone(void **state)
{
    (void)state;
    static const struct {
        struct og_str agent;
        const char *copy;
    } cases[] = {
        {TEXT("me.capcom.smsgateway/1.68.0"), "kept"},
        {TEXT("me.capcom.smsgateway/9.0.0"), "kept"}, /* until one says otherwise */
        {TEXT("me.capcom.smsgateway/1.68.0 " OG_APP_VIRTUAL), "none"},
        {TEXT("okhttp/4.10.0"), "unknown"},
        {TEXT("other/1.0 " OG_APP_VIRTUAL), "unknown"},
        {TEXT(""), "unknown"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(og_sent_copy_name(og_app_sent_copy(cases[i].agent)), cases[i].copy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_req_53_what_each_app_leaves_on_the_phone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
