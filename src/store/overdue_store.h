/*
 * What should have ended and has not, as rows: the watchdog's last resort
 * (service/timeline/watchdog.h). Nothing sealed is read, so a row that nobody can open ends as
 * well.
 */
#pragma once

#include "store/db.h"

struct og_overdue_row {
    struct og_str account_id, id;
};

/* Open messages whose deadline was at or before `before_ms`, up to `limit`. Strings in `mem`. */
OG_MUST_CHECK enum og_code og_overdue_messages(struct og_db *db, int64_t before_ms, int limit,
                                               struct og_arena *mem,
                                               struct og_overdue_row **items_out,
                                               int *count_out, struct og_err *err);
/* End one as it stands: what was sent stays so, all else is Failed, as assumed. The text of a code
 * goes. */
OG_MUST_CHECK enum og_code og_overdue_message_end(struct og_db *db,
                                                  const struct og_overdue_row *m,
                                                  struct og_str reason, int64_t now_ms,
                                                  struct og_err *err);
/* Pending verifications whose time was over at `before_ms` are expired. */
OG_MUST_CHECK enum og_code og_overdue_verifications_end(struct og_db *db, int64_t before_ms,
                                                        int limit, int64_t *count_out,
                                                        struct og_err *err);
/* Events that wait since `before_ms` or longer; a replay makes an event young again. */
OG_MUST_CHECK enum og_code og_overdue_events(struct og_db *db, int64_t before_ms, int limit,
                                             struct og_arena *mem,
                                             struct og_overdue_row **items_out, int *count_out,
                                             struct og_err *err);
