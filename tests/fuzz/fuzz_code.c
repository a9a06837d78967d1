/*
 * Fuzzes what applications send about a code: typed codes, chosen codes, app hashes, purposes. What
 * is accepted must have the announced form, and reading it again must change nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/otp.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
check_read(struct og_str typed, enum og_otp_alphabet alphabet, unsigned length)
{
    struct og_secret code;
    struct og_secret again;
    struct og_err err = {0};

    if (og_otp_read(typed, alphabet, length, &code, &err) != OG_OK) {
        CHECK(err.code == OG_E_UNPROCESSABLE && code.len == 0);
        return;
    }
    struct og_str text = og_secret_str(&code);
    CHECK(length == 0 || text.len == length);
    CHECK(og_otp_check_custom(text, NULL) == OG_OK);
    CHECK(alphabet == OG_OTP_ALNUM || og_otp_alphabet_of(text) == OG_OTP_DIGITS);
    CHECK(og_otp_read(text, alphabet, length, &again, NULL) == OG_OK);
    CHECK(og_str_eq(text, og_secret_str(&again)));
    og_secret_finish(&code);
    og_secret_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_str input = {(const char *)data, size};

    check_read(input, OG_OTP_DIGITS, 6);
    check_read(input, OG_OTP_DIGITS, 0);
    check_read(input, OG_OTP_ALNUM, 0);
    CHECK(og_otp_check_app_hash(input, NULL) != OG_OK || size == OG_OTP_APP_HASH_CHARS);
    CHECK(og_otp_check_purpose(input, NULL) != OG_OK || size <= OG_OTP_PURPOSE_MAX_CHARS);
    return 0;
}
