/*
 * Templates and client applications of an account: save, list, remove. Applies run in lanes. What
 * is saved is measured with the longest variables that it can meet, so that a start does not find
 * out that a text is too long.
 */
#pragma once

#include "core/sms_text.h"
#include "lane/op.h"
#include "service/services.h"
#include "store/client_app_store.h"
#include "store/template_store.h"

/* What a text of a template costs at most, with the account's brand and an app hash. */
struct og_template_entry {
    struct og_template template;
    struct og_sms_size *sizes; /* of each text */
};

/* Write lane. Errors: OG_E_NOT_FOUND (account); OG_E_UNPROCESSABLE with fields "name", "texts",
 * "texts.de", "default_locale"; OG_E_CONFLICT (too many). */
struct og_template_put_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;       /* id or name */
    struct og_template_entry entry; /* in: but times and sizes; out: all */
    bool is_new;
};
enum og_code og_template_put_apply(struct og_op *op, struct og_tx *tx);

/* Read lane: all, or the one of that name. OG_E_NOT_FOUND. */
struct og_template_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str name; /* "" : all */
    struct og_template_entry *items;
    int count;
};
enum og_code og_template_list_apply(struct og_op *op, struct og_tx *tx);

/* Write lane. OG_E_NOT_FOUND; OG_E_CONFLICT while a client app refers to it. Also for client
 * apps. */
struct og_template_remove_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str name;
};
enum og_code og_template_remove_apply(struct og_op *op, struct og_tx *tx);

/* Do all of an account's templates that name the brand go with this one? OG_E_UNPROCESSABLE, field
 * "brand". */
OG_MUST_CHECK enum og_code og_template_check_brand(const struct og_services *svc,
                                                   struct og_tx *tx, struct og_str account_id,
                                                   struct og_str brand, struct og_arena *mem,
                                                   struct og_err *err);

/* Write lane. Errors: OG_E_NOT_FOUND (account); OG_E_UNPROCESSABLE naming the member. */
struct og_client_app_put_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_client_app app; /* in: but times; out: all */
    bool is_new;
};
enum og_code og_client_app_put_apply(struct og_op *op, struct og_tx *tx);

/* Read lane: all, or the one of that name. OG_E_NOT_FOUND. */
struct og_client_app_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str name; /* "" : all */
    struct og_client_app *items;
    int count;
};
enum og_code og_client_app_list_apply(struct og_op *op, struct og_tx *tx);
enum og_code og_client_app_remove_apply(struct og_op *op, struct og_tx *tx);
