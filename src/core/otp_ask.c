/*
 * The bounds of what an application may ask for. Each refusal names its member and what would do.
 */
#include "core/otp.h"

enum og_code
og_otp_check_purpose(struct og_str purpose, struct og_err *err)
{
    if (purpose.len == 0 || purpose.len > OG_OTP_PURPOSE_MAX_CHARS) {
        return og_fail(err, OG_E_UNPROCESSABLE, "purpose", "must have 1 to %d characters",
                       OG_OTP_PURPOSE_MAX_CHARS);
    }
    for (size_t i = 0; i < purpose.len; i++) {
        char c = purpose.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
              c == '-')) {
            return og_fail(err, OG_E_UNPROCESSABLE, "purpose",
                           "may have a-z, 0-9, '_', '.' and '-' only");
        }
    }
    return OG_OK;
}

/* What somebody most likely did who has a hash of this length. */
static const char *
wrong_hash_length(size_t len)
{
    switch (len) {
    case 0:
        return "is empty";
    case 8:
        return "has 8 characters: an app hash has 11, whatever the article said";
    case 10:
        return "has 10 characters instead of 11: one was lost in copying";
    case 12:
        return "has 12 characters: keep only the first 11 of the base64 text";
    case 64:
        return "has 64 characters: that is a whole digest, see `otpgate apphash`";
    default:
        return "must have exactly 11 characters";
    }
}

static const char *
wrong_hash_char(char c)
{
    switch (c) {
    case '=':
        return "ends in '=': it was made from 8 bytes instead of 9";
    case '-':
    case '_':
        return "has '-' or '_': use standard base64 with '+' and '/', not the URL alphabet";
    case ' ':
    case '\n':
    case '\r':
    case '\t':
        return "has white space";
    default:
        return "may have A-Z, a-z, 0-9, '+' and '/' only";
    }
}

static bool
is_base64_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '+' || c == '/';
}

enum og_code
og_otp_check_app_hash(struct og_str hash, struct og_err *err)
{
    /* A wrong character says more than a wrong length, which it may have caused. */
    for (size_t i = 0; i < hash.len && i <= OG_OTP_APP_HASH_CHARS; i++) {
        if (!is_base64_char(hash.ptr[i])) {
            return og_fail(err, OG_E_UNPROCESSABLE, "app_hash", "%s",
                           wrong_hash_char(hash.ptr[i]));
        }
    }
    if (hash.len != OG_OTP_APP_HASH_CHARS) {
        return og_fail(err, OG_E_UNPROCESSABLE, "app_hash", "%s", wrong_hash_length(hash.len));
    }
    return OG_OK;
}

static enum og_code
check_range(int64_t value, int64_t min, int64_t max, const char *field, const char *unit,
            struct og_err *err)
{
    if (value >= min && value <= max) {
        return OG_OK;
    }
    return og_fail(err, OG_E_UNPROCESSABLE, field, "must be %lld to %lld%s", (long long)min,
                   (long long)max, unit);
}

enum og_code
og_otp_check_ttl(int64_t ttl_s, struct og_err *err)
{
    return check_range(ttl_s, OG_OTP_MIN_TTL_S, OG_OTP_MAX_TTL_S, "ttl", " seconds", err);
}

enum og_code
og_otp_check_length(int64_t length, bool allow_weak, struct og_err *err)
{
    int64_t min = allow_weak ? OG_OTP_MIN_LENGTH : OG_OTP_MIN_STRONG_LENGTH;
    return check_range(length, min, OG_OTP_MAX_LENGTH, "code_length", " digits", err);
}

enum og_code
og_otp_check_attempts(int64_t attempts, struct og_err *err)
{
    return check_range(attempts, OG_OTP_MIN_ATTEMPTS, OG_OTP_MAX_ATTEMPTS, "max_attempts", "",
                       err);
}
