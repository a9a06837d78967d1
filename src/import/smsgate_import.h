/*
 * What a dump of the sms-gate.app server holds, as rows of ours: accounts with their logins, phones
 * with their tokens, settings, webhooks.
 *
 * All in the caller's transaction: after findings or an error it is rolled back, and nothing was
 * imported.
 */
#pragma once

#include "import/smsgate_dump.h"
#include "lane/op.h"
#include "service/services.h"

/* What becomes of one login, for the table that is shown. */
struct og_import_account {
    struct og_str id, name; /* ours; the name is made of the login */
    struct og_str login;
    int device_count;
    bool has_settings;
    int webhook_count;
    int64_t last_seen_at; /* of its phones; 0: has none */
    bool is_deleted;      /* was deleted over there: not imported */
};

struct og_import_result {
    struct og_import_account *accounts; /* in the dump's order */
    size_t account_count; /* the deleted ones too */
    int64_t users, devices, settings, webhooks; /* imported */
    int64_t left_out; /* deleted, or of a deleted login or phone */
};

/*
 * Write it. Logins, hashes, ids and tokens stay what they are, and phones go on telling webhooks,
 * so clients, phones and receivers notice nothing; rows that cannot be written (a login that exists
 * already, a phone of nobody) are findings.
 * tx      a writing transaction of the server's own schema
 * Errors  of the store
 */
OG_MUST_CHECK enum og_code og_smsgate_import(struct og_services *svc, struct og_tx *tx,
                                             const struct og_smsgate_dump *dump,
                                             struct og_arena *mem,
                                             struct og_findings *findings,
                                             struct og_import_result *out, struct og_err *err);
