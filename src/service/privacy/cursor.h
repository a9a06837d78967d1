/*
 * Where a caller is within a number's rows, as text for the next step: "1.ACCOUNT.ID" is class and
 * keys of the row where the last one ended, "" the beginning. It comes back from outside.
 *
 * A sealed one has ".SEAL" behind it, which ties it to its number: whoever exports begins at the
 * beginning, and the audit log is told of that.
 */
#pragma once

#include "service/services.h"
#include "store/subject_store.h"

/* classes  how many there are; text of any length. False: it is not such a text; `out` is then
 * the beginning. */
bool og_privacy_place_read(struct og_str text, int classes, struct og_subject_place *out);
struct og_str og_privacy_place_write(const struct og_subject_place *place, struct og_arena *mem);

/* key  of pseudonyms; number  E.164. False also when it was sealed for another number. */
bool og_privacy_cursor_read(const struct og_key *key, struct og_str number, struct og_str text,
                            int classes, struct og_arena *mem, struct og_subject_place *out);
struct og_str og_privacy_cursor_write(const struct og_key *key, struct og_str number,
                                      const struct og_subject_place *place, struct og_arena *mem);
