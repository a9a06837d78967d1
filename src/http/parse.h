/*
 * One request from bytes, by pulling: feed bytes, get to know how far it is. Pure (no socket, no
 * clock), so that it can be tested and fuzzed; the one door to llhttp.
 *
 * A parser serves one request and lives in its arena. Refused is final: no further byte is looked
 * at. Rules: RFC 9112, stricter where design.md section 9 says so.
 */
#pragma once

#include "base/arena.h"
#include "http/server.h"
#include "http/target.h"

struct og_parse_limits {
    size_t head_bytes_max;
    int header_count_max;
};

struct og_parsed_head {
    enum og_method method;
    struct og_target target;
    struct og_header *headers;
    size_t header_count;
    bool is_http10;
    bool wants_close;      /* Connection: close, or HTTP/1.0 */
    bool expects_continue; /* Expect: 100-continue, and HTTP/1.1 */
    bool is_chunked;
    uint64_t content_length; /* 0 without a body or when chunked */
};

enum og_parse_step {
    OG_PARSE_MORE,    /* needs more bytes */
    OG_PARSE_HEAD,    /* the head is complete: look at it, then call og_parser_expect_body */
    OG_PARSE_DONE,    /* the request is complete; bytes behind it are untouched */
    OG_PARSE_REFUSED, /* see og_parser_refusal */
};

struct og_parser;

struct og_parser *og_parser_create(struct og_arena *mem, const struct og_parse_limits *limits);

/* Takes what belongs to this request from the front of `bytes`. Nothing is borrowed afterwards. */
enum og_parse_step og_parser_feed(struct og_parser *self, struct og_str *bytes);

/*
 * After OG_PARSE_HEAD: how large the body may be. Answers MORE, DONE (there is none) or REFUSED
 * (announced larger).
 * keep  false: the body is counted against `max_bytes` but thrown away
 */
enum og_parse_step og_parser_expect_body(struct og_parser *self, uint64_t max_bytes, bool keep);

const struct og_parsed_head *og_parser_head(const struct og_parser *self);
struct og_str og_parser_body(const struct og_parser *self);
uint64_t og_parser_body_received(const struct og_parser *self);
bool og_parser_has_begun(const struct og_parser *self); /* any byte of it came */
/* The target as far as it is known, for an error's shape; "" when the head was refused. */
struct og_str og_parser_path(const struct og_parser *self);

/* Status (400, 413, 417, 431, 501, 505) and reason (static text) of a refusal. */
int og_parser_refusal(const struct og_parser *self, const char **reason);
