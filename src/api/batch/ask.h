/*
 * What an application wishes of a new batch (docs/bulk.md has the members).
 */
#pragma once

#include "api/call.h"
#include "base/json.h"
#include "service/batch/batch_service.h"

#define OG_BATCH_PER_MINUTE_MAX 60000

struct og_batch_ask {
    struct og_batch batch;
    const struct og_json *recipients; /* an array; NULL: none came along */
    bool start;
};

/* Strings live as long as the call. Errors: OG_E_INVALID, OG_E_UNPROCESSABLE, OG_E_MEDIA_TYPE. */
OG_MUST_CHECK enum og_code og_batch_ask_read(struct og_call *call, struct og_batch_ask *out,
                                             struct og_err *err);
/* Is the body a list? Then the wishes stand in the query. */
bool og_batch_ask_is_csv(const struct og_call *call);
