/*
 * What phones receive: kept, listed and passed on. They tell it by a hook of ours among their
 * webhooks, or in a batch, and can be asked to read their inbox again. Applies run in lanes.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"
#include "store/device_store.h"
#include "store/inbox_store.h"

/* Ask one phone of the account, or all. A phone that does not listen does not hear of it. */
struct og_inbox_refresh_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str device_id; /* "" : all; one that is not the account's: none */
    struct og_str event;     /* JSON, below 900 bytes */
    /* inner */
    struct og_device *devices;
    int device_count;
};
enum og_code og_inbox_refresh_apply(struct og_op *op, struct og_tx *tx); /* write lane */
void og_inbox_refresh_committed(struct og_op *op, struct og_tx *tx);

/* ---- what phones received ---- */

#define OG_INBOX_SENDER_MAX_CHARS 512
#define OG_INBOX_TEXT_MAX_CHARS 65535
#define OG_INBOX_KEY_CHARS 43

/*
 * The secret in the path that a phone's own hook of ours has: whoever knows it may tell what this
 * phone received. Base64 without padding.
 */
void og_inbox_key(const struct og_services *svc, struct og_str device_id,
                  char out[OG_INBOX_KEY_CHARS + 1]);

/*
 * Keep what a phone received, and tell the account's receivers where the server does that. What was
 * told before changes nothing. OG_E_NOT_FOUND: the phone was removed, or its account is disabled.
 */
struct og_inbox_take_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str device_id;
    struct og_incoming *items; /* in: type and what the phone tells; out: all */
    int count;
    int stored; /* out: new ones */
};
enum og_code og_inbox_take_apply(struct og_op *op, struct og_tx *tx); /* write lane */

/* Read lane. */
struct og_inbox_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_inbox_filter filter; /* without sender_digest */
    struct og_str sender;          /* "" : any */
    struct og_incoming *items;
    int count;
    int64_t total;
};
enum og_code og_inbox_list_apply(struct og_op *op, struct og_tx *tx);

/* Read lane. OG_E_NOT_FOUND. */
struct og_inbox_get_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str id;
    struct og_incoming item;
};
enum og_code og_inbox_get_apply(struct og_op *op, struct og_tx *tx);

/* Remove what was kept long enough, a few at a time. Write lane; by jobs only. */
struct og_inbox_purge_op {
    struct og_op op;
    struct og_services *svc;
    bool has_more; /* out */
};
enum og_code og_inbox_purge_apply(struct og_op *op, struct og_tx *tx);
