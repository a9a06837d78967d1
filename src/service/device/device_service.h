/*
 * Phones: register, change, list, remove, and who is there. Applies run in lanes.
 */
#pragma once

#include "lane/op.h"
#include "service/device/routing_service.h"
#include "service/services.h"
#include "store/device_store.h"

#define OG_DEVICE_TOKEN_CHARS 21

struct og_account_make_op;

/* A phone joins an account, or brings one of its own. The token is shown once, here. */
struct og_device_register_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;  /* "" with `fresh`; out */
    struct og_account_make_op *fresh; /* NULL, or the account that is made for it */
    struct og_str name;
    struct og_str sims;        /* checked JSON array */
    struct og_str app_version;
    struct og_device out;
    char token[OG_DEVICE_TOKEN_CHARS + 1]; /* the caller wipes it */
};
enum og_code og_device_register_apply(struct og_op *op, struct og_tx *tx);
void og_device_register_committed(struct og_op *op, struct og_tx *tx);

/* A phone tells its SIM cards, name and version again. */
struct og_device_patch_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str device_id;
    struct og_str name;        /* NULL ptr: keep; likewise the next */
    struct og_str sims;
    struct og_str app_version;
};
enum og_code og_device_patch_apply(struct og_op *op, struct og_tx *tx);
void og_device_patch_committed(struct og_op *op, struct og_tx *tx);

/* Write lane, because it alone knows who is connected: such a phone is seen now. account_id "" :
 * of all accounts. */
struct og_device_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_device *items;
    bool *is_connected; /* beside items */
    struct og_route_report *reports; /* beside items: how they do */
    int count;
};
enum og_code og_device_list_apply(struct og_op *op, struct og_tx *tx);

/* Read lane. OG_E_NOT_FOUND; without a device_id an empty `out`. */
struct og_device_get_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str device_id;
    struct og_device out;
};
enum og_code og_device_get_apply(struct og_op *op, struct og_tx *tx);

/*
 * Remove a phone: its token stops working at once and its streams end. Messages that it never
 * fetched go to other phones unless a client bound them to it; those, and what it has fetched,
 * fail.
 */
struct og_device_remove_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* "" : any account (operator) */
    struct og_str device_id;
    bool removed;
    /* inner */
    struct og_device device;
};
enum og_code og_device_remove_apply(struct og_op *op, struct og_tx *tx);
void og_device_remove_committed(struct og_op *op, struct og_tx *tx);

/* A phone's stream opened or its last one closed. */
struct og_presence_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena mem;       /* its own: such an operation has no request */
    struct og_str account_id;
    struct og_str device_id;
    bool is_connected;
};
/* Has no rows, so that a broken database does not hide phones. */
void og_presence_committed(struct og_op *op, struct og_tx *tx);
/* Tell the account's receivers of it. An operation of its own, because it has rows. */
enum og_code og_presence_tell_apply(struct og_op *op, struct og_tx *tx);

/* Tell the queue of all phones, before the lanes start. */
OG_MUST_CHECK enum og_code og_device_load(struct og_services *svc, struct og_db *db,
                                          struct og_err *err);

/* The digest under which a token of a phone is stored; hex, 65 bytes. */
void og_device_token_digest(const struct og_services *svc, struct og_str token,
                            char out[OG_DIGEST_HEX_CHARS + 1]);
