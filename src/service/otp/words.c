/*
 * One function turns names into parts of a text; composing and measuring both use it.
 */
#include "service/otp/words.h"

#include "core/otp.h"

#define LONGEST_HASH OG_STR("AAAAAAAAAAA")
#define MINUTES_MAX (OG_OTP_MAX_TTL_S / 60)

/* ---- names to rows ---- */

enum og_code
og_otp_words_load(struct og_db *db, const struct og_verification *v, struct og_arena *mem,
                  struct og_otp_words *out, struct og_err *err)
{
    enum og_code code = OG_OK;
    *out = (struct og_otp_words){0};
    if (v->client_app.len) {
        code = og_client_app_find(db, v->account_id, v->client_app, mem, &out->app, err);
    }
    const struct og_str usual = v->payee.len ? out->app.payment_template : out->app.template;
    const struct og_str template = v->template.len ? v->template : usual;
    if (code == OG_OK && template.len) {
        code = og_template_find(db, v->account_id, template, mem, &out->template, err);
    }
    return code;
}

/* ---- language ---- */

static const struct og_locale *
choose_locale(const struct og_services *svc, struct og_str asked, struct og_str of_app,
              struct og_str number)
{
    const struct og_str usual = og_str_from(svc->otp.locale);
    const struct og_locale *found = og_locale_find(asked);
    if (!found) {
        found = og_locale_find(of_app);
    }
    if (!found && og_str_eq(usual, OG_STR("auto"))) {
        found = og_locale_of_number(number);
    }
    return found ? found : og_locale_find(usual);
}

/* The text for a tag by RFC 4647's lookup; -1: none. */
static int
text_for(const struct og_template *template, struct og_str tag)
{
    while (tag.len > 0) {
        for (int i = 0; i < template->text_count; i++) {
            if (og_str_eq_nocase(template->texts[i].locale, tag)) {
                return i;
            }
        }
        og_locale_widen(&tag);
    }
    return -1;
}

static const struct og_template_text *
choose_text(const struct og_template *template, struct og_str asked, struct og_str of_app,
            const struct og_locale *locale)
{
    const struct og_str tags[] = {asked, of_app,
                                  locale ? og_str_from(locale->tag) : OG_STR(""),
                                  template->default_locale};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        const int index = text_for(template, tags[i]);
        if (index >= 0) {
            return &template->texts[index];
        }
    }
    return &template->texts[0];
}

/* ---- lines ---- */

static bool
is_valid_at(const struct og_app_hash *hash, int64_t now_ms)
{
    return hash->valid_from <= now_ms && (hash->valid_until == 0 || hash->valid_until > now_ms);
}

/* The hashes of an application that are valid now, the newest first. */
static void
add_hashes(const struct og_client_app *app, int64_t now_ms, struct og_otp_text *parts)
{
    int count = 0;
    for (int i = app->hash_count - 1; i >= 0 && count < OG_OTP_TEXT_HASHES_MAX; i--) {
        if (is_valid_at(&app->hashes[i], now_ms)) {
            parts->app_hashes[count++] = app->hashes[i].hash;
        }
    }
}

static void
add_app_lines(const struct og_client_app *app, struct og_otp_text *parts)
{
    parts->host = app->origin;
    parts->embedded_host = app->embedded_origin;
    parts->retriever_prefix = app->retriever_prefix;
}

/* ---- making it ---- */

static struct og_str
brand_of(const struct og_services *svc, struct og_str asked, struct og_str of_app)
{
    return asked.len ? asked : of_app.len ? of_app : og_str_from(svc->otp.brand);
}

enum og_code
og_otp_compose(const struct og_services *svc, const struct og_otp_words *words,
               const struct og_verification *v, const struct og_secret *code, int64_t left_ms,
               int64_t now_ms, struct og_secret *text, struct og_err *err)
{
    const struct og_client_app *app = &words->app;
    const int64_t minutes = left_ms / 60000;
    const enum og_otp_template_kind kind =
        v->payee.len ? OG_OTP_TEMPLATE_PAYMENT : OG_OTP_TEMPLATE_CODE;
    if (words->template.text_count && words->template.kind != kind) {
        return og_fail(err, OG_E_UNPROCESSABLE, "template", "is one of the kind %s",
                       og_otp_template_kind_name(words->template.kind));
    }
    struct og_otp_text parts = {
        .template = og_str_from(v->payee.len ? "" : svc->otp.text),
        .locale = choose_locale(svc, v->locale, app->locale, v->recipient),
        .brand = brand_of(svc, v->brand, app->brand),
        .code = og_secret_str(code),
        .amount = v->amount,
        .payee = v->payee,
        .app_hashes = {v->app_hash},
        .minutes = minutes > 0 ? (int)minutes : 1,
    };
    if (v->app_hash.len == 0) {
        add_hashes(app, now_ms, &parts);
    }
    add_app_lines(app, &parts);
    if (words->template.text_count) {
        const struct og_template_text *own =
            choose_text(&words->template, v->locale, app->locale, parts.locale);
        parts.template = own->text;
        parts.locale = og_locale_find(own->locale);
        parts.allow_long = words->template.allow_long;
    } else if (parts.template.len) {
        parts.locale = &og_locales[0];
    }
    return og_otp_text_compose(&parts, text, NULL, err);
}

/* ---- measuring it ---- */

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
        .minutes = MINUTES_MAX,
    };
    const enum og_code code = og_otp_text_measure(&parts, &size, &why);
    if (code == OG_OK || strcmp(why.field, "text") != 0) {
        return code == OG_OK ? code : og_fail(err, code, "brand", "%s", why.text);
    }
    return og_fail(err, code, "brand", "is too long: with it the message %s", why.text);
}

enum og_code
og_otp_measure_text(const struct og_services *svc, const struct og_template *template, int index,
                    struct og_str brand, const struct og_client_app *app, struct og_sms_size *out,
                    struct og_err *err)
{
    const struct og_template_text *text = &template->texts[index];
    struct og_otp_text parts = {
        .template = text->text,
        .locale = og_locale_find(text->locale),
        .brand = brand_of(svc, app && app->brand.len ? app->brand : brand, OG_STR("")),
        .minutes = MINUTES_MAX,
        .allow_long = template->allow_long,
    };
    if (!app || app->hash_count) {
        parts.app_hashes[0] = LONGEST_HASH;
    }
    if (app) {
        add_app_lines(app, &parts);
    }
    const enum og_code code = og_otp_text_measure(&parts, out, err);
    if (code == OG_OK && template->policy == OG_OTP_TEMPLATE_STRICT &&
        out->encoding == OG_SMS_UCS2) {
        return og_fail(err, OG_E_UNPROCESSABLE, "brand",
                       "has U+%04X, which GSM-7 lacks, and the template is strict",
                       out->foreign_char);
    }
    return code;
}

enum og_code
og_otp_measure_app(const struct og_services *svc, struct og_str brand,
                   const struct og_client_app *app, struct og_err *err)
{
    struct og_sms_size size;
    struct og_err why = {0};
    struct og_otp_text parts = {
        .locale = &og_locales[0],
        .brand = brand_of(svc, app->brand.len ? app->brand : brand, OG_STR("")),
        .minutes = MINUTES_MAX,
    };
    if (app->hash_count) {
        parts.app_hashes[0] = LONGEST_HASH;
    }
    add_app_lines(app, &parts);
    const enum og_code code = og_otp_text_measure(&parts, &size, &why);
    if (code == OG_OK) {
        return OG_OK;
    }
    const bool is_length = strcmp(why.field, "text") == 0;
    return og_fail(err, code, is_length ? "brand" : why.field, "%s%s",
                   is_length ? "and origin are too long: with them the message " : "", why.text);
}
