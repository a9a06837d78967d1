/*
 * A call that brings a long list, piece by piece into the write lane: the next piece is read when
 * the one before is on disk, so that neither the event loop nor the lane is held for long, and
 * memory stays what the body takes. On the call's loop.
 */
#pragma once

#include "api/call.h"
#include "base/json.h"
#include "service/batch/batch_service.h"

#define OG_BATCH_JSON_ROWS_MAX 10000 /* in one call: a JSON document is read whole */

struct og_batch_feed;

/* What comes, one of the two. */
struct og_batch_list {
    const struct og_json *recipients; /* an array of {to, vars, line}; NULL: none */
    struct og_str csv;                /* with a head line */
    struct og_str to_column;          /* of the csv; "" : the one called to, phone or number */
    char separator;                   /* of the csv */
};

/*
 * batch_id  to be filled; "" : `make` makes one first
 * first     the place of the first row, -1: behind what there is
 * text      of the batch that is made: the csv must have the columns that it asks for
 * Errors    OG_E_INVALID, OG_E_UNPROCESSABLE: the list's head
 */
OG_MUST_CHECK enum og_code og_batch_feed_create(struct og_call *call,
                                                const struct og_batch_list *list,
                                                const struct og_batch *make,
                                                struct og_str batch_id, int64_t first,
                                                struct og_batch_feed **out, struct og_err *err);
/* Run it; ends in og_call_continue. A batch that was made for a list that turns out to be bad is
 * canceled. */
void og_batch_feed_start(struct og_batch_feed *self);

/* Afterwards: the batch, and whether this call has made it. */
struct og_str og_batch_feed_id(const struct og_batch_feed *self);
bool og_batch_feed_has_made(const struct og_batch_feed *self);
