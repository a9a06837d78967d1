/*
 * The text of an OTP message: a sentence with the code first, then the lines that machines read.
 *
 *   482913 is your Example Shop code. Valid for 5 minutes. Never share it.
 *   FA+9qCX9VSu                        app hashes: the SMS Retriever finds its own
 *   @shop.example #482913              domain line: browsers and iOS (WebOTP), always the last
 *
 * Pure and thread-safe. Sources: domain notes 1.3 (SMS Retriever: 140 bytes, code first), 2.1
 * (domain line), 2.3 (all together), 3 (one segment).
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/otp_template.h"
#include "core/sms_text.h"

#define OG_OTP_TEXT_MAX_BYTES 140 /* UTF-8; what the SMS Retriever reads */
#define OG_OTP_BRAND_MAX_CHARS 40
#define OG_OTP_PAYEE_MAX_CHARS 40
#define OG_OTP_TEXT_HASHES_MAX 2
#define OG_OTP_HOST_MAX_CHARS 64

/* What the message is made of. All borrowed. */
struct og_otp_text {
    struct og_str template; /* core/otp_template.h; empty: our own sentence in `locale` */
    const struct og_locale *locale; /* of the template; NULL: English, or one that we do not know */
    struct og_str brand;    /* empty: none; required by a template that has {brand} */
    struct og_str code;     /* as og_otp_draw or og_otp_check_custom gave it */
    struct og_str amount;   /* "EUR 49.90" (core/money.h); with payee, or neither */
    struct og_str payee;
    /* Empty: none; else as og_otp_check_app_hash wants them. The second is left out where both do
     * not fit. */
    struct og_str app_hashes[OG_OTP_TEXT_HASHES_MAX];
    struct og_str host;          /* as og_otp_check_host wants it; empty: no domain line */
    struct og_str embedded_host; /* of an iframe in its page; empty: none */
    int minutes;            /* of validity, 1 and up; 0: not said, and no template may ask for it */
    bool retriever_prefix;  /* "<#> " in front, for Play services of 2017 to 2019 */
    bool allow_long;        /* several segments and more than 140 bytes are wanted */
};

/*
 * Compose the message. Of our own sentences as many stand as fit into one SMS: warning before
 * validity; when a brand or payee of another script leaves no room at all, the shortest English.
 *
 * out     the text, at most 140 bytes and one segment unless allow_long; the caller finishes it
 * size    what it costs; may be NULL
 * Errors  OG_E_UNPROCESSABLE: field "template", "brand", "payee", "app_hash", "host", or "text"
 *         when the whole is too long, saying by how much and which character made it so; never the
 *         code
 */
OG_MUST_CHECK enum og_code og_otp_text_compose(const struct og_otp_text *self,
                                               struct og_secret *out, struct og_sms_size *size,
                                               struct og_err *err);

/*
 * What the message costs at most: the longest code and amount, each number of minutes up to
 * `self->minutes`. A brand or payee that the template wants and `self` has not gets 20 characters.
 * size    of the longest; filled also where it is refused for its length
 * Errors  as og_otp_text_compose
 */
OG_MUST_CHECK enum og_code og_otp_text_measure(const struct og_otp_text *self,
                                               struct og_sms_size *size, struct og_err *err);

/* May this be put in place of a variable? One line, no '@' or '#' (they could forge a domain line),
 * no address (scheme or "www."), no control, bidi or invisible characters, 1 to 40 characters.
 * OG_E_UNPROCESSABLE with `field`. */
OG_MUST_CHECK enum og_code og_otp_check_variable(struct og_str value, const char *field,
                                                 struct og_err *err);

/* The host of a domain line: letters, digits and hyphens in labels with dots between (punycode for
 * others), at least two labels, no scheme, port or path, at most 64 characters. OG_E_UNPROCESSABLE
 * with `field`. */
OG_MUST_CHECK enum og_code og_otp_check_host(struct og_str host, const char *field,
                                             struct og_err *err);
