/*
 * Codes are uniform because words that would favour small values are drawn again, and secret
 * because whatever held one is wiped here or handed to a caller who finishes it. Nothing in an
 * error text tells a code.
 */
#include "core/otp.h"

#include <assert.h>

#include "core/codepoint.h"

#define READ_MAX_BYTES 64 /* ten digits of four bytes with ornaments; longer is not looked at */
/* The worst length (nine digits) redraws 7 words in 100: so many in a row is a broken generator. */
#define MAX_REDRAWS 64

static uint64_t
power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

static bool
is_ascii_alnum(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

size_t
og_otp_word_bytes(unsigned length)
{
    return length < 10 ? sizeof(uint32_t) : sizeof(uint64_t);
}

bool
og_otp_value_from_word(uint64_t word, unsigned length, uint64_t *out)
{
    assert(length >= OG_OTP_MIN_LENGTH && length <= OG_OTP_MAX_LENGTH);
    uint64_t count = power_of_ten(length);
    uint64_t last = length < 10 ? UINT32_MAX : UINT64_MAX;
    /* How many words at the end do not make a full round: (last + 1) mod count. */
    uint64_t spare = (last % count + 1) % count;
    if (word > last - spare) {
        return false;
    }
    *out = word % count;
    return true;
}

static void
write_digits(uint64_t value, unsigned length, struct og_secret *out)
{
    out->len = length;
    out->bytes[length] = '\0';
    for (unsigned at = length; at > 0; at--) {
        out->bytes[at - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

static enum og_code
draw_word(const struct og_rng *rng, unsigned length, uint64_t *out, struct og_err *err)
{
    uint32_t narrow;
    if (og_otp_word_bytes(length) == sizeof(uint64_t)) {
        return rng->bytes(rng->ctx, out, sizeof(*out), err);
    }
    enum og_code code = rng->bytes(rng->ctx, &narrow, sizeof(narrow), err);
    *out = code == OG_OK ? narrow : 0;
    og_wipe(&narrow, sizeof(narrow));
    return code;
}

enum og_code
og_otp_draw(const struct og_rng *rng, unsigned length, struct og_secret *out, struct og_err *err)
{
    uint64_t word = 0;
    uint64_t value = 0;
    enum og_code code = OG_OK;
    bool drawn = false;

    assert(length >= OG_OTP_MIN_LENGTH && length <= OG_OTP_MAX_LENGTH);
    og_secret_finish(out);
    for (unsigned i = 0; i < MAX_REDRAWS && code == OG_OK && !drawn; i++) {
        code = draw_word(rng, length, &word, err);
        drawn = code == OG_OK && og_otp_value_from_word(word, length, &value);
    }
    if (drawn) {
        write_digits(value, length, out);
    } else if (code == OG_OK) {
        code = og_fail(err, OG_E_UNAVAILABLE, "", "the random generator repeats itself");
    }
    og_wipe(&word, sizeof(word));
    og_wipe(&value, sizeof(value));
    return code;
}

/* What people put between digits, and what keyboards make of it. */
static bool
is_separator(uint32_t c)
{
    static const uint32_t separators[] = {' ',    '-',    '\t',   0x00A0, 0x2009, 0x2010,
                                          0x2011, 0x2013, 0x202F, 0x3000, 0xFF0D};

    for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
        if (c == separators[i]) {
            return true;
        }
    }
    return false;
}

/* The character as it was drawn; 0: it cannot be part of a code. */
static char
code_char(uint32_t c, enum og_otp_alphabet alphabet)
{
    int digit = og_codepoint_digit(c);
    if (digit >= 0) {
        return (char)('0' + digit);
    }
    return alphabet == OG_OTP_ALNUM && is_ascii_alnum(c) ? (char)c : '\0';
}

/* NULL, or what is wrong. */
static const char *
collect(struct og_str input, enum og_otp_alphabet alphabet, struct og_secret *out)
{
    for (size_t at = 0; at < input.len;) {
        uint32_t c = og_codepoint_next(input, &at);
        if (is_separator(c)) {
            continue;
        }
        char written = code_char(c, alphabet);
        if (written == '\0') {
            return alphabet == OG_OTP_DIGITS ? "must consist of digits"
                                             : "must consist of letters A-Z, a-z and digits";
        }
        if (out->len == OG_OTP_MAX_LENGTH) {
            return "is too long";
        }
        out->bytes[out->len++] = written;
    }
    return out->len == 0 ? "is empty" : NULL;
}

enum og_code
og_otp_read(struct og_str input, enum og_otp_alphabet alphabet, unsigned length,
            struct og_secret *out, struct og_err *err)
{
    og_secret_finish(out);
    const char *wrong =
        input.len > READ_MAX_BYTES ? "is too long" : collect(input, alphabet, out);
    if (!wrong && length == 0 && out->len < OG_OTP_MIN_LENGTH) {
        wrong = "is too short";
    }
    if (wrong) {
        og_secret_finish(out);
        return og_fail(err, OG_E_UNPROCESSABLE, "code", "%s", wrong);
    }
    if (length > 0 && out->len != length) {
        og_secret_finish(out);
        return og_fail(err, OG_E_UNPROCESSABLE, "code", "must have %u characters", length);
    }
    out->bytes[out->len] = '\0';
    return OG_OK;
}

enum og_code
og_otp_check_custom(struct og_str code, struct og_err *err)
{
    bool fits = code.len >= OG_OTP_MIN_LENGTH && code.len <= OG_OTP_MAX_LENGTH;
    for (size_t i = 0; fits && i < code.len; i++) {
        fits = is_ascii_alnum((uint8_t)code.ptr[i]);
    }
    return fits ? OG_OK
                : og_fail(err, OG_E_UNPROCESSABLE, "code",
                          "must be 4 to 10 letters A-Z, a-z or digits");
}

enum og_otp_alphabet
og_otp_alphabet_of(struct og_str code)
{
    for (size_t i = 0; i < code.len; i++) {
        if (code.ptr[i] < '0' || code.ptr[i] > '9') {
            return OG_OTP_ALNUM;
        }
    }
    return OG_OTP_DIGITS;
}

void
og_otp_mac(const struct og_key *key, const struct og_otp_binding *binding, struct og_str code,
           uint8_t out[OG_DIGEST_BYTES])
{
    const struct og_str parts[] = {OG_STR("otp-code"), binding->account, binding->purpose,
                                   binding->id, binding->context, code};
    og_mac_parts(key, parts, sizeof(parts) / sizeof(parts[0]), out);
}

int
og_otp_resend_wait_s(unsigned sends_made)
{
    static const int waits_s[] = {0, 30, 60, 120};
    const unsigned last = sizeof(waits_s) / sizeof(waits_s[0]) - 1;
    return waits_s[sends_made < last ? sends_made : last];
}
