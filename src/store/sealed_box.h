/*
 * Boxes in rows, opened: what is sealed at rest (numbers, texts, codes' recipients) as each store
 * file reads it. One that does not open was sealed with another master key or is damaged. That is
 * the row's fault and nobody's request: it is counted here, for the alert, and says what it was.
 */
#pragma once

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"

struct og_box_ask {
    const struct og_key *seal;
    struct og_str context; /* what it was sealed for: the id of its row */
    size_t max_bytes;      /* of what is inside */
    const char *what;      /* "message": named when it does not open */
};

/* An empty box gives "". out: in `mem`. Errors: OG_E_UNREADABLE. Any thread. */
OG_MUST_CHECK enum og_code og_box_open(const struct og_box_ask *ask, struct og_str box,
                                       struct og_arena *mem, struct og_str *out,
                                       struct og_err *err);
/* The same verdict on what a box held: returns OG_E_UNREADABLE. */
enum og_code og_box_fail(const char *what, struct og_err *err);

/* How often one was met since the start; the same one counts each time. Any thread. */
int64_t og_box_unreadable_count(void);
/* Once, before threads. */
void og_box_register_metrics(void);
