/*
 * The room wants no code to outlive its time or to be used twice: so the file goes before its
 * records come back, and each carries the moment of its end.
 *
 *   sealed: saved at 8 | then for each record: account length 1 | id length 1 | account | id |
 *   packed length 2 | packed (code_pack.h)
 */
#include "codes/code_snapshot.h"

#include <errno.h>
#include <unistd.h>

#include "base/files.h"
#include "codes/code_pack.h"
#include "codes/code_store_memory.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)
#define CONTEXT OG_STR("snapshot of codes")

static void
put_number(struct og_buf *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        og_buf_add_byte(out, (char)(value >> (8 * i)));
    }
}

/* ---- save ---- */

struct saving {
    struct og_buf out;
    int64_t now_ms;
    int64_t count;
};

static void
save_record(void *ctx, const struct og_code_record *record)
{
    struct saving *self = ctx;
    struct og_code_body body = {record->mac, record->shape, record->attempts,
                                (uint16_t)record->sealed.len, {0}};
    char packed[OG_CODE_PACK_MAX_BYTES];
    memcpy(body.sealed, record->sealed.ptr, record->sealed.len);
    const size_t len = og_code_pack(&body, self->now_ms + record->ttl_ms, packed);
    put_number(&self->out, record->name.account.len, 1);
    put_number(&self->out, record->name.id.len, 1);
    og_buf_add(&self->out, record->name.account);
    og_buf_add(&self->out, record->name.id);
    put_number(&self->out, len, 2);
    og_buf_add(&self->out, (struct og_str){packed, len});
    self->count++;
}

enum og_code
og_code_snapshot_save(const struct og_code_snapshot *self, struct og_code_store *store,
                      int64_t *count_out, struct og_err *err)
{
    struct saving saving = {.now_ms = og_now_ms(self->clock)};
    struct og_buf sealed;
    enum og_code code = OG_OK;
    og_buf_init(&saving.out, FILE_MAX_BYTES);
    og_buf_init(&sealed, FILE_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    put_number(&saving.out, (uint64_t)saving.now_ms, 8);
    og_code_memory_each(store, save_record, &saving);
    if (saving.out.full) {
        code = og_fail(err, OG_E_TOO_LARGE, "", "too many codes for a snapshot");
    } else if (saving.count > 0) {
        og_seal(self->key, CONTEXT, og_buf_str(&saving.out), &sealed);
        code = og_file_write(self->path, og_buf_str(&sealed), 0600, err);
    }
    *count_out = saving.count;
    og_buf_finish(&saving.out);
    og_buf_finish(&sealed);
    return code;
}

/* ---- load ---- */

static bool
take_number(struct og_str *rest, int bytes, uint64_t *out)
{
    if (rest->len < (size_t)bytes) {
        return false;
    }
    *out = 0;
    for (int i = 0; i < bytes; i++) {
        *out = *out << 8 | (unsigned char)rest->ptr[i];
    }
    *rest = og_str_slice(*rest, (size_t)bytes, rest->len);
    return true;
}

static bool
take_bytes(struct og_str *rest, uint64_t len, struct og_str *out)
{
    if (rest->len < len) {
        return false;
    }
    *out = og_str_slice(*rest, 0, len);
    *rest = og_str_slice(*rest, len, rest->len);
    return true;
}

static void
heard(struct og_code_ask *ask)
{
    (void)ask; /* the store in memory has answered before its verb returns */
}

static bool
load_record(struct og_str *rest, struct og_code_store *store, int64_t now_ms, int64_t *count)
{
    uint64_t account_len, id_len, packed_len;
    struct og_code_body body;
    struct og_code_name name;
    struct og_str packed;
    int64_t ends_at;
    if (!take_number(rest, 1, &account_len) || !take_number(rest, 1, &id_len) ||
        !take_bytes(rest, account_len, &name.account) || !take_bytes(rest, id_len, &name.id) ||
        !take_number(rest, 2, &packed_len) || !take_bytes(rest, packed_len, &packed) ||
        !og_code_unpack(packed, &body, &ends_at)) {
        return false;
    }
    const struct og_code_record record = {
        name, body.mac, body.shape, body.attempts_left, ends_at - now_ms,
        {body.sealed, body.sealed_len},
    };
    struct og_code_ask ask = {.done = heard};
    if (ends_at > now_ms) {
        store->put(store, NULL, &record, &ask);
        *count += ask.code == OG_OK;
    }
    return ask.code == OG_OK;
}

static enum og_code
load_records(struct og_str rest, struct og_code_store *store, int64_t now_ms, int64_t *count,
             struct og_err *err)
{
    uint64_t saved_at;
    if (!take_number(&rest, 8, &saved_at)) {
        return og_fail(err, OG_E_INVALID, "", "it is cut off");
    }
    const int64_t age_ms = now_ms - (int64_t)saved_at;
    if (age_ms < 0 || age_ms > OG_CODE_TTL_MAX_MS) {
        return og_fail(err, OG_E_INVALID, "", "it is %lld s old: no code of it can be alive",
                       (long long)(age_ms / 1000));
    }
    while (rest.len > 0) {
        if (!load_record(&rest, store, now_ms, count)) {
            return og_fail(err, OG_E_INVALID, "", "a record of it does not fit");
        }
    }
    return OG_OK;
}

enum og_code
og_code_snapshot_load(const struct og_code_snapshot *self, struct og_code_store *store,
                      int64_t *count_out, struct og_err *err)
{
    struct og_buf sealed, plain;
    og_buf_init(&sealed, FILE_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    og_buf_init(&plain, FILE_MAX_BYTES);
    *count_out = 0;
    enum og_code code = og_file_read(self->path, &sealed, err);
    if (code != OG_E_NOT_FOUND && unlink(self->path) != 0) {
        code = og_fail(err, OG_E_UNAVAILABLE, "", "it cannot be removed: %s", strerror(errno));
    }
    if (code == OG_OK) {
        code = og_unseal(self->key, CONTEXT, og_buf_str(&sealed), &plain, err);
    }
    if (code == OG_OK) {
        code = load_records(og_buf_str(&plain), store, og_now_ms(self->clock), count_out, err);
    }
    if (code == OG_OK) {
        store->is_volatile = false;
    }
    og_buf_finish(&plain);
    og_buf_finish(&sealed);
    return code;
}
