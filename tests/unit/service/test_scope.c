/*
 * Scopes: names and bits, and what the wide ones include.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/account/scope.h"

static void
names_and_bits_agree(void **state)
{
    (void)state;
    for (int i = 0; i < OG_SCOPE_COUNT; i++) {
        uint32_t bit = 0, want = 1u << i;
        const char *name = og_scope_name((enum og_scope)want);
        assert_true(name[0]);
        bool may_be_given = og_scope_from_name(og_str_from(name), &bit);
        assert_int_equal(may_be_given, want != OG_SCOPE_TOKENS_REFRESH);
        assert_int_equal(bit, want);
    }
    assert_string_equal(og_scope_name(OG_SCOPE_ALL_ANY), "all:any");
    assert_string_equal(og_scope_name(OG_SCOPE_MESSAGES_CANCEL), "messages:cancel");
}

static void
stored_names_come_back(void **state)
{
    (void)state;
    char text[OG_SCOPES_TEXT_BYTES];
    og_scopes_write(OG_SCOPE_ALL, text);
    assert_int_equal(og_scopes_read(og_str_from(text)), OG_SCOPE_ALL);
    og_scopes_write((1u << OG_SCOPE_COUNT) - 1, text);
    assert_int_equal(og_scopes_read(og_str_from(text)), OG_SCOPE_ALL);
    assert_int_equal(og_scopes_read(OG_STR("of:later otp:start")), OG_SCOPE_OTP_START);
    assert_int_equal(og_scopes_read(OG_STR("tokens:refresh")), OG_SCOPE_NONE);
}

static void
wide_scopes_include_narrow_ones(void **state)
{
    (void)state;
    const uint32_t read = OG_SCOPE_MESSAGES_READ;
    assert_int_equal(og_scopes_of_key(read), read | OG_SCOPE_MESSAGES_LIST);
    assert_int_equal(og_scopes_of_token(read), read);
    assert_int_equal(og_scopes_of_key(OG_SCOPE_DEVICES_LIST), OG_SCOPE_DEVICES_LIST);
    assert_int_equal(og_scopes_of_token(OG_SCOPE_ALL_ANY), OG_SCOPE_ACCOUNT);
    assert_int_equal(og_scopes_of_key(OG_SCOPE_ALL_ANY), OG_SCOPE_ACCOUNT);
    assert_false(OG_SCOPE_ACCOUNT & (OG_SCOPE_ADMIN | OG_SCOPE_TOKENS_REFRESH));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_bits_agree),
        cmocka_unit_test(stored_names_come_back),
        cmocka_unit_test(wide_scopes_include_narrow_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
