/*
 * Templates inside a lane's transaction: judged, brought into GSM-7 where asked for, measured with
 * every application that uses them, then written.
 */
#include "service/otp/template_service.h"

#include <stdio.h>

#include "core/label.h"
#include "service/audit/tell.h"
#include "service/otp/words.h"
#include "store/account_store.h"

/* "texts.de" and why. */
static enum og_code
fail_text(const struct og_template_text *text, const struct og_err *why, struct og_err *err)
{
    char field[sizeof err->field];
    snprintf(field, sizeof field, "texts.%" OG_STR_FMT, OG_STR_ARG(text->locale));
    return og_fail(err, OG_E_UNPROCESSABLE, field, "%s%s",
                   strcmp(why->field, "brand") == 0 ? "brand " : "", why->text);
}

static struct og_str
transliterated(struct og_str text, struct og_arena *mem)
{
    struct og_buf out;
    og_buf_init(&out, OG_OTP_TEMPLATE_MAX_BYTES * 4);
    og_otp_template_transliterate(text, &out);
    const struct og_str kept = og_str_dup(mem, og_buf_str(&out));
    og_buf_finish(&out);
    return kept;
}

/* The words alone. */
static enum og_code
check_words(const struct og_template *template, struct og_template_text *text,
            struct og_arena *mem, struct og_err *err)
{
    struct og_otp_layout layout;
    enum og_code code = og_locale_check(text->locale, "locale", err);
    if (code == OG_OK && template->policy == OG_OTP_TEMPLATE_TRANSLITERATE) {
        text->text = transliterated(text->text, mem);
    }
    if (code == OG_OK) {
        code = og_otp_template_read(text->text, og_locale_find(text->locale), &layout, err);
    }
    if (code == OG_OK) {
        code = og_otp_template_check_kind(&layout, template->kind, err);
    }
    if (code == OG_OK && template->policy == OG_OTP_TEMPLATE_STRICT) {
        code = og_otp_template_check_gsm7(text->text, err);
    }
    return code;
}

static enum og_code
check_names(const struct og_template *template, struct og_err *err)
{
    if (!og_label_is_slug(template->name)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "name",
                       "1 to 64 of a-z 0-9 _ . -, beginning with a letter or digit");
    }
    for (int i = 0; i < template->text_count; i++) {
        if (og_str_eq_nocase(template->texts[i].locale, template->default_locale)) {
            return OG_OK;
        }
    }
    return og_fail(err, OG_E_UNPROCESSABLE, "default_locale",
                   "must be one of the texts' languages");
}

static bool
uses(const struct og_client_app *app, struct og_str template)
{
    return og_str_eq(app->template, template) || og_str_eq(app->payment_template, template);
}

/* One text, by itself and with each application that will send it. */
static enum og_code
measure_text(const struct og_template_put_op *self, int index, struct og_str brand,
             const struct og_client_app *apps, int app_count, struct og_err *err)
{
    const struct og_template *template = &self->entry.template;
    struct og_sms_size with_app;
    enum og_code code = og_otp_measure_text(self->svc, template, index, brand, NULL,
                                            &self->entry.sizes[index], err);
    for (int i = 0; code == OG_OK && i < app_count; i++) {
        if (uses(&apps[i], template->name)) {
            code = og_otp_measure_text(self->svc, template, index, brand, &apps[i], &with_app,
                                       err);
        }
    }
    return code;
}

static enum og_code
check_texts(struct og_template_put_op *self, struct og_tx *tx, const struct og_account *account)
{
    struct og_template *template = &self->entry.template;
    struct og_client_app *apps;
    struct og_err why = {0};
    int app_count;
    enum og_code code = og_client_app_list(tx->db, account->id, self->mem, &apps, &app_count,
                                           &self->op.err);
    self->entry.sizes =
        OG_ARENA_ARRAY(self->mem, struct og_sms_size, (size_t)template->text_count);
    for (int i = 0; code == OG_OK && i < template->text_count; i++) {
        code = check_words(template, &template->texts[i], self->mem, &why);
        if (code == OG_OK) {
            code = measure_text(self, i, account->brand, apps, app_count, &why);
        }
        if (code != OG_OK) {
            return fail_text(&template->texts[i], &why, &self->op.err);
        }
    }
    return code;
}

static enum og_code
refuse_if_too_many(struct og_template_put_op *self, struct og_tx *tx, struct og_str account_id)
{
    struct og_template *items;
    int count;
    enum og_code code =
        og_template_list(tx->db, account_id, self->mem, &items, &count, &self->op.err);
    return code == OG_OK && self->is_new && count > OG_TEMPLATES_MAX - 1
               ? og_fail(&self->op.err, OG_E_CONFLICT, "", "an account has at most %d templates",
                         OG_TEMPLATES_MAX - 1)
               : code;
}

enum og_code
og_template_put_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_template_put_op *self = (struct og_template_put_op *)op;
    struct og_template *template = &self->entry.template;
    struct og_account account;
    enum og_code code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        code = check_names(template, &op->err);
    }
    if (code == OG_OK) {
        code = check_texts(self, tx, &account);
    }
    template->created_at = template->updated_at = tx->now_ms;
    if (code == OG_OK) {
        code = og_template_put(tx->db, account.id, template, &self->is_new, &op->err);
    }
    if (code == OG_OK) {
        code = refuse_if_too_many(self, tx, account.id);
    }
    if (code == OG_OK) {
        og_audit_change(self->svc, OG_AUDIT_ADMIN_TEMPLATE, account.id, template->name,
                        self->is_new ? "made" : "changed");
    }
    return code;
}

/* ---- reading ---- */

/* Texts that were saved fit; with another brand they may not, and are shown all the same. */
static void
measure_entry(const struct og_template_list_op *self, struct og_str brand,
              struct og_template_entry *entry)
{
    struct og_err unheard;
    entry->sizes =
        OG_ARENA_ARRAY(self->mem, struct og_sms_size, (size_t)entry->template.text_count);
    for (int i = 0; i < entry->template.text_count; i++) {
        enum og_code code = og_otp_measure_text(self->svc, &entry->template, i, brand, NULL,
                                                &entry->sizes[i], &unheard);
        (void)code;
    }
}

enum og_code
og_template_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_template_list_op *self = (struct og_template_list_op *)op;
    struct og_template *items = OG_ARENA_NEW(self->mem, struct og_template);
    struct og_account account;
    enum og_code code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    self->count = 1;
    if (code == OG_OK && self->name.len) {
        code = og_template_find(tx->db, account.id, self->name, self->mem, items, &op->err);
    } else if (code == OG_OK) {
        code = og_template_list(tx->db, account.id, self->mem, &items, &self->count, &op->err);
    }
    if (code != OG_OK) {
        return code;
    }
    self->items = OG_ARENA_ARRAY(self->mem, struct og_template_entry, (size_t)self->count + 1);
    for (int i = 0; i < self->count; i++) {
        self->items[i].template = items[i];
        measure_entry(self, account.brand, &self->items[i]);
    }
    return OG_OK;
}

enum og_code
og_template_check_brand(const struct og_services *svc, struct og_tx *tx, struct og_str account_id,
                        struct og_str brand, struct og_arena *mem, struct og_err *err)
{
    struct og_template *items;
    int count;
    enum og_code code = og_template_list(tx->db, account_id, mem, &items, &count, err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        for (int k = 0; code == OG_OK && k < items[i].text_count; k++) {
            struct og_sms_size size;
            struct og_err why = {0};
            code = og_otp_measure_text(svc, &items[i], k, brand, NULL, &size, &why);
            if (code != OG_OK) {
                og_fail(err, code, "brand", "does not go with the template %" OG_STR_FMT ": %s",
                        OG_STR_ARG(items[i].name), why.text);
            }
        }
    }
    return code;
}

/* ---- removing ---- */

enum og_code
og_template_remove_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_template_remove_op *self = (struct og_template_remove_op *)op;
    struct og_account account;
    struct og_client_app *apps;
    int app_count = 0;
    enum og_code code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        code = og_client_app_list(tx->db, account.id, self->mem, &apps, &app_count, &op->err);
    }
    for (int i = 0; code == OG_OK && i < app_count; i++) {
        if (uses(&apps[i], self->name)) {
            return og_fail(&op->err, OG_E_CONFLICT, "template",
                           "is used by the client app %" OG_STR_FMT, OG_STR_ARG(apps[i].name));
        }
    }
    if (code == OG_OK) {
        code = og_template_remove(tx->db, account.id, self->name, &op->err);
    }
    if (code == OG_OK) {
        og_audit_change(self->svc, OG_AUDIT_ADMIN_TEMPLATE, account.id, self->name, "removed");
    }
    return code;
}
