/*
 * Chunks in a chunk, little endian: the strings first, then elements that name strings by number.
 * Package names are ASCII, so a string with anything else is taken for no string.
 */
#include "apphash/manifest.h"

#include "apphash/cursor.h"

#define CHUNK_XML 0x0003
#define CHUNK_STRINGS 0x0001
#define CHUNK_ELEMENT 0x0102
#define HEAD_BYTES 8
#define STRINGS_UTF8 0x100u
#define STRING_CHARS_MAX 255
#define TYPE_STRING 3
#define CHUNKS_MAX 64 /* before the first element: strings, ids, namespaces */

struct chunk {
    uint16_t type, head_bytes;
    struct og_str whole;
};

/* The strings of the file. */
struct pool {
    struct og_str chunk;
    uint32_t count, flags, starts_at;
};

static bool
next_chunk(struct og_cursor *in, struct chunk *out)
{
    struct og_cursor head = *in;
    out->type = og_cursor_u16le(&head);
    out->head_bytes = og_cursor_u16le(&head);
    uint32_t size_bytes = og_cursor_u32le(&head);
    if (head.failed || size_bytes < HEAD_BYTES) {
        return false;
    }
    out->whole = og_cursor_take(in, size_bytes);
    return !in->failed;
}

static bool
open_pool(const struct chunk *chunk, struct pool *out)
{
    struct og_cursor in = og_cursor_over(chunk->whole);
    og_cursor_take(&in, HEAD_BYTES);
    out->chunk = chunk->whole;
    out->count = og_cursor_u32le(&in);
    og_cursor_u32le(&in); /* styles */
    out->flags = og_cursor_u32le(&in);
    out->starts_at = og_cursor_u32le(&in);
    return !in.failed;
}

/* A length in units of one or two bytes, in one unit or, with its top bit set, in two. */
static uint32_t
read_length(struct og_cursor *in, bool is_utf8)
{
    uint32_t length = is_utf8 ? og_cursor_u8(in) : og_cursor_u16le(in);
    uint32_t top = is_utf8 ? 0x80 : 0x8000;
    if (length & top) {
        length = (length & (top - 1)) << (is_utf8 ? 8 : 16);
        length |= is_utf8 ? og_cursor_u8(in) : og_cursor_u16le(in);
    }
    return length;
}

/* A cursor at the string's beginning. */
static struct og_cursor
seek_string(const struct pool *pool, uint32_t number)
{
    struct og_cursor in = og_cursor_over(pool->chunk);
    in.failed |= number >= pool->count;
    og_cursor_take(&in, 28 + 4 * (uint64_t)number); /* behind the pool's head: offsets */
    uint64_t at = (uint64_t)pool->starts_at + og_cursor_u32le(&in);
    struct og_cursor out = og_cursor_over(pool->chunk);
    out.failed |= in.failed;
    og_cursor_take(&out, at);
    return out;
}

static struct og_str
string_at(const struct pool *pool, uint32_t number, struct og_arena *mem)
{
    bool is_utf8 = (pool->flags & STRINGS_UTF8) != 0;
    struct og_cursor in = seek_string(pool, number);
    uint32_t chars = read_length(&in, is_utf8);
    if (is_utf8) {
        chars = read_length(&in, true); /* the second length counts bytes */
    }
    if (in.failed || chars > STRING_CHARS_MAX) {
        return OG_STR("");
    }
    char *text = og_arena_alloc(mem, chars + 1);
    for (uint32_t i = 0; i < chars; i++) {
        uint16_t unit = is_utf8 ? og_cursor_u8(&in) : og_cursor_u16le(&in);
        if (in.failed || unit < 0x20 || unit > 0x7e) {
            return OG_STR("");
        }
        text[i] = (char)unit;
    }
    return (struct og_str){text, chars};
}

/* Among the attributes of an element. */
static struct og_str
find_package(struct og_cursor in, uint16_t size_bytes, uint16_t count, const struct pool *pool,
             struct og_arena *mem)
{
    for (uint16_t i = 0; i < count; i++) {
        struct og_cursor one = og_cursor_over(og_cursor_take(&in, size_bytes));
        og_cursor_u32le(&one); /* namespace */
        uint32_t key = og_cursor_u32le(&one);
        og_cursor_take(&one, 7); /* raw value, size, zero */
        uint8_t type = og_cursor_u8(&one);
        uint32_t value = og_cursor_u32le(&one);
        if (one.failed) {
            break;
        }
        if (type == TYPE_STRING && og_str_eq(string_at(pool, key, mem), OG_STR("package"))) {
            return string_at(pool, value, mem);
        }
    }
    return OG_STR("");
}

static struct og_str
read_element(const struct chunk *chunk, const struct pool *pool, struct og_arena *mem)
{
    struct og_cursor in = og_cursor_over(chunk->whole);
    og_cursor_take(&in, chunk->head_bytes);
    struct og_cursor attributes = in;
    og_cursor_u32le(&in); /* namespace */
    struct og_str name = string_at(pool, og_cursor_u32le(&in), mem);
    og_cursor_take(&attributes, og_cursor_u16le(&in));
    uint16_t size_bytes = og_cursor_u16le(&in);
    uint16_t count = og_cursor_u16le(&in);
    if (in.failed || !og_str_eq(name, OG_STR("manifest"))) {
        return OG_STR("");
    }
    return find_package(attributes, size_bytes, count, pool, mem);
}

struct og_str
og_manifest_package(struct og_str manifest, struct og_arena *mem)
{
    struct og_cursor in = og_cursor_over(manifest);
    struct chunk chunk;
    struct pool pool = {.count = 0};
    if (!next_chunk(&in, &chunk) || chunk.type != CHUNK_XML) {
        return OG_STR("");
    }
    in = og_cursor_over(chunk.whole);
    og_cursor_take(&in, chunk.head_bytes);
    for (int i = 0; i < CHUNKS_MAX && next_chunk(&in, &chunk); i++) {
        if (chunk.type == CHUNK_STRINGS && !open_pool(&chunk, &pool)) {
            return OG_STR("");
        }
        if (chunk.type == CHUNK_ELEMENT) {
            return read_element(&chunk, &pool, mem);
        }
    }
    return OG_STR("");
}
