/*
 * An account's own words for OTP messages, by name, a text for each language, as rows. All
 * functions run in a lane with its connection; structs filled here have their strings in the arena
 * given.
 */
#pragma once

#include "core/otp_template.h"
#include "store/db.h"

#define OG_TEMPLATE_TEXTS_MAX 50
#define OG_TEMPLATES_MAX 20 /* of one account */

struct og_template_text {
    struct og_str locale;
    struct og_str text;
};

struct og_template {
    struct og_str name;
    enum og_otp_template_kind kind;
    enum og_otp_template_policy policy;
    bool allow_long;
    struct og_str default_locale; /* of one of the texts */
    struct og_template_text *texts;
    int text_count;
    int64_t created_at;
    int64_t updated_at;
};

/* Make or replace, texts included. *made_out: there was none of that name. */
OG_MUST_CHECK enum og_code og_template_put(struct og_db *db, struct og_str account_id,
                                           const struct og_template *template, bool *made_out,
                                           struct og_err *err);
/* OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_template_find(struct og_db *db, struct og_str account_id,
                                            struct og_str name, struct og_arena *mem,
                                            struct og_template *out, struct og_err *err);
/* By name, at most OG_TEMPLATES_MAX. */
OG_MUST_CHECK enum og_code og_template_list(struct og_db *db, struct og_str account_id,
                                            struct og_arena *mem, struct og_template **items_out,
                                            int *count_out, struct og_err *err);
/* OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_template_remove(struct og_db *db, struct og_str account_id,
                                              struct og_str name, struct og_err *err);
