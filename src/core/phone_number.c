/*
 * Two steps: take the digits out of what was written, refusing everything that is not a plain
 * number, then look whether they can be one. An international number needs no plan data for that,
 * only the list of calling codes.
 */
#include "core/phone_number.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/codepoint.h"

/* ITU-T E.164 assigned codes, ascending. No code is the beginning of another. Left out: what is
 * spare or reserved, and +384, +388 (given back). */
static const uint16_t calling_codes[] = {
    1,   7,   20,  27,  30,  31,  32,  33,  34,  36,  39,  40,  41,  43,  44,  45,  46,  47,
    48,  49,  51,  52,  53,  54,  55,  56,  57,  58,  60,  61,  62,  63,  64,  65,  66,  81,
    82,  84,  86,  90,  91,  92,  93,  94,  95,  98,  211, 212, 213, 216, 218, 220, 221, 222,
    223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240,
    241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258,
    260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 290, 291, 297, 298, 299, 350, 351, 352,
    353, 354, 355, 356, 357, 358, 359, 370, 371, 372, 373, 374, 375, 376, 377, 378, 379, 380,
    381, 382, 383, 385, 386, 387, 389, 420, 421, 423, 500, 501, 502, 503, 504, 505, 506, 507,
    508, 509, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 670, 672, 673, 674, 675, 676,
    677, 678, 679, 680, 681, 682, 683, 685, 686, 687, 688, 689, 690, 691, 692, 800, 808, 850,
    852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 960, 961, 962, 963, 964, 965,
    966, 967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992, 993, 994, 995, 996, 998,
};

static const char *const type_names[] = {
    [OG_PHONE_TYPE_UNKNOWN] = "unknown",
    [OG_PHONE_TYPE_FIXED] = "fixed",
    [OG_PHONE_TYPE_MOBILE] = "mobile",
    [OG_PHONE_TYPE_FIXED_OR_MOBILE] = "fixed_or_mobile",
    [OG_PHONE_TYPE_TOLL_FREE] = "toll_free",
    [OG_PHONE_TYPE_PREMIUM] = "premium",
    [OG_PHONE_TYPE_SHARED_COST] = "shared_cost",
    [OG_PHONE_TYPE_VOIP] = "voip",
    [OG_PHONE_TYPE_PERSONAL] = "personal",
    [OG_PHONE_TYPE_PAGER] = "pager",
    [OG_PHONE_TYPE_UAN] = "uan",
    [OG_PHONE_TYPE_VOICEMAIL] = "voicemail",
};

/* What was written, without its ornaments. */
struct written {
    bool has_plus;
    size_t count;
    char digits[OG_PHONE_MAX_DIGITS + 1];
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
compare_codes(const void *key, const void *item)
{
    return (int)*(const uint16_t *)key - (int)*(const uint16_t *)item;
}

size_t
og_phone_calling_code_len(struct og_str digits)
{
    uint16_t code = 0;
    if (digits.len > 0 && digits.ptr[0] == '0') {
        return 0; /* no code does, but 049 has the value of 49 */
    }
    for (size_t len = 1; len <= 3 && len <= digits.len && is_digit(digits.ptr[len - 1]); len++) {
        code = (uint16_t)(code * 10 + (digits.ptr[len - 1] - '0'));
        if (bsearch(&code, calling_codes, sizeof(calling_codes) / sizeof(calling_codes[0]),
                    sizeof(calling_codes[0]), compare_codes)) {
            return len;
        }
    }
    return 0;
}

bool
og_phone_is_e164(struct og_str text)
{
    if (text.len < 1 + OG_PHONE_MIN_DIGITS || text.len > 1 + OG_PHONE_MAX_DIGITS ||
        text.ptr[0] != '+') {
        return false;
    }
    struct og_str digits = {text.ptr + 1, text.len - 1};
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i])) {
            return false;
        }
    }
    return og_phone_calling_code_len(digits) > 0;
}

bool
og_phone_is_region(struct og_str text)
{
    return text.len == 2 && text.ptr[0] >= 'A' && text.ptr[0] <= 'Z' && text.ptr[1] >= 'A' &&
           text.ptr[1] <= 'Z';
}

bool
og_phone_is_short_code(struct og_str text)
{
    if (text.len < 3 || text.len > 6) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

const char *
og_phone_type_name(enum og_phone_type type)
{
    assert((size_t)type < sizeof(type_names) / sizeof(type_names[0]));
    return type_names[type];
}

/* What to call a character that does not belong in a number. Never the digits around it. */
static const char *
blame(uint32_t c)
{
    if (c == OG_CODEPOINT_BAD) {
        return "is not valid UTF-8";
    }
    if (c == 0) {
        return "holds a NUL character";
    }
    if (c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0)) {
        return "holds a control character";
    }
    if (c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
        (c >= 0x2066 && c <= 0x2069)) {
        return "holds a text-direction mark";
    }
    if (c >= 0x200B && c <= 0x200D) {
        return "holds an invisible character";
    }
    if (og_codepoint_digit(c) >= 0) {
        return "must be written with the digits 0 to 9";
    }
    if (c == ';' || c == ',' || c == '#') {
        return "must not have an extension or parameters";
    }
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
        return "holds a letter";
    }
    return "holds a character other than digits, space, dot, hyphen and round brackets";
}

/* Ornaments may stand anywhere, but brackets come in pairs around something. */
struct brackets {
    bool is_open;
    size_t digits_before;
};

static const char *
step_bracket(struct brackets *self, char c, const struct written *out)
{
    bool opens = c == '(';
    if (opens == self->is_open) {
        return "has brackets that do not match";
    }
    if (opens) {
        self->digits_before = out->count;
    } else if (out->has_plus && out->count == self->digits_before + 1 &&
               out->digits[out->count - 1] == '0') {
        return "must leave out the (0), which is not dialled from abroad";
    }
    self->is_open = opens;
    return NULL;
}

static const char *
step(struct written *out, struct brackets *brackets, char c)
{
    if (is_digit(c)) {
        if (out->count == OG_PHONE_MAX_DIGITS) {
            return "has more than 15 digits";
        }
        out->digits[out->count++] = c;
        return NULL;
    }
    if (c == '+') {
        if (out->has_plus) {
            return "has more than one +";
        }
        out->has_plus = true;
        return out->count > 0 ? "has a + that does not stand at the beginning" : NULL;
    }
    return step_bracket(brackets, c, out);
}

/* NULL, or what is wrong. */
static const char *
read_written(struct og_str text, struct written *out)
{
    struct brackets brackets = {0};
    *out = (struct written){0};
    for (size_t at = 0; at < text.len;) {
        uint32_t c = og_codepoint_next(text, &at);
        if (c == ' ' || c == '.' || c == '-') {
            continue;
        }
        if (!((c >= '0' && c <= '9') || c == '+' || c == '(' || c == ')')) {
            return blame(c);
        }
        const char *wrong = step(out, &brackets, (char)c);
        if (wrong) {
            return wrong;
        }
    }
    if (brackets.is_open) {
        return "has brackets that do not match";
    }
    return out->count == 0 ? "has no digits" : NULL;
}

static enum og_code
finish_international(const struct written *number, const char *field, struct og_arena *mem,
                     struct og_str *out, struct og_err *err)
{
    struct og_str digits = {number->digits, number->count};
    if (digits.len < OG_PHONE_MIN_DIGITS) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "has fewer than 7 digits");
    }
    if (og_phone_calling_code_len(digits) == 0) {
        return og_fail(err, OG_E_UNPROCESSABLE, field,
                       "does not begin with the calling code of a country");
    }
    *out = og_str_printf(mem, "+%" OG_STR_FMT, OG_STR_ARG(digits));
    return OG_OK;
}

static enum og_code
finish_national(const struct written *number, struct og_str region,
                const struct og_phone_plan *plan, const char *field, struct og_arena *mem,
                struct og_str *out, struct og_err *err)
{
    struct og_phone_facts facts = {0};
    char region_text[3] = {region.ptr[0], region.ptr[1], '\0'};
    struct og_str digits = {number->digits, number->count};

    enum og_code code = plan->parse(plan->ctx, digits, region_text, &facts, err);
    if (code == OG_E_UNPROCESSABLE) {
        return og_fail(err, code, field, "is not a number of %s, and has no + for another country",
                       region_text);
    }
    if (code != OG_OK) {
        return code;
    }
    struct og_str e164 = og_str_from(facts.e164);
    if (!og_phone_is_e164(e164)) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "is not a number of %s", region_text);
    }
    *out = og_str_dup(mem, e164);
    return OG_OK;
}

enum og_code
og_phone_parse(struct og_str text, struct og_str default_region, const struct og_phone_plan *plan,
               const char *field, struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    struct written number;

    assert(default_region.len == 0 || og_phone_is_region(default_region));
    *out = (struct og_str){0};
    if (text.len == 0) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "is empty");
    }
    const char *wrong = read_written(text, &number);
    if (wrong) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "%s", wrong);
    }
    if (number.has_plus) {
        return finish_international(&number, field, mem, out, err);
    }
    if (default_region.len == 0 || !plan) {
        return og_fail(err, OG_E_UNPROCESSABLE, field,
                       "must begin with + and the calling code of the country");
    }
    return finish_national(&number, default_region, plan, field, mem, out, err);
}

void
og_phone_mask(struct og_str number, char out[OG_PHONE_MASK_BYTES])
{
    static const char dots[] = "•••••••";

    if (!og_phone_is_e164(number)) {
        snprintf(out, OG_PHONE_MASK_BYTES, "%s", dots);
        return;
    }
    struct og_str digits = {number.ptr + 1, number.len - 1};
    int code_len = (int)og_phone_calling_code_len(digits);
    snprintf(out, OG_PHONE_MASK_BYTES, "+%.*s %s %.2s", code_len, digits.ptr, dots,
             digits.ptr + digits.len - 2);
}

bool
og_phone_type_from_name(struct og_str name, enum og_phone_type *out)
{
    for (int i = 0; i < OG_PHONE_TYPE_COUNT; i++) {
        if (og_str_eq(name, og_str_from(type_names[i]))) {
            *out = (enum og_phone_type)i;
            return true;
        }
    }
    return false;
}
