/*
 * Size, pairs of id and value, size again, magic. The block's own idea of its size is believed only
 * where both agree and it lies within the file.
 */
#include "apphash/signing_block.h"

#include "apphash/cursor.h"

#define MAGIC OG_STR("APK Sig Block 42")
#define FOOT_BYTES 24 /* size and magic */
#define SIZE_BYTES 8
#define BLOCK_BYTES_MAX (32u * 1024 * 1024)
#define PAIRS_MAX 256

static enum og_code
damaged(struct og_err *err, const char *what)
{
    return og_fail(err, OG_E_INVALID, "file", "the app's signing block is damaged: %s", what);
}

static struct og_str *
place_of(struct og_signing_block *self, uint32_t id)
{
    switch (id) {
    case OG_BLOCK_V2:
        return &self->v2;
    case OG_BLOCK_V3:
        return &self->v3;
    case OG_BLOCK_V31:
        return &self->v31;
    default:
        return NULL; /* padding, stamps of stores, and what may come */
    }
}

static enum og_code
read_pairs(struct og_str pairs, struct og_signing_block *out, struct og_err *err)
{
    struct og_cursor in = og_cursor_over(pairs);
    for (int count = 0; og_cursor_has_more(&in); count++) {
        struct og_str pair = og_cursor_take(&in, og_cursor_u64le(&in));
        struct og_cursor parts = og_cursor_over(pair);
        struct og_str *place = place_of(out, og_cursor_u32le(&parts));
        if (in.failed || parts.failed) {
            return damaged(err, "a length runs past its end");
        }
        if (count == PAIRS_MAX) {
            return damaged(err, "it has too many parts");
        }
        if (place && place->ptr) {
            return damaged(err, "it has two signatures of one scheme");
        }
        if (place) {
            *place = (struct og_str){(const char *)parts.at, parts.left};
        }
    }
    return in.failed ? damaged(err, "a length runs past its end") : OG_OK;
}

/* The block's size without its first size field; 0 when there is no block. */
static enum og_code
read_foot(const struct og_zip *zip, struct og_arena *mem, uint64_t *out, struct og_err *err)
{
    struct og_str foot;
    *out = 0;
    if (zip->directory_at < FOOT_BYTES + SIZE_BYTES) {
        return OG_OK;
    }
    enum og_code code =
        og_input_read(zip->input, zip->directory_at - FOOT_BYTES, FOOT_BYTES, mem, &foot, err);
    if (code != OG_OK || !og_str_ends(foot, MAGIC)) {
        return code;
    }
    struct og_cursor in = og_cursor_over(foot);
    *out = og_cursor_u64le(&in);
    if (*out < FOOT_BYTES || *out > zip->directory_at - SIZE_BYTES) {
        return damaged(err, "its size runs past the file");
    }
    if (*out > BLOCK_BYTES_MAX) {
        return og_fail(err, OG_E_TOO_LARGE, "file", "the app's signing block is over %u MiB",
                       BLOCK_BYTES_MAX >> 20);
    }
    return OG_OK;
}

enum og_code
og_signing_block_read(const struct og_zip *zip, struct og_arena *mem, struct og_signing_block *out,
                      struct og_err *err)
{
    struct og_str block;
    uint64_t size = 0;
    *out = (struct og_signing_block){0};
    enum og_code code = read_foot(zip, mem, &size, err);
    if (code != OG_OK || size == 0) {
        return code;
    }
    code = og_input_read(zip->input, zip->directory_at - size - SIZE_BYTES,
                         (size_t)size - FOOT_BYTES + SIZE_BYTES, mem, &block, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_cursor in = og_cursor_over(block);
    if (og_cursor_u64le(&in) != size) {
        return damaged(err, "its two sizes differ");
    }
    return read_pairs(og_cursor_take(&in, in.left), out, err);
}
