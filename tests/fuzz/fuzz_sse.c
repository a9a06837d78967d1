/*
 * Fuzzes the event stream parser of the phone. However the bytes are cut, the same events come out,
 * and none is larger than it may be.
 *
 * The input is one byte that says how to cut, then the stream.
 */
#include <stdint.h>
#include <stdlib.h>

#include "phone/sse_parser.h"

#define MAX_BYTES 128

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

/* What came out, as a sum that depends on the order. */
struct seen {
    uint64_t sum;
    int64_t events;
};

static void
mix(struct seen *seen, struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        seen->sum = (seen->sum ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
    }
    seen->sum = (seen->sum ^ 0x100) * 0x100000001b3u;
}

static void
on_event(void *ctx, struct og_str type, struct og_str data)
{
    struct seen *seen = ctx;
    CHECK(type.len > 0 && type.len <= 64 && data.len <= MAX_BYTES);
    CHECK(memchr(type.ptr, '\n', type.len) == NULL);
    seen->events++;
    mix(seen, type);
    mix(seen, data);
}

static void
on_dataless(void *ctx, struct og_str type)
{
    mix(ctx, type);
}

static struct seen
parse(struct og_str bytes, size_t piece)
{
    struct seen seen = {0};
    struct og_sse_parser parser;
    struct og_sse_handler handler = {on_event, on_dataless, &seen};
    og_sse_init(&parser, MAX_BYTES);
    while (bytes.len > 0) {
        og_sse_feed(&parser, og_str_slice(bytes, 0, piece), &handler);
        bytes = og_str_slice(bytes, piece, bytes.len);
    }
    CHECK(parser.event_count == seen.events);
    CHECK(parser.line.len <= MAX_BYTES && parser.data.len <= MAX_BYTES);
    og_sse_finish(&parser);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct og_str bytes = {(const char *)input + 1, size - 1};
    struct seen whole = parse(bytes, bytes.len);
    struct seen single = parse(bytes, 1);
    struct seen pieces = parse(bytes, (size_t)input[0] + 1);
    CHECK(whole.sum == single.sum && whole.events == single.events);
    CHECK(whole.sum == pieces.sum && whole.events == pieces.events);
    return 0;
}
