/*
 * The inbox of an account in sandbox mode: what would have gone out by radio.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"
#include "store/sandbox_store.h"

/* Read lane. */
struct og_sandbox_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str after; /* an id; "" : from the beginning */
    struct og_sandbox_message *items;
    int count;
};
enum og_code og_sandbox_list_apply(struct og_op *op, struct og_tx *tx);
