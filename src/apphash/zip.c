/*
 * The end record is looked for from the back as Android does; one that does not stand right behind
 * its directory is only bytes in a comment that look like it. No length is believed before it is
 * compared with what is there.
 */
#include "apphash/zip.h"

#include <zlib.h>

#include "apphash/cursor.h"

#define END_MARK 0x06054b50u
#define END_BYTES 22
#define COMMENT_BYTES_MAX 65535
#define ENTRY_MARK 0x02014b50u
#define LOCAL_MARK 0x04034b50u
#define LOCAL_BYTES 30
#define STORED 0
#define FLAG_ENCRYPTED 1u
#define IS_ZIP64 0xffffffffu

static enum og_code
damaged(struct og_err *err, const char *what)
{
    return og_fail(err, OG_E_INVALID, "file", "the zip file is damaged: %s", what);
}

/* ---- the end and the directory ---- */

struct end {
    uint16_t entry_count;
    uint32_t directory_bytes, directory_at;
};

/* Does an end record stand here that fits the file? at: from the file's beginning. */
static bool
read_end(struct og_str tail, uint64_t at, struct end *out)
{
    struct og_cursor in = og_cursor_over(tail);
    uint32_t mark = og_cursor_u32le(&in);
    og_cursor_take(&in, 6); /* numbers of disks, entries on this one */
    out->entry_count = og_cursor_u16le(&in);
    out->directory_bytes = og_cursor_u32le(&in);
    out->directory_at = og_cursor_u32le(&in);
    size_t comment_bytes = og_cursor_u16le(&in);
    return !in.failed && mark == END_MARK && comment_bytes == in.left &&
           out->directory_at != IS_ZIP64 &&
           (uint64_t)out->directory_at + out->directory_bytes == at;
}

static enum og_code
find_end(const struct og_input *input, struct og_arena *mem, struct end *out, struct og_err *err)
{
    uint64_t window = END_BYTES + COMMENT_BYTES_MAX;
    window = input->size_bytes < window ? input->size_bytes : window;
    uint64_t from = input->size_bytes - window;
    struct og_str tail;
    enum og_code code = og_input_read(input, from, (size_t)window, mem, &tail, err);
    if (code != OG_OK) {
        return code;
    }
    for (size_t i = tail.len < END_BYTES ? 0 : tail.len - END_BYTES + 1; i-- > 0;) {
        if (tail.ptr[i] == (char)(END_MARK & 0xff) &&
            read_end(og_str_slice(tail, i, tail.len), from + i, out)) {
            return OG_OK;
        }
    }
    return damaged(err, "its end is missing (a download that broke off?)");
}

enum og_code
og_zip_open(struct og_zip *self, const struct og_input *input, struct og_arena *mem,
            struct og_err *err)
{
    struct end end = {0};
    enum og_code code = find_end(input, mem, &end, err);
    if (code != OG_OK) {
        return code;
    }
    if (end.directory_bytes > OG_ZIP_DIRECTORY_BYTES_MAX) {
        return og_fail(err, OG_E_TOO_LARGE, "file", "the zip file's directory is over %u MiB",
                       OG_ZIP_DIRECTORY_BYTES_MAX >> 20);
    }
    *self = (struct og_zip){
        .input = input, .directory_at = end.directory_at, .entry_count = end.entry_count};
    return og_input_read(input, end.directory_at, end.directory_bytes, mem, &self->directory, err);
}

static bool
next_entry(struct og_cursor *in, struct og_zip_entry *out)
{
    uint32_t mark = og_cursor_u32le(in);
    og_cursor_take(in, 4); /* versions */
    out->flags = og_cursor_u16le(in);
    out->method = og_cursor_u16le(in);
    og_cursor_take(in, 4); /* time and date */
    out->crc = og_cursor_u32le(in);
    out->packed_bytes = og_cursor_u32le(in);
    out->size_bytes = og_cursor_u32le(in);
    size_t name_bytes = og_cursor_u16le(in);
    size_t extra_bytes = og_cursor_u16le(in);
    size_t comment_bytes = og_cursor_u16le(in);
    og_cursor_take(in, 8); /* disk, attributes */
    out->local_at = og_cursor_u32le(in);
    out->name = og_cursor_take(in, name_bytes);
    og_cursor_take(in, extra_bytes + comment_bytes);
    return !in->failed && mark == ENTRY_MARK;
}

bool
og_zip_each(const struct og_zip *self, bool (*fn)(void *ctx, const struct og_zip_entry *entry),
            void *ctx)
{
    struct og_cursor in = og_cursor_over(self->directory);
    for (unsigned i = 0; i < self->entry_count; i++) {
        struct og_zip_entry entry;
        if (!next_entry(&in, &entry)) {
            return false;
        }
        if (!fn(ctx, &entry)) {
            return true;
        }
    }
    return true;
}

/* ---- an entry ---- */

/* Unpack into exactly size_bytes; false when it is more, less or damaged. */
static bool
inflate_all(struct og_str packed, char *out, size_t size_bytes)
{
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)packed.ptr, .avail_in = (uInt)packed.len,
        .next_out = (Bytef *)out, .avail_out = (uInt)size_bytes,
    };
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return false;
    }
    int end = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return end == Z_STREAM_END && stream.avail_out == 0;
}

/* Where the entry's bytes begin: its own header has its own idea of the extra field's length. */
static enum og_code
find_content(const struct og_zip *self, const struct og_zip_entry *entry, struct og_arena *mem,
             uint64_t *out, struct og_err *err)
{
    struct og_str header;
    enum og_code code = og_input_read(self->input, entry->local_at, LOCAL_BYTES, mem, &header, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_cursor in = og_cursor_over(header);
    if (og_cursor_u32le(&in) != LOCAL_MARK) {
        return damaged(err, "an entry is not where the directory says");
    }
    og_cursor_take(&in, LOCAL_BYTES - 8);
    uint64_t name_bytes = og_cursor_u16le(&in);
    uint64_t extra_bytes = og_cursor_u16le(&in);
    *out = entry->local_at + LOCAL_BYTES + name_bytes + extra_bytes;
    return OG_OK;
}

enum og_code
og_zip_read(const struct og_zip *self, const struct og_zip_entry *entry, size_t max_bytes,
            struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    struct og_str packed;
    uint64_t at = 0;
    if (entry->size_bytes > max_bytes || entry->packed_bytes > max_bytes) {
        return og_fail(err, OG_E_TOO_LARGE, "file",
                       "a signature or manifest in the zip file is over %zu bytes", max_bytes);
    }
    if ((entry->flags & FLAG_ENCRYPTED) ||
        (entry->method != STORED && entry->method != Z_DEFLATED)) {
        return damaged(err, "an entry is encrypted or packed in an unknown way");
    }
    enum og_code code = find_content(self, entry, mem, &at, err);
    if (code == OG_OK) {
        code = og_input_read(self->input, at, entry->packed_bytes, mem, &packed, err);
    }
    if (code != OG_OK) {
        return code;
    }
    char *content = og_arena_alloc(mem, entry->size_bytes);
    bool is_whole = entry->method == Z_DEFLATED
                        ? inflate_all(packed, content, entry->size_bytes)
                        : packed.len == entry->size_bytes;
    if (is_whole && entry->method == STORED && packed.len > 0) {
        memcpy(content, packed.ptr, packed.len);
    }
    *out = (struct og_str){content, entry->size_bytes};
    if (!is_whole || crc32(0, (const Bytef *)content, entry->size_bytes) != entry->crc) {
        return damaged(err, "an entry does not unpack to what the directory says");
    }
    return OG_OK;
}
