/*
 * Fuzzes the reader of SQL dumps. However the bytes come in pieces, the same rows come out, or the
 * same refusal; rows have the wanted columns, and lines count up.
 *
 * The input is one byte that says how to cut, then the dump.
 */
#include <stdint.h>
#include <stdlib.h>

#include "import/dump_reader.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static const struct og_dump_table tables[] = {
    {"users", {"id", "password_hash", "created_at"}},
    {"t", {"a"}},
};

struct pieces {
    struct og_str rest;
    size_t size;
};

/* What came out, as a sum that depends on the order. */
struct seen {
    uint64_t sum;
    int64_t rows, last_line;
    enum og_code code;
};

static enum og_code
read_piece(void *ctx, char *to, size_t size_bytes, size_t *got_out, struct og_err *err)
{
    struct pieces *self = ctx;
    struct og_str piece =
        og_str_slice(self->rest, 0, self->size < size_bytes ? self->size : size_bytes);
    (void)err;
    if (piece.len) {
        memcpy(to, piece.ptr, piece.len);
    }
    self->rest = og_str_slice(self->rest, piece.len, self->rest.len);
    *got_out = piece.len;
    return OG_OK;
}

static void
mix(struct seen *seen, uint64_t value)
{
    seen->sum = (seen->sum ^ value) * 0x100000001b3u;
}

static enum og_code
on_row(void *ctx, const struct og_dump_row *row, struct og_err *err)
{
    struct seen *seen = ctx;
    (void)err;
    CHECK(row->table < 2 && row->line >= seen->last_line);
    seen->last_line = row->line;
    seen->rows++;
    for (int i = 0; tables[row->table].columns[i]; i++) {
        struct og_str text = row->values[i].text;
        CHECK(!row->values[i].is_null || text.len == 0);
        mix(seen, row->values[i].is_null);
        for (size_t k = 0; k < text.len; k++) {
            mix(seen, (unsigned char)text.ptr[k]);
        }
    }
    return OG_OK;
}

static struct seen
parse(struct og_str bytes, size_t piece)
{
    struct seen seen = {.last_line = 1};
    struct pieces pieces = {bytes, piece};
    const struct og_dump_source source = {read_piece, &pieces};
    const struct og_dump_reader reader = {tables, 2, on_row, &seen};
    bool created[OG_DUMP_TABLES_MAX];
    struct og_err err = {0};
    seen.code = og_dump_read(&source, &reader, created, &err);
    CHECK(seen.code == OG_OK || err.text[0] != '\0');
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
    struct seen whole = parse(bytes, bytes.len + 1);
    struct seen pieces = parse(bytes, (size_t)input[0] % 32 + 1);
    CHECK(whole.sum == pieces.sum && whole.rows == pieces.rows && whole.code == pieces.code);
    return 0;
}
