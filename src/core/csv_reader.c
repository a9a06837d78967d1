/*
 * libcsv calls back for each field and cannot be stopped between two records, so it gets one
 * physical line at a time: that never ends more than one record.
 */
#include "core/csv_reader.h"

#include <csv.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"

#define BETWEEN_RECORDS 0 /* libcsv's pstate */

struct og_csv {
    struct csv_parser parser;
    struct og_str text;
    size_t at;
    size_t begin;     /* of the record */
    int64_t line;     /* of what is read next */
    struct og_buf bytes; /* of the fields, one behind the other */
    size_t ends[OG_CSV_FIELDS_MAX];
    struct og_str fields[OG_CSV_FIELDS_MAX];
    size_t count;
    bool is_whole;    /* the record is */
    bool is_too_wide;
    bool is_over;     /* the text is */
};

struct og_csv *
og_csv_create(struct og_str text, char separator)
{
    static const struct og_str mark = {"\xEF\xBB\xBF", 3};
    struct og_csv *self = og_xalloc(sizeof *self);
    self->text = og_str_starts(text, mark) ? og_str_slice(text, mark.len, text.len) : text;
    self->line = 1;
    og_buf_init(&self->bytes, OG_CSV_RECORD_MAX_BYTES);
    csv_init(&self->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&self->parser, (unsigned char)separator);
    csv_set_realloc_func(&self->parser, og_xrealloc);
    return self;
}

void
og_csv_destroy(struct og_csv *self)
{
    if (self) {
        og_buf_finish(&self->bytes);
        csv_free(&self->parser);
        free(self);
    }
}

static void
on_field(void *bytes, size_t len, void *ctx)
{
    struct og_csv *self = ctx;
    if (self->count == OG_CSV_FIELDS_MAX) {
        self->is_too_wide = true;
        return;
    }
    og_buf_add(&self->bytes, (struct og_str){bytes, len});
    self->ends[self->count++] = self->bytes.len;
}

static void
on_record(int terminator, void *ctx)
{
    struct og_csv *self = ctx;
    (void)terminator;
    self->is_whole = true;
}

/* Up to and including the next line end; what a carriage return ends, a line feed behind it does
 * not end again. */
static struct og_str
take_line(struct og_csv *self)
{
    const size_t from = self->at;
    while (self->at < self->text.len) {
        const char c = self->text.ptr[self->at++];
        if (c == '\n' || (c == '\r' && self->at < self->text.len &&
                          self->text.ptr[self->at] != '\n')) {
            self->line++;
            break;
        }
        if (c == '\r') {
            break;
        }
    }
    return og_str_slice(self->text, from, self->at);
}

static enum og_code
refuse(struct og_err *err, int64_t line, const char *what)
{
    return og_fail(err, OG_E_UNPROCESSABLE, "csv", "line %lld: %s", (long long)line, what);
}

/* One more line into the parser; at the end of the text what is left in it. */
static enum og_code
feed(struct og_csv *self, int64_t first_line, struct og_err *err)
{
    int failed;
    if (self->at < self->text.len) {
        const struct og_str line = take_line(self);
        if (self->at - self->begin > OG_CSV_RECORD_MAX_BYTES) {
            return refuse(err, first_line,
                          "the record is longer than 64 KiB; is a quote missing?");
        }
        failed = csv_parse(&self->parser, line.ptr, line.len, on_field, on_record, self) !=
                 line.len;
    } else {
        self->is_over = true;
        failed = csv_fini(&self->parser, on_field, on_record, self);
    }
    if (failed) {
        return refuse(err, first_line,
                      "quotes must surround the whole field, and be doubled inside it");
    }
    return self->is_too_wide ? refuse(err, first_line, "has more than 256 fields") : OG_OK;
}

static enum og_code
check_fields(struct og_csv *self, int64_t line, struct og_err *err)
{
    const struct og_str all = og_buf_str(&self->bytes);
    size_t from = 0;
    for (size_t i = 0; i < self->count; i++) {
        self->fields[i] = og_str_slice(all, from, self->ends[i]);
        from = self->ends[i];
        if (!og_str_is_utf8(self->fields[i])) {
            return refuse(err, line, "is not UTF-8");
        }
    }
    return all.len && memchr(all.ptr, 0, all.len) ? refuse(err, line, "holds a NUL") : OG_OK;
}

enum og_code
og_csv_next(struct og_csv *self, struct og_csv_record *out, bool *found_out, struct og_err *err)
{
    int64_t line = self->line;
    enum og_code code = OG_OK;
    og_buf_clear(&self->bytes);
    self->count = 0;
    self->is_whole = false;
    self->begin = self->at;
    while (code == OG_OK && !self->is_whole && !self->is_over) {
        if (self->parser.pstate == BETWEEN_RECORDS) {
            line = self->line;
            self->begin = self->at;
        }
        code = feed(self, line, err);
    }
    *found_out = code == OG_OK && self->is_whole;
    if (*found_out) {
        code = check_fields(self, line, err);
    }
    *out = (struct og_csv_record){self->fields, self->count, line};
    return code;
}
