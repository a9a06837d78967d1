/*
 * What a dump of the sms-gate.app server's database holds of accounts, phones, settings and
 * webhooks.
 *
 * Tables as its public migrations make them (up to 2026-06-17): users, devices, device_settings,
 * webhooks. Times are UTC, as that server writes them by default. Messages and their history stay
 * behind.
 */
#pragma once

#include "base/arena.h"
#include "core/webhook.h"
#include "import/findings.h"
#include "import/dump_lexer.h"

#define OG_IMPORT_ROWS_MAX 100000 /* of a table */

/* All strings live in the arena; `line` is where the row stands. */
struct og_import_user {
    int64_t line;
    struct og_str login;
    struct og_str hash; /* bcrypt */
    bool is_deleted;    /* only its login is there: what belongs to it stays behind */
    int64_t created_at;
};

struct og_import_device {
    int64_t line;
    struct og_str id;
    struct og_str login; /* whose it is */
    struct og_str name;  /* "" : unknown, or none that we show */
    struct og_str token; /* the phone keeps it, and so needs not register again */
    struct og_str sims;  /* JSON as the API shows it; "[]" when it cannot be used */
    int64_t created_at, last_seen_at;
};

struct og_import_settings {
    int64_t line;
    struct og_str login;
    struct og_str json;
};

struct og_import_webhook {
    int64_t line;
    struct og_str id; /* as clients know it */
    struct og_str login;
    struct og_str device_id; /* "" : of every phone */
    struct og_str url;
    enum og_webhook_event event;
};

/* A growing array in an arena. */
struct og_import_list {
    void *items;
    size_t count, cap;
};

struct og_smsgate_dump {
    struct og_import_list users;    /* struct og_import_user */
    struct og_import_list devices;  /* struct og_import_device */
    struct og_import_list settings; /* struct og_import_settings */
    struct og_import_list webhooks; /* struct og_import_webhook */
    int64_t deleted_count; /* rows that the server had marked as deleted */
};

/*
 * Read a dump whole. A row that cannot be taken is a finding, and the rest is read all the same.
 * Errors  OG_E_INVALID when it is no such dump, OG_E_TOO_LARGE, what the source says
 */
OG_MUST_CHECK enum og_code og_smsgate_dump_read(const struct og_dump_source *source,
                                                struct og_arena *mem, struct og_smsgate_dump *out,
                                                struct og_findings *findings,
                                                struct og_err *err);
