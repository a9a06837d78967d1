/*
 * The store in memory over a planned restart: a sealed file that is written when the program ends
 * well and read, and removed, when it starts. After a crash there is none.
 *
 * A file is taken only whole: one that was changed, is sealed with another key or is older than any
 * code lives is removed and reported. Lives go on by the wall clock while the program is away.
 */
#pragma once

#include "base/clock.h"
#include "codes/code_store.h"

struct og_code_snapshot {
    const char *path; /* made with mode 0600 */
    const struct og_key *key;
    const struct og_clock *clock;
};

/* Write what `store` (in memory) holds; nothing is written when it is empty. *count_out: records.
 * */
OG_MUST_CHECK enum og_code og_code_snapshot_save(const struct og_code_snapshot *self,
                                                 struct og_code_store *store, int64_t *count_out,
                                                 struct og_err *err);
/*
 * Put back what the file has, and remove it. OG_OK: the store holds every code that was live, and
 * says so (is_volatile). OG_E_NOT_FOUND: there was none. OG_E_INVALID: refused, and why.
 * OG_E_UNAVAILABLE: it cannot be read or removed.
 */
OG_MUST_CHECK enum og_code og_code_snapshot_load(const struct og_code_snapshot *self,
                                                 struct og_code_store *store, int64_t *count_out,
                                                 struct og_err *err);
