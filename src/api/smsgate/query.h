/*
 * Query parameters as the sms-gate.app API reads them. Absent is fine; what is there must be right.
 */
#pragma once

#include "http/server.h"

/* 1 t T TRUE true True on / 0 f F FALSE false False. */
OG_MUST_CHECK enum og_code og_query_bool(const struct og_http_request *req, const char *name,
                                         bool *inout, struct og_err *err);
OG_MUST_CHECK enum og_code og_query_int(const struct og_http_request *req, const char *name,
                                        int64_t min, int64_t max, int64_t *inout,
                                        struct og_err *err);
/* RFC 3339. */
OG_MUST_CHECK enum og_code og_query_time(const struct og_http_request *req, const char *name,
                                         int64_t *inout, struct og_err *err);
