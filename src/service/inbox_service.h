/*
 * What phones received stays on them; here they are asked to read it again and tell of it.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"
#include "store/device_store.h"

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
