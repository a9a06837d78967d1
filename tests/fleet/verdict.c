/*
 * Reading the messages' rows through a connection of its own.
 */
#include "tests/fleet/verdict.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"
#include "tests/fleet/sim.h"

enum verdict_sql { VERDICT_OPEN, VERDICT_REASON, VERDICT_SQL_COUNT };

static const char *const sql[VERDICT_SQL_COUNT] = {
    [VERDICT_OPEN] = "SELECT COUNT(*) FROM messages WHERE final_at IS NULL",
    [VERDICT_REASON] = "SELECT COUNT(*) FROM messages WHERE account_id = $1 AND id = $2"
                       " AND final_at IS NOT NULL AND (reason <> '' OR cancelled_at IS NOT NULL)",
};

static const struct og_sql_page page = {OG_PAGE_MESSAGE, sql, VERDICT_SQL_COUNT};

static int
count(struct og_db *db, int statement, const struct og_value *args, int arg_count)
{
    struct og_rows rows = {0};
    struct og_err err = {0};
    int64_t value = -1;
    if (og_db_open(db, &page, statement, args, arg_count, &rows, &err) == OG_OK &&
        og_rows_next(&rows, &err) == OG_STEP_ROW) {
        value = og_row_i64(&rows, 0);
    }
    og_rows_close(&rows);
    if (value < 0) {
        fprintf(stderr, "fleet: %s\n", err.text);
        exit(1);
    }
    return (int)value;
}

void
verdict_read(struct sim *sim, struct result *out)
{
    struct og_db_config config = {.read_only = true};
    struct og_err err = {0};
    struct og_db *db;
    char path[600];
    snprintf(path, sizeof path, "%s/otpgate.db", sim->options->dir);
    config.path = path;
    if (og_db_connect(&config, &db, &err) != OG_OK) {
        fprintf(stderr, "fleet: %s\n", err.text);
        exit(1);
    }
    out->non_final = count(db, VERDICT_OPEN, NULL, 0);
    for (int i = 0; i < sim->ledger.code_count; i++) {
        const struct ledger_code *code = &sim->ledger.codes[i];
        if (code->aired_count > 0) {
            continue;
        }
        bool is_told = code->was_refused ||
                       count(db, VERDICT_REASON,
                             OG_ARGS(og_value_text(SIM_ACCOUNT), og_value_cstr(code->message_id)));
        out->never_sent_with_reason += is_told;
    }
    og_db_close(db);
}
