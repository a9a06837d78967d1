/*
 * The inbox inside a lane's transaction. A phone may tell the same more than once (its retries, a
 * batch beside the hook, its inbox read again): the digest of what was said finds it out.
 */
#include "service/device/inbox_service.h"

#include <stdio.h>

#include "base/id.h"
#include "live/hub.h"
#include "service/webhook/webhook_service.h"
#include "store/account_store.h"

#define PURGE_STEP 500

/* ---- asking for it again ---- */

enum og_code
og_inbox_refresh_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_refresh_op *self = (struct og_inbox_refresh_op *)op;
    return og_device_list(tx->db, self->account_id, self->mem, &self->devices,
                          &self->device_count, &op->err);
}

void
og_inbox_refresh_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_refresh_op *self = (struct og_inbox_refresh_op *)op;
    (void)tx;
    for (int i = 0; i < self->device_count; i++) {
        struct og_str id = self->devices[i].id;
        if (!self->device_id.len || og_str_eq(self->device_id, id)) {
            og_hub_hint(self->svc->lane.hub, OG_HINT_EXPORT, id, self->event);
        }
    }
}

/* ---- taking ---- */

void
og_inbox_key(const struct og_services *svc, struct og_str device_id,
             char out[OG_INBOX_KEY_CHARS + 1])
{
    const struct og_str parts[] = {OG_STR("inbox hook"), device_id};
    uint8_t mac[OG_DIGEST_BYTES];
    struct og_buf text;
    og_mac_parts(&svc->keys.token, parts, 2, mac);
    og_buf_init(&text, OG_INBOX_KEY_CHARS + 1);
    og_base64_encode((struct og_str){(const char *)mac, sizeof mac}, true, &text);
    snprintf(out, OG_INBOX_KEY_CHARS + 1, "%" OG_STR_FMT, OG_STR_ARG(og_buf_str(&text)));
    og_buf_finish(&text);
}

static struct og_str
digest_of(const struct og_services *svc, const struct og_str *parts, size_t count,
          struct og_arena *mem)
{
    uint8_t mac[OG_DIGEST_BYTES];
    char hex[OG_DIGEST_HEX_CHARS + 1];
    og_mac_parts(&svc->keys.number, parts, count, mac);
    og_hex(mac, sizeof mac, hex);
    return og_str_dup(mem, og_str_from(hex));
}

static struct og_str
sender_digest(const struct og_services *svc, struct og_str account_id, struct og_str sender,
              struct og_arena *mem)
{
    const struct og_str parts[] = {OG_STR("inbox sender"), account_id, sender};
    return digest_of(svc, parts, 3, mem);
}

/* To the second, because the phone's two sources of a message's time differ below that. */
static struct og_str
message_digest(const struct og_services *svc, const struct og_incoming *item, struct og_arena *mem)
{
    struct og_str at_s = og_str_printf(mem, "%lld", (long long)(item->received_at / 1000));
    const struct og_str parts[] = {OG_STR("inbox message"),
                                   item->device_id,
                                   og_str_from(og_incoming_type_name(item->type)),
                                   item->sender,
                                   item->text,
                                   item->subject,
                                   item->transaction_id,
                                   at_s};
    return digest_of(svc, parts, sizeof parts / sizeof parts[0], mem);
}

static enum og_code
take_one(struct og_inbox_take_op *self, struct og_tx *tx, struct og_incoming *item)
{
    struct og_services *svc = self->svc;
    char id[OG_ID_BYTES];
    bool is_new = false;
    og_id_make(tx->now_ms, id);
    item->id = og_str_dup(self->mem, og_str_from(id));
    item->created_at = tx->now_ms;
    item->sender_digest = sender_digest(svc, item->account_id, item->sender, self->mem);
    item->digest = message_digest(svc, item, self->mem); /* of what the phone said: it says it again */
    if (item->received_at <= 0 || item->received_at > tx->now_ms) {
        item->received_at = tx->now_ms; /* a clock that is ahead must not hide what comes after */
    }
    enum og_code code = og_inbox_insert(tx->db, &svc->keys.seal, item, &is_new, &self->op.err);
    if (code != OG_OK || !is_new) {
        return code;
    }
    self->stored++;
    return og_webhook_received(svc, tx, item, self->mem, &self->op.err);
}

enum og_code
og_inbox_take_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_take_op *self = (struct og_inbox_take_op *)op;
    struct og_device device;
    struct og_account account;
    self->stored = 0;
    enum og_code code =
        og_device_find_any(tx->db, self->device_id, self->mem, &device, &op->err);
    if (code == OG_OK) {
        code = og_account_find(tx->db, device.account_id, self->mem, &account, &op->err);
    }
    if (code == OG_OK && account.disabled_at) {
        code = og_fail(&op->err, OG_E_NOT_FOUND, "id", "no such device");
    }
    for (int i = 0; code == OG_OK && i < self->count; i++) {
        self->items[i].account_id = device.account_id;
        self->items[i].device_id = device.id;
        code = take_one(self, tx, &self->items[i]);
    }
    return code;
}

/* ---- reading ---- */

enum og_code
og_inbox_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_list_op *self = (struct og_inbox_list_op *)op;
    if (self->sender.len) {
        self->filter.sender_digest =
            sender_digest(self->svc, self->filter.account_id, self->sender, self->mem);
    }
    return og_inbox_list(tx->db, &self->svc->keys.seal, &self->filter, self->mem, &self->items,
                         &self->count, &self->total, &op->err);
}

enum og_code
og_inbox_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_get_op *self = (struct og_inbox_get_op *)op;
    return og_inbox_find(tx->db, &self->svc->keys.seal, self->account_id, self->id, self->mem,
                         &self->item, &op->err);
}

/* ---- retention ---- */

enum og_code
og_inbox_purge_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_inbox_purge_op *self = (struct og_inbox_purge_op *)op;
    int64_t removed = 0;
    enum og_code code = og_inbox_purge(tx->db, tx->now_ms - self->svc->inbox.keep_ms, PURGE_STEP,
                                       &removed, &op->err);
    self->has_more = removed == PURGE_STEP;
    return code;
}
