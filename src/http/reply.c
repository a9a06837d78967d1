/*
 * Builds the head of answers. It runs once per request, so lines that never change are literals and
 * the date is made once per second by the caller.
 */
#include "http/reply.h"

#include <stdio.h>
#include <time.h>

static const struct {
    int status;
    struct og_str text;
} statuses[] = {
#define ROW(status, text) {status, {#status " " text, sizeof(#status " " text) - 1}}
    ROW(200, "OK"),
    ROW(201, "Created"),
    ROW(202, "Accepted"),
    ROW(204, "No Content"),
    ROW(301, "Moved Permanently"),
    ROW(302, "Found"),
    ROW(303, "See Other"),
    ROW(304, "Not Modified"),
    ROW(307, "Temporary Redirect"),
    ROW(308, "Permanent Redirect"),
    ROW(400, "Bad Request"),
    ROW(401, "Unauthorized"),
    ROW(402, "Payment Required"),
    ROW(403, "Forbidden"),
    ROW(404, "Not Found"),
    ROW(405, "Method Not Allowed"),
    ROW(406, "Not Acceptable"),
    ROW(408, "Request Timeout"),
    ROW(409, "Conflict"),
    ROW(410, "Gone"),
    ROW(411, "Length Required"),
    ROW(412, "Precondition Failed"),
    ROW(413, "Content Too Large"),
    ROW(414, "URI Too Long"),
    ROW(415, "Unsupported Media Type"),
    ROW(417, "Expectation Failed"),
    ROW(422, "Unprocessable Content"),
    ROW(425, "Too Early"),
    ROW(428, "Precondition Required"),
    ROW(429, "Too Many Requests"),
    ROW(431, "Request Header Fields Too Large"),
    ROW(500, "Internal Server Error"),
    ROW(501, "Not Implemented"),
    ROW(502, "Bad Gateway"),
    ROW(503, "Service Unavailable"),
    ROW(504, "Gateway Timeout"),
    ROW(505, "HTTP Version Not Supported"),
#undef ROW
};

struct og_str
og_status_text(int status)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status) {
            return statuses[i].text;
        }
    }
    return OG_STR("500 Internal Server Error");
}

bool
og_status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* Not strftime: the names must not follow the locale. */
void
og_http_date(int64_t at_ms, char out[OG_DATE_BYTES])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    snprintf(out, OG_DATE_BYTES, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
             (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static bool
is_clean(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static void
add_line(struct og_buf *out, struct og_str name, struct og_str value)
{
    if (name.len && is_clean(name) && is_clean(value)) {
        og_buf_add(out, name);
        og_buf_add(out, OG_STR(": "));
        og_buf_add(out, value);
        og_buf_add(out, OG_STR("\r\n"));
    }
}

static void
add_framing(struct og_buf *out, const struct og_http_reply *reply, enum og_reply_framing framing)
{
    if (framing == OG_REPLY_CHUNKED) {
        og_buf_add(out, OG_STR("Transfer-Encoding: chunked\r\n"));
    } else if (framing == OG_REPLY_LENGTH && og_status_has_body(reply->status)) {
        og_buf_add(out, OG_STR("Content-Length: "));
        og_buf_add_i64(out, (int64_t)reply->body.len);
        og_buf_add(out, OG_STR("\r\n"));
    }
}

void
og_reply_head(struct og_buf *out, const struct og_http_reply *reply, struct og_str request_id,
              struct og_str date, enum og_reply_framing framing, bool close)
{
    bool says_cache = false;

    og_buf_add(out, OG_STR("HTTP/1.1 "));
    og_buf_add(out, og_status_text(reply->status));
    og_buf_add(out, OG_STR("\r\nDate: "));
    og_buf_add(out, date);
    og_buf_add(out, OG_STR("\r\n"));
    if (reply->content_type.len) {
        add_line(out, OG_STR("Content-Type"), reply->content_type);
    }
    add_framing(out, reply, framing);
    add_line(out, OG_STR("X-Request-Id"), request_id);
    for (size_t i = 0; i < reply->header_count; i++) {
        add_line(out, reply->headers[i].name, reply->headers[i].value);
        says_cache |= og_str_eq_nocase(reply->headers[i].name, OG_STR("Cache-Control"));
    }
    if (!says_cache) {
        og_buf_add(out, OG_STR("Cache-Control: no-store\r\n"));
    }
    og_buf_add(out, close ? OG_STR("Connection: close\r\n\r\n") : OG_STR("\r\n"));
}
