/*
 * Errors: what it means when a function did not get an answer.
 *
 * An expected answer ("the code is wrong") is a result and travels in the result struct. An error
 * is not getting an answer. Functions that can fail return enum og_code, must be checked, and fill
 * `err` if it is not NULL. Whoever handles an error logs it, once.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#define OG_MUST_CHECK __attribute__((warn_unused_result))
#define OG_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
/* Run `fn(&variable)` when the variable leaves its scope. */
#define OG_SCOPED(fn) __attribute__((cleanup(fn)))

/* name, wire name, worth retrying by the caller as it is */
#define OG_CODES(X)                                                                               \
    X(INVALID, "invalid_request", false)          /* malformed: syntax, type, unknown member */   \
    X(UNPROCESSABLE, "unprocessable", false)      /* well formed, but not acceptable */           \
    X(UNAUTHORIZED, "unauthorized", false)        /* no or wrong credential */                    \
    X(FORBIDDEN, "forbidden", false)              /* right credential, missing right */           \
    X(NOT_FOUND, "not_found", false)                                                              \
    X(METHOD, "method_not_allowed", false)                                                        \
    X(CONFLICT, "conflict", false)                                                                \
    X(TOO_LARGE, "too_large", false)              /* body over the route's limit */               \
    X(MEDIA_TYPE, "unsupported_media_type", false)                                                \
    X(LIMITED, "rate_limited", true)              /* og_err.retry_after_s says when */            \
    X(BUSY, "busy", true)                         /* a bounded queue or store is full */          \
    X(QUEUE_FULL, "queue_full", true)             /* too much waits for one phone; the text says */   \
    X(UNAVAILABLE, "unavailable", true)           /* disk, database or another store is down */   \
    X(UNREADABLE, "unreadable", false)            /* a stored row does not open with our key */   \
    X(INTERNAL, "internal", false)

#define OG_CODE_AS_ENUM(name, wire, retry) OG_E_##name,
enum og_code { OG_OK, OG_CODES(OG_CODE_AS_ENUM) };
#undef OG_CODE_AS_ENUM

struct og_err {
    enum og_code code;
    int retry_after_s; /* 0: not said */
    const char *reason; /* a word for machines beyond the code's, NULL if none; static storage */
    char field[48];    /* input at fault, "" if none; safe to show */
    char text[200];    /* for people; never holds a code, token, message text or whole number */
};

/* The word for a code on the wire ("not_found"); "ok" for OG_OK. Static storage. */
const char *og_code_wire(enum og_code code);
/* May the caller repeat the same call later and hope? */
bool og_code_is_retryable(enum og_code code);

/*
 * Fill `err` (which may be NULL) and return `code`, so that a failing function can end with
 * `return og_fail(err, OG_E_INVALID, "to", "must start with +");`
 * field  borrowed, "" or NULL for none; text is cut to fit.
 */
enum og_code og_fail(struct og_err *err, enum og_code code, const char *field, const char *fmt, ...)
    OG_PRINTF(4, 5);

/* Where the field stands, said once it is at fault: "state" within "[2]" becomes "[2].state".
 * Returns the code; `err` may be NULL. */
enum og_code og_err_within(struct og_err *err, enum og_code code, const char *place, ...)
    OG_PRINTF(3, 4);
