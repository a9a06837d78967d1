/*
 * Settings of phones, from the row to the phones' streams. The document is checked when it is
 * read back too: rules may have become stricter since it was written.
 */
#include "service/account/settings_service.h"

#include "live/hub.h"
#include "service/audit/tell.h"
#include "store/settings_store.h"

/* Strings of `out` are copied to the operation's memory: the document does not outlive this. */
static void
keep_texts(struct og_phone_settings *settings, struct og_arena *mem)
{
    for (int i = 0; i < OG_PHONE_SETTINGS_COUNT; i++) {
        settings->items[i].text = og_str_dup(mem, settings->items[i].text);
    }
}

enum og_code
og_settings_of(const struct og_services *svc, struct og_db *db, struct og_str account_id,
               struct og_arena *mem, struct og_phone_settings *out, struct og_err *err)
{
    struct og_str text;
    *out = (struct og_phone_settings){0};
    enum og_code code = og_settings_load(db, &svc->keys.seal, account_id, mem, &text, err);
    if (code != OG_OK || text.len == 0) {
        return code;
    }
    struct og_json_doc doc = {0};
    code = og_json_parse(text, OG_JSON_DEPTH_DEFAULT, &doc, err);
    if (code == OG_OK) {
        code = og_phone_settings_read(doc.root, out, err);
        keep_texts(out, mem);
    }
    og_json_doc_finish(&doc);
    return code == OG_OK ? OG_OK
                         : og_fail(err, OG_E_INTERNAL, "", "stored settings cannot be read");
}

static enum og_code
load(struct og_settings_op *self, struct og_tx *tx)
{
    return og_settings_of(self->svc, tx->db, self->account_id, self->mem, &self->settings,
                          &self->op.err);
}

static enum og_code
save(struct og_settings_op *self, struct og_tx *tx)
{
    struct og_buf text;
    struct og_json_writer w;
    og_buf_init(&text, OG_SETTINGS_DOCUMENT_MAX_BYTES);
    og_json_begin(&w, &text);
    og_phone_settings_write(&self->settings, OG_SETTINGS_STORED, &w);
    enum og_code code = og_settings_save(tx->db, &self->svc->keys.seal, self->account_id,
                                         og_buf_str(&text), tx->now_ms, &self->op.err);
    og_buf_finish(&text);
    return code;
}

enum og_code
og_settings_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_settings_op *self = (struct og_settings_op *)op;
    return load(self, tx);
}

enum og_code
og_settings_set_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_settings_op *self = (struct og_settings_op *)op;
    self->settings = (struct og_phone_settings){0};
    enum og_code code = self->replaces ? OG_OK : load(self, tx);
    if (code != OG_OK) {
        return code;
    }
    og_phone_settings_merge(&self->settings, &self->change);
    og_audit_change(self->svc, OG_AUDIT_ADMIN_CONFIG, self->account_id, OG_STR(""),
                    "phone_settings");
    code = og_phone_settings_check(&self->settings, &op->err);
    if (code == OG_OK) {
        code = save(self, tx);
    }
    if (code == OG_OK) {
        code = og_device_list(tx->db, self->account_id, self->mem, &self->devices,
                              &self->device_count, &op->err);
    }
    return code;
}

void
og_settings_set_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_settings_op *self = (struct og_settings_op *)op;
    (void)tx;
    for (int i = 0; i < self->device_count; i++) {
        og_hub_hint(self->svc->lane.hub, OG_HINT_SETTINGS, self->devices[i].id, OG_STR(""));
    }
}
