/*
 * Fuzzes the reader of lists and the filling of texts. Fields are UTF-8 without NUL, lines only
 * grow, what is read fits the limits, and a text that was let through is filled the same way twice.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/csv_reader.h"
#include "core/fill.h"

#define TEXT_MAX_BYTES (1024 * 1024)

static void
check_record(const struct og_csv_record *record, int64_t line)
{
    size_t bytes = 0;
    if (record->line < line || record->count == 0 || record->count > OG_CSV_FIELDS_MAX) {
        abort();
    }
    for (size_t i = 0; i < record->count; i++) {
        const struct og_str field = record->fields[i];
        bytes += field.len;
        if (!og_str_is_utf8(field) || (field.len && memchr(field.ptr, 0, field.len))) {
            abort();
        }
    }
    if (bytes > OG_CSV_RECORD_MAX_BYTES) {
        abort();
    }
}

/* The first field of the list is the text; the record's own fields are columns and values. */
static void
check_fill(struct og_str text, const struct og_csv_record *record)
{
    const struct og_fill_values values = {record->fields, record->fields, record->count};
    struct og_str missing, name;
    struct og_buf out;
    size_t at = 0;
    if (og_fill_check(text, NULL) != OG_OK) {
        return;
    }
    og_buf_init(&out, TEXT_MAX_BYTES);
    const bool is_filled = og_fill(text, &values, &out, &missing);
    while (og_fill_next(text, &at, &name)) {
        if (name.len == 0 || name.len > OG_FILL_NAME_MAX_BYTES) {
            abort();
        }
    }
    if (!is_filled && missing.len == 0) {
        abort();
    }
    og_buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct og_str text = {(const char *)data, size};
    const char separator = size && data[0] == ';' ? ';' : ',';
    struct og_csv *csv = og_csv_create(text, separator);
    struct og_csv_record record;
    struct og_err err;
    bool found = true;
    int64_t line = 1;
    while (og_csv_next(csv, &record, &found, &err) == OG_OK && found) {
        check_record(&record, line);
        check_fill(og_str_slice(text, 0, og_str_find(text, '\n')), &record);
        line = record.line;
    }
    og_csv_destroy(csv);
    return 0;
}
