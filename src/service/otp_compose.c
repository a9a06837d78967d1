/*
 * The words of the SMS: which language, which brand, which template.
 */
#include "core/otp_text.h"
#include "service/otp_priv.h"

#define LONGEST_HASH OG_STR("AAAAAAAAAAA")

static const struct og_locale *
choose_locale(const struct og_services *svc, const struct og_verification *v)
{
    const struct og_str usual = og_str_from(svc->otp.locale);
    const struct og_locale *asked = og_locale_find(v->locale);
    if (asked) {
        return asked;
    }
    return og_str_eq(usual, OG_STR("auto")) ? og_locale_of_number(v->recipient)
                                            : og_locale_find(usual);
}

enum og_code
og_otp_compose(const struct og_services *svc, const struct og_verification *v,
               const struct og_secret *code, int64_t left_ms, struct og_secret *text,
               struct og_err *err)
{
    const int64_t minutes = left_ms / 60000;
    const struct og_str template = og_str_from(svc->otp.text);
    const struct og_otp_text parts = {
        .template = template,
        .locale = template.len ? &og_locales[0] : choose_locale(svc, v),
        .brand = v->brand.len ? v->brand : og_str_from(svc->otp.brand),
        .code = og_secret_str(code),
        .app_hashes = {v->app_hash},
        .minutes = minutes > 0 ? (int)minutes : 1,
    };
    return og_otp_text_compose(&parts, text, NULL, err);
}

enum og_code
og_otp_check_brand(const struct og_services *svc, struct og_str brand, struct og_err *err)
{
    struct og_sms_size size;
    struct og_err why = {0};
    const struct og_otp_text parts = {
        .template = og_str_from(svc->otp.text),
        .locale = &og_locales[0],
        .brand = brand,
        .app_hashes = {LONGEST_HASH},
        .minutes = OG_OTP_MAX_TTL_S / 60,
    };
    const enum og_code code = og_otp_text_measure(&parts, &size, &why);
    if (code == OG_OK || strcmp(why.field, "text") != 0) {
        return code == OG_OK ? code : og_fail(err, code, "brand", "%s", why.text);
    }
    return og_fail(err, code, "brand", "is too long: with it the message %s", why.text);
}
