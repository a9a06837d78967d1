/* The signature of a delivery, by a vector that was made elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/webhook/webhook_service.h"

static void
signs_body_then_timestamp(void **state)
{
    char got[OG_DIGEST_HEX_CHARS + 1];
    (void)state;
    og_webhook_sign(OG_STR("secret-key"), OG_STR("{\"event\":\"sms:sent\"}"), OG_STR("1767323045"),
                    got);
    assert_string_equal(got, "77877ebb4e3cf9cc81d5ba7e9c611aa49555983aa32f1a96c03f3d61b7afcd7e");
    og_webhook_sign(OG_STR("Jefe"), OG_STR("what do ya want "), OG_STR("for nothing?"), got);
    assert_string_equal(got, /* RFC 4231, case 2 */
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_body_then_timestamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
