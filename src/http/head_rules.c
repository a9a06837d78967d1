/*
 * The rules for heads. Where two readings are possible, the request is refused: a proxy before us
 * could have chosen the other one.
 */
#include "http/head_rules.h"

#define METHOD_BYTES_MAX 24

static int
refuse(int status, const char *why, const char **reason)
{
    *reason = why;
    return status;
}

static bool
is_token_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_method(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char((uint8_t)text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0 && text.len <= METHOD_BYTES_MAX;
}

static bool
is_target(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if (c <= 0x20 || c >= 0x7f) {
            return false;
        }
    }
    return text.len > 0;
}

static bool
is_version(struct og_str text)
{
    return text.len == 8 && memcmp(text.ptr, "HTTP/", 5) == 0 && text.ptr[5] >= '0' &&
           text.ptr[5] <= '9' && text.ptr[6] == '.' && text.ptr[7] >= '0' && text.ptr[7] <= '9';
}

int
og_head_check_line(struct og_str text, bool *is_http10, const char **reason)
{
    while (text.len && (text.ptr[0] == '\r' || text.ptr[0] == '\n')) {
        text = og_str_slice(text, 1, text.len);
    }
    struct og_str line = og_str_slice(text, 0, og_str_find(text, '\r'));
    size_t first = og_str_find(line, ' ');
    struct og_str rest = og_str_slice(line, first + 1, line.len);
    size_t second = og_str_find(rest, ' ');
    struct og_str version = og_str_slice(rest, second + 1, rest.len);

    if (!is_method(og_str_slice(line, 0, first)) || !is_target(og_str_slice(rest, 0, second)) ||
        !is_version(version)) {
        return refuse(400, "malformed request line", reason);
    }
    if (version.ptr[5] != '1' || version.ptr[7] > '1') {
        return refuse(505, "HTTP version not supported", reason);
    }
    *is_http10 = version.ptr[7] == '0';
    return 0;
}

/* Decimal digits only, at most 18 of them. */
static bool
parse_length(struct og_str text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *out = value;
    return text.len > 0 && text.len <= 18;
}

/* The headers that decide where the request ends and whom it is for: each at most once. */
enum { H_HOST, H_LENGTH, H_ENCODING, H_EXPECT, H_COUNT };

static const struct og_str framing_names[H_COUNT] = {
    [H_HOST] = {"Host", 4},
    [H_LENGTH] = {"Content-Length", 14},
    [H_ENCODING] = {"Transfer-Encoding", 17},
    [H_EXPECT] = {"Expect", 6},
};

static bool
find_framing(const struct og_parsed_head *head, const struct og_header *found[H_COUNT])
{
    for (size_t i = 0; i < head->header_count; i++) {
        const struct og_header *header = &head->headers[i];
        for (int h = 0; h < H_COUNT; h++) {
            if (header->name.len != framing_names[h].len ||
                !og_str_eq_nocase(header->name, framing_names[h])) {
                continue;
            }
            if (found[h]) {
                return false;
            }
            found[h] = header;
        }
    }
    return true;
}

static int
check_body(struct og_parsed_head *head, const struct og_header *length,
           const struct og_header *encoding, const char **reason)
{
    if (length && encoding) {
        return refuse(400, "both Content-Length and Transfer-Encoding", reason);
    }
    if (length && !parse_length(length->value, &head->content_length)) {
        return refuse(400, "Content-Length is not a number", reason);
    }
    if (encoding &&
        (head->is_http10 || !og_str_eq_nocase(encoding->value, OG_STR("chunked")))) {
        return refuse(400, "Transfer-Encoding is not chunked", reason);
    }
    head->is_chunked = encoding != NULL;
    return 0;
}

static int
check_host(const struct og_parsed_head *head, const struct og_header *host, const char **reason)
{
    if (!host && !head->is_http10) {
        return refuse(400, "no Host header", reason);
    }
    if (host && !og_host_is_valid(host->value)) {
        return refuse(400, "malformed Host header", reason);
    }
    return 0;
}

static int
check_target(struct og_parsed_head *head, struct og_str target, const struct og_header *host,
             struct og_arena *mem, const char **reason)
{
    const char *why = og_target_parse(target, head->method == OG_OPTIONS,
                                      host ? host->value : OG_STR(""), mem, &head->target);
    if (why) {
        head->target = (struct og_target){{NULL, 0}, {NULL, 0}, {NULL, 0}};
        return refuse(400, why, reason);
    }
    return 0;
}

int
og_head_check_headers(struct og_parsed_head *head, struct og_str target, struct og_arena *mem,
                      const char **reason)
{
    const struct og_header *found[H_COUNT] = {NULL};
    if (!find_framing(head, found)) {
        return refuse(400, "a header that may come once came twice", reason);
    }
    int status = check_host(head, found[H_HOST], reason);
    if (status == 0) {
        status = check_body(head, found[H_LENGTH], found[H_ENCODING], reason);
    }
    if (status == 0) {
        status = check_target(head, target, found[H_HOST], mem, reason);
    }
    if (status != 0 || !found[H_EXPECT] || head->is_http10) {
        return status; /* HTTP/1.0 knows no expectations */
    }
    if (!og_str_eq_nocase(found[H_EXPECT]->value, OG_STR("100-continue"))) {
        return refuse(417, "unknown expectation", reason);
    }
    head->expects_continue = true;
    return 0;
}
