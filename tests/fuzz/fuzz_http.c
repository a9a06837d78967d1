/*
 * Fuzzes the HTTP parser: a stream of requests, given once in large pieces and once in small ones.
 * Both must understand the same requests, and what is understood must keep the parser's promises.
 *
 * The first byte chooses the sizes of the pieces and the body limit; the rest is the stream.
 */
#include <stdint.h>
#include <stdlib.h>

#include "http/parse.h"

static const struct og_parse_limits limits = {.head_bytes_max = 2048, .header_count_max = 16};

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

/* What one way of feeding understood, as a running digest. */
struct view {
    uint64_t digest;
    int requests;
    int status; /* of the refusal that ended it, 0: none */
    bool is_partial;
};

static void
mix(struct view *view, struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        view->digest = (view->digest ^ (uint8_t)text.ptr[i]) * 0x100000001b3u;
    }
    view->digest = (view->digest ^ (0x100 + text.len)) * 0x100000001b3u;
}

static bool
is_clean(struct og_str text, bool may_have_tab)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if ((c < 0x20 && !(may_have_tab && c == '\t')) || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static void
see_head(struct view *view, const struct og_parsed_head *head)
{
    CHECK(head->header_count <= (size_t)limits.header_count_max);
    CHECK(head->target.path.len > 0);
    CHECK(is_clean(head->target.path, false) && og_str_is_utf8(head->target.path));
    CHECK(is_clean(head->target.raw_path, false) && is_clean(head->target.query, false));
    CHECK(!(head->is_chunked && head->content_length));
    mix(view, head->target.path);
    mix(view, head->target.raw_path);
    mix(view, head->target.query);
    for (size_t i = 0; i < head->header_count; i++) {
        CHECK(head->headers[i].name.len > 0 && is_clean(head->headers[i].name, false));
        CHECK(is_clean(head->headers[i].value, true));
        mix(view, head->headers[i].name);
        mix(view, head->headers[i].value);
    }
    view->digest ^= (uint64_t)head->method << 8 | (uint64_t)head->wants_close << 1 |
                    (uint64_t)head->expects_continue;
}

/* Feed one piece to the parser at hand. */
static enum og_parse_step
feed(struct og_parser *parser, struct og_str *piece, uint64_t body_max, struct view *view)
{
    enum og_parse_step step = og_parser_feed(parser, piece);
    if (step == OG_PARSE_HEAD) {
        see_head(view, og_parser_head(parser));
        step = og_parser_expect_body(parser, body_max, true);
    }
    if (step == OG_PARSE_MORE && piece->len) {
        step = og_parser_feed(parser, piece);
    }
    return step;
}

static struct view
look(const uint8_t *data, size_t size, size_t piece_bytes, uint64_t body_max)
{
    struct view view = {.digest = 0xcbf29ce484222325u};
    struct og_arena mem = {0};
    struct og_parser *parser = NULL;
    const char *reason;

    while (size && !view.status) {
        size_t len = piece_bytes < size ? piece_bytes : size;
        char *copy = malloc(len);
        memcpy(copy, data, len);
        struct og_str piece = {copy, len};
        while (piece.len && !view.status) {
            parser = parser ? parser : og_parser_create(&mem, &limits);
            size_t before = piece.len;
            enum og_parse_step step = feed(parser, &piece, body_max, &view);
            CHECK(step == OG_PARSE_DONE || step == OG_PARSE_REFUSED || piece.len == 0);
            CHECK(piece.len <= before);
            if (step == OG_PARSE_DONE) {
                CHECK(og_parser_body(parser).len <= body_max);
                mix(&view, og_parser_body(parser));
                view.requests++;
                parser = NULL;
                og_arena_reset(&mem);
            } else if (step == OG_PARSE_REFUSED) {
                view.status = og_parser_refusal(parser, &reason);
                CHECK(view.status >= 400 && view.status < 600 && reason);
                mix(&view, og_parser_path(parser));
            }
        }
        free(copy);
        data += len;
        size -= len;
    }
    view.is_partial = parser && !view.status;
    og_arena_finish(&mem);
    return view;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    uint64_t body_max = data[0] & 0x80 ? 64 : 4096;
    size_t piece_bytes = (data[0] & 0x0f) + 1;
    struct view whole = look(data + 1, size - 1, SIZE_MAX, body_max);
    struct view pieces = look(data + 1, size - 1, piece_bytes, body_max);
    /* Of two faults, small pieces may show the other one first. */
    CHECK(whole.requests == pieces.requests && !whole.status == !pieces.status &&
          whole.is_partial == pieces.is_partial && whole.digest == pieces.digest);
    return 0;
}
