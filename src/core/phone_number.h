/*
 * Phone numbers: from what people write to E.164, and how to show one without giving it away.
 *
 * Pure and thread-safe. Sources: ITU-T E.164 (at most 15 digits; the list of assigned calling
 * codes), RFC 3966 for what is *not* accepted (extensions, parameters).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define OG_PHONE_BYTES 17      /* '+', 15 digits, NUL */
#define OG_PHONE_MASK_BYTES 32 /* "+49 ••••••• 23" with its NUL, whatever the number */
#define OG_PHONE_MIN_DIGITS 7
#define OG_PHONE_MAX_DIGITS 15

/* Advice from numbering-plan data, which may be years old: never a reason by itself to say that a
 * number does not exist. */
enum og_phone_type {
    OG_PHONE_TYPE_UNKNOWN,
    OG_PHONE_TYPE_FIXED,
    OG_PHONE_TYPE_MOBILE,
    OG_PHONE_TYPE_FIXED_OR_MOBILE,
    OG_PHONE_TYPE_TOLL_FREE,
    OG_PHONE_TYPE_PREMIUM,
    OG_PHONE_TYPE_SHARED_COST,
    OG_PHONE_TYPE_VOIP,
    OG_PHONE_TYPE_PERSONAL,
    OG_PHONE_TYPE_PAGER,
    OG_PHONE_TYPE_UAN,
    OG_PHONE_TYPE_VOICEMAIL,
    OG_PHONE_TYPE_COUNT
};

struct og_phone_facts {
    char e164[OG_PHONE_BYTES];
    enum og_phone_type type;
    bool is_valid;  /* does the plan data know its range? advice */
    char region[4]; /* "DE"; "001" for what belongs to no country; "" when the data do not say */
};

/*
 * The seam to numbering-plan data, filled by plan/phone_plan.h.
 *
 * parse   `text` in national or international form; `region` is two capital letters, or "ZZ" when
 *         only the international form is meant. OG_E_UNPROCESSABLE when it cannot be a number
 *         (field empty, the caller names it), OG_E_UNAVAILABLE when the data cannot be had.
 *         Thread-safe.
 */
struct og_phone_plan {
    enum og_code (*parse)(void *ctx, struct og_str text, const char *region,
                          struct og_phone_facts *out, struct og_err *err);
    void *ctx;
    const char *version; /* of the data, for people */
    bool (*is_there)(void *ctx); /* could the data be had now? Cheap. NULL: always */
    /* When the data were packaged, UTC; 0: not known, or not looked at yet. Cheap. NULL: never
     * known. They are at least so old. */
    int64_t (*made_at)(void *ctx);
};

/*
 * Read a number as people write it: '+' and 7 to 15 digits, with spaces, dots, hyphens and round
 * brackets between them, beginning with an assigned calling code.
 *
 * default_region  two capital letters: national formats of that country are read too, through
 *                 `plan`. Empty: international form only, and `plan` may be NULL
 * field           names the input in the error ("to", "phoneNumbers[3]")
 * out             E.164 in `mem`, NUL behind its length
 * Errors          OG_E_UNPROCESSABLE with what is wrong, never with the number;
 *                 OG_E_UNAVAILABLE from the plan
 */
OG_MUST_CHECK enum og_code og_phone_parse(struct og_str text, struct og_str default_region,
                                          const struct og_phone_plan *plan, const char *field,
                                          struct og_arena *mem, struct og_str *out,
                                          struct og_err *err);

/* Is it '+', an assigned calling code and 7 to 15 digits in all, and nothing else? */
bool og_phone_is_e164(struct og_str text);

/* Length in digits (1 to 3) of the assigned calling code that `digits` starts with; 0: none. */
size_t og_phone_calling_code_len(struct og_str digits);

/* Two capital letters, as in ISO 3166-1? (Not whether such a country exists.) */
bool og_phone_is_region(struct og_str text);

/* 3 to 6 digits and nothing else: a service number inside one network. */
bool og_phone_is_short_code(struct og_str text);

/* For logs and answers: calling code, dots that do not tell the length, last two digits. What is
 * not E.164 becomes dots only. UTF-8. */
void og_phone_mask(struct og_str number, char out[OG_PHONE_MASK_BYTES]);

/* "mobile", "premium", ... Static storage. */
const char *og_phone_type_name(enum og_phone_type type);
bool og_phone_type_from_name(struct og_str name, enum og_phone_type *out);
