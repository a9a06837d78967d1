/*
 * Client applications inside a lane's transaction. What an application brings along (brand, hashes,
 * domain line) is measured with our own sentences and with the templates that it names.
 */
#include <stdio.h>

#include "core/label.h"
#include "core/otp.h"
#include "service/audit/tell.h"
#include "service/otp/template_service.h"
#include "service/otp/words.h"
#include "store/account_store.h"

#define LABEL_MAX_CHARS 64

static enum og_code
check_hashes(const struct og_client_app *app, struct og_err *err)
{
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && i < app->hash_count; i++) {
        const struct og_app_hash *hash = &app->hashes[i];
        char field[sizeof err->field];
        struct og_err why = {0};
        code = og_otp_check_app_hash(hash->hash, &why);
        if (code == OG_OK) {
            code = og_label_check(hash->label, LABEL_MAX_CHARS, "label", &why);
        }
        if (code == OG_OK && hash->valid_until && hash->valid_until <= hash->valid_from) {
            code = og_fail(&why, OG_E_UNPROCESSABLE, "valid_until", "must be after valid_from");
        }
        if (code != OG_OK) {
            snprintf(field, sizeof field, "hashes[%d].%.20s", i,
                     strcmp(why.field, "app_hash") == 0 ? "hash" : why.field);
            og_fail(err, code, field, "%s", why.text);
        }
    }
    return code;
}

/* Each member by itself. */
static enum og_code
check_members(const struct og_client_app *app, struct og_err *err)
{
    enum og_code code = OG_OK;
    if (!og_label_is_slug(app->name)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "name",
                       "1 to 64 of a-z 0-9 _ . -, beginning with a letter or digit");
    }
    if (app->package.len) {
        code = og_label_check_application_id(app->package, err);
    }
    if (code == OG_OK && app->origin.len) {
        code = og_otp_check_host(app->origin, "origin", err);
    }
    if (code == OG_OK && app->embedded_origin.len) {
        code = app->origin.len ? og_otp_check_host(app->embedded_origin, "embedded_origin", err)
                               : og_fail(err, OG_E_UNPROCESSABLE, "embedded_origin",
                                         "needs an origin that it is embedded in");
    }
    if (code == OG_OK && app->brand.len) {
        code = og_otp_check_variable(app->brand, "brand", err);
    }
    if (code == OG_OK && app->locale.len) {
        code = og_locale_check(app->locale, "locale", err);
    }
    return code == OG_OK ? check_hashes(app, err) : code;
}

/* A template that it names is there, of the right kind, and fits. */
static enum og_code
check_template(const struct og_client_app_put_op *self, struct og_tx *tx,
               const struct og_account *account, struct og_str name,
               enum og_otp_template_kind kind, const char *field, struct og_err *err)
{
    struct og_template template;
    struct og_sms_size size;
    struct og_err why = {0};
    enum og_code code = og_template_find(tx->db, account->id, name, self->mem, &template, &why);
    if (code == OG_E_NOT_FOUND) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "there is no template of that name");
    }
    if (code == OG_OK && template.kind != kind) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "is a template of the kind %s",
                       og_otp_template_kind_name(template.kind));
    }
    for (int i = 0; code == OG_OK && i < template.text_count; i++) {
        code = og_otp_measure_text(self->svc, &template, i, account->brand, &self->app, &size,
                                   &why);
    }
    return code == OG_OK ? OG_OK : og_fail(err, code, field, "%s", why.text);
}

static enum og_code
check_fit(const struct og_client_app_put_op *self, struct og_tx *tx,
          const struct og_account *account, struct og_err *err)
{
    const struct og_client_app *app = &self->app;
    enum og_code code = og_otp_measure_app(self->svc, account->brand, app, err);
    if (code == OG_OK && app->template.len) {
        code = check_template(self, tx, account, app->template, OG_OTP_TEMPLATE_CODE, "template",
                              err);
    }
    if (code == OG_OK && app->payment_template.len) {
        code = check_template(self, tx, account, app->payment_template, OG_OTP_TEMPLATE_PAYMENT,
                              "payment_template", err);
    }
    return code;
}

static enum og_code
refuse_if_too_many(struct og_client_app_put_op *self, struct og_tx *tx, struct og_str account_id)
{
    struct og_client_app *items;
    int count;
    enum og_code code =
        og_client_app_list(tx->db, account_id, self->mem, &items, &count, &self->op.err);
    return code == OG_OK && self->is_new && count > OG_APPS_MAX - 1
               ? og_fail(&self->op.err, OG_E_CONFLICT, "", "an account has at most %d client apps",
                         OG_APPS_MAX - 1)
               : code;
}

enum og_code
og_client_app_put_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_client_app_put_op *self = (struct og_client_app_put_op *)op;
    struct og_account account;
    enum og_code code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        code = check_members(&self->app, &op->err);
    }
    if (code == OG_OK) {
        code = check_fit(self, tx, &account, &op->err);
    }
    self->app.created_at = self->app.updated_at = tx->now_ms;
    if (code == OG_OK) {
        code = og_client_app_put(tx->db, account.id, &self->app, &self->is_new, &op->err);
    }
    if (code == OG_OK) {
        code = refuse_if_too_many(self, tx, account.id);
    }
    if (code == OG_OK) {
        og_audit_change(self->svc, OG_AUDIT_ADMIN_CLIENT_APP, account.id, self->app.name,
                        self->is_new ? "made" : "changed");
    }
    return code;
}

enum og_code
og_client_app_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_client_app_list_op *self = (struct og_client_app_list_op *)op;
    struct og_account account;
    enum og_code code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK && self->name.len == 0) {
        return og_client_app_list(tx->db, account.id, self->mem, &self->items, &self->count,
                                  &op->err);
    }
    self->items = OG_ARENA_NEW(self->mem, struct og_client_app);
    self->count = 1;
    return code == OG_OK ? og_client_app_find(tx->db, account.id, self->name, self->mem,
                                              self->items, &op->err)
                         : code;
}

enum og_code
og_client_app_remove_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_template_remove_op *self = (struct og_template_remove_op *)op;
    struct og_account account;
    enum og_code code = og_account_find(tx->db, self->account_id, self->mem, &account, &op->err);
    if (code == OG_OK) {
        code = og_client_app_remove(tx->db, account.id, self->name, &op->err);
    }
    if (code == OG_OK) {
        og_audit_change(self->svc, OG_AUDIT_ADMIN_CLIENT_APP, account.id, self->name, "removed");
    }
    return code;
}
