/*
 * Templates of OTP messages: a sentence with typed placeholders.
 *
 *   {code}     once, with no letter, digit or placeholder touching it and no digit before it
 *   {brand}    who sends it
 *   {minutes}  how long the code is good; {minutes|minute|minutes} is the word that goes with it,
 *              in as many forms as the language has for 1 to 10 (core/locale.h)
 *   {amount}, {payee}  what is paid and to whom
 *   {{, }}     the brackets themselves
 *
 * Pure and thread-safe. Sources: domain notes 1.3, 1.4, 4.10; EU 2018/389 article 5.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/locale.h"

#define OG_OTP_TEMPLATE_MAX_BYTES 640

enum og_otp_template_kind {
    OG_OTP_TEMPLATE_CODE,
    OG_OTP_TEMPLATE_PAYMENT, /* has {amount} and {payee}, both */
};

/* What a template's own words may cost. */
enum og_otp_template_policy {
    OG_OTP_TEMPLATE_STRICT,        /* GSM-7 only; anything else is refused with its place */
    OG_OTP_TEMPLATE_TRANSLITERATE, /* brought into GSM-7 when it is saved, where there is a way */
    OG_OTP_TEMPLATE_UCS2,          /* any character */
    OG_OTP_TEMPLATE_POLICIES
};

/* What a template turned out to hold. */
struct og_otp_layout {
    bool has_brand, has_minutes, has_amount, has_payee;
    bool brand_before_code, payee_before_code;
};

/* What stands for the placeholders. All borrowed. */
struct og_otp_values {
    struct og_str code, brand, amount, payee;
    int minutes;
};

/*
 * May this be used as a template? Control, bidi and invisible characters are refused too.
 * locale  whose plural {minutes|...} has to have; NULL: a language that we cannot count in, so that
 *         it is refused
 * out     may be NULL
 * Errors  OG_E_UNPROCESSABLE, field "template"
 */
OG_MUST_CHECK enum og_code og_otp_template_read(struct og_str template,
                                                const struct og_locale *locale,
                                                struct og_otp_layout *out, struct og_err *err);

/* Does it hold what a template of its kind must, and nothing of the other? OG_E_UNPROCESSABLE,
 * field "template". */
OG_MUST_CHECK enum og_code og_otp_template_check_kind(const struct og_otp_layout *layout,
                                                      enum og_otp_template_kind kind,
                                                      struct og_err *err);

/* Fill in. The template is one that og_otp_template_read let through with this locale. */
void og_otp_template_render(struct og_str template, const struct og_locale *locale,
                            const struct og_otp_values *values, struct og_buf *out);

/* A template that needs GSM-7 only: OG_E_UNPROCESSABLE, field "template", naming the first
 * character that the alphabet lacks, its place and what to write instead. */
OG_MUST_CHECK enum og_code og_otp_template_check_gsm7(struct og_str template, struct og_err *err);
/* The same text with what GSM-7 lacks written in its letters, where there is a way. Placeholders
 * are left alone. */
void og_otp_template_transliterate(struct og_str template, struct og_buf *out);

/* "code", "payment"; "strict", "transliterate", "ucs2". Static storage. */
const char *og_otp_template_kind_name(enum og_otp_template_kind kind);
const char *og_otp_template_policy_name(enum og_otp_template_policy policy);
/* And back; false when there is none of that name. */
bool og_otp_template_kind_of(struct og_str name, enum og_otp_template_kind *out);
bool og_otp_template_policy_of(struct og_str name, enum og_otp_template_policy *out);
