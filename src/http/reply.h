/*
 * The head of an answer as bytes. Pure but for the date, which comes in.
 */
#pragma once

#include "base/buf.h"
#include "http/server.h"

enum og_reply_framing {
    OG_REPLY_LENGTH,  /* Content-Length */
    OG_REPLY_CHUNKED, /* a stream to an HTTP/1.1 peer */
    OG_REPLY_CLOSED,  /* a stream that ends with the connection (HTTP/1.0) */
};

#define OG_DATE_BYTES 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */

/* The HTTP date of RFC 9110 section 5.6.7. */
void og_http_date(int64_t at_ms, char out[OG_DATE_BYTES]);

/*
 * Append status line, headers and the empty line.
 * Cache-Control: no-store unless reply->headers say otherwise; headers with control bytes are left
 * out.
 */
void og_reply_head(struct og_buf *out, const struct og_http_reply *reply, struct og_str request_id,
                   struct og_str date, enum og_reply_framing framing, bool close);

/* "200 OK" */
struct og_str og_status_text(int status);
/* May an answer with this status have a body (RFC 9110 sections 6.4.1, 15)? */
bool og_status_has_body(int status);
