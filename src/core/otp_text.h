/*
 * The text of an OTP message: a sentence with the code first, the app hash on its own last line.
 *
 * Pure and thread-safe. Sources: domain notes 1.3 (SMS Retriever: 140 bytes, code first, hash
 * last), 1.4 (no other digits before the code), 3 (one segment).
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/sms_text.h"

#define OG_OTP_TEXT_MAX_BYTES 140 /* UTF-8; what the SMS Retriever reads */
#define OG_OTP_TEMPLATE_MAX_BYTES 640
#define OG_OTP_BRAND_MAX_CHARS 40

/* What the message is made of. All borrowed. */
struct og_otp_text {
    struct og_str template; /* with {code}, {brand}, {minutes}; empty: the built-in English text */
    struct og_str brand;    /* empty: none; required by a template that has {brand} */
    struct og_str code;     /* as og_otp_draw or og_otp_check_custom gave it */
    struct og_str app_hash; /* empty: none; else as og_otp_check_app_hash wants it */
    int minutes;            /* of validity, 1 and up; 0: not said, and no template may ask for it */
    bool retriever_prefix;  /* "<#> " in front, for Play services of 2017 to 2019 */
};

/*
 * Compose the message.
 *
 * out     the text, at most 140 bytes and one segment; the caller finishes it
 * size    what it costs; may be NULL
 * Errors  OG_E_UNPROCESSABLE: field "template", "brand", "app_hash", or "text" when the whole is
 *         too long, saying by how much and which character made it so; never the code
 */
OG_MUST_CHECK enum og_code og_otp_text_compose(const struct og_otp_text *self,
                                               struct og_secret *out, struct og_sms_size *size,
                                               struct og_err *err);

/*
 * May this be used as a template? Known placeholders only, {code} exactly once with no ASCII
 * letter, digit or placeholder touching it and no digit before it, no control, bidi or invisible
 * characters. `{{` and `}}` stand for the brackets themselves. OG_E_UNPROCESSABLE, field
 * "template".
 */
OG_MUST_CHECK enum og_code og_otp_template_check(struct og_str template, struct og_err *err);

/* May this be put in place of a variable? One line, no '@' or '#' (they could forge a domain line),
 * no address (scheme or "www."), no control, bidi or invisible characters, 1 to 40 characters.
 * OG_E_UNPROCESSABLE with `field`. */
OG_MUST_CHECK enum og_code og_otp_check_variable(struct og_str value, const char *field,
                                                 struct og_err *err);
