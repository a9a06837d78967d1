/*
 * The page of statements about steps. Ids are made of the moment, so that a subject's steps stand
 * in their order.
 */
#include "store/timeline_store.h"

#include "base/id.h"

#define DIGITS_MAX 3 /* in a row, in words of others */
#define COVER "…"

enum { SQL_ADD, SQL_LIST, SQL_STATEMENTS };

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_ADD] = "INSERT INTO timeline_steps (account_id, subject_id, id, kind, at, until_at, "
                "device_id, other_id, event, tries, reason) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [SQL_LIST] = "SELECT kind, at, until_at, device_id, other_id, event, tries, reason FROM "
                 "timeline_steps WHERE account_id = $1 AND subject_id = $2 ORDER BY id LIMIT $3",
};

static const struct og_sql_page page = {OG_PAGE_TIMELINE, sql, SQL_STATEMENTS};

static size_t
digits_at(struct og_str text, size_t place)
{
    size_t count = 0;
    while (place + count < text.len && text.ptr[place + count] >= '0' &&
           text.ptr[place + count] <= '9') {
        count++;
    }
    return count;
}

struct og_str
og_timeline_cover(struct og_str words, struct og_arena *mem)
{
    /* what is covered is no shorter than its cover */
    char *out = og_arena_alloc(mem, words.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < words.len;) {
        const size_t digits = digits_at(words, i);
        if (digits > DIGITS_MAX) {
            memcpy(out + len, COVER, sizeof COVER - 1);
            len += sizeof COVER - 1;
            i += digits;
            continue;
        }
        const size_t step = digits ? digits : 1;
        memcpy(out + len, words.ptr + i, step);
        len += step;
        i += step;
    }
    return (struct og_str){out, len};
}

enum og_code
og_timeline_add(struct og_db *db, struct og_str account_id, struct og_str subject_id,
                const struct og_timeline_note *note, struct og_err *err)
{
    char id[OG_ID_BYTES];
    struct og_arena mem;
    og_id_make(note->at, id);
    og_arena_init(&mem, 0);
    const enum og_code code =
        og_db_run(db, &page, SQL_ADD,
                  OG_ARGS(og_value_text(account_id), og_value_text(subject_id), og_value_cstr(id),
                          og_value_i64(note->kind), og_value_i64(note->at),
                          og_value_i64_or_null(note->until),
                          og_value_text_or_null(note->device_id),
                          og_value_text_or_null(note->other_id),
                          og_value_text_or_null(note->event), og_value_i64_or_null(note->tries),
                          og_value_text_or_null(og_timeline_cover(note->reason, &mem))),
                  NULL, err);
    og_arena_finish(&mem);
    return code;
}

enum og_code
og_timeline_list(struct og_db *db, struct og_str account_id, struct og_str subject_id, int limit,
                 struct og_arena *mem, struct og_timeline_note **items_out, int *count_out,
                 struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_timeline_note, (size_t)limit + 1);
    *count_out = 0;
    const enum og_code code = og_db_open(db, &page, SQL_LIST,
                                         OG_ARGS(og_value_text(account_id),
                                                 og_value_text(subject_id), og_value_i64(limit)),
                                         &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_timeline_note){
            .kind = (enum og_note_kind)og_row_i64(&rows, 0),
            .at = og_row_i64(&rows, 1),
            .until = og_row_i64(&rows, 2),
            .device_id = og_row_text(&rows, 3, mem),
            .other_id = og_row_text(&rows, 4, mem),
            .event = og_row_text(&rows, 5, mem),
            .tries = og_row_i64(&rows, 6),
            .reason = og_row_text(&rows, 7, mem),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}
