/*
 * What an account sets on its phones: read, replace, change. Applies run in lanes.
 */
#pragma once

#include "core/phone_settings.h"
#include "lane/op.h"
#include "service/services.h"
#include "store/device_store.h"

/*
 * Read lane: fills `settings`. Write lane with `change`: merged into what is stored, or put in its
 * place; the rules between members hold for the result (OG_E_INVALID). After the commit all of the
 * account's phones are told.
 */
struct og_settings_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    bool replaces;
    struct og_phone_settings change;
    struct og_phone_settings settings; /* as stored now */
    /* inner */
    struct og_device *devices;
    int device_count;
};
/* An account's settings as they are stored; strings in `mem`. In any lane. */
OG_MUST_CHECK enum og_code og_settings_of(const struct og_services *svc, struct og_db *db,
                                          struct og_str account_id, struct og_arena *mem,
                                          struct og_phone_settings *out, struct og_err *err);
enum og_code og_settings_get_apply(struct og_op *op, struct og_tx *tx);
enum og_code og_settings_set_apply(struct og_op *op, struct og_tx *tx);
void og_settings_set_committed(struct og_op *op, struct og_tx *tx);
