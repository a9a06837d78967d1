/*
 * The file is read twice: once for its faults and its length, once to send it. Rows whose number is
 * bad go to the server as they are: it keeps the account of what is wrong in them.
 */
#include "cli/list_file.h"

#include "base/files.h"
#include "core/fill.h"

#define FILE_MAX_BYTES (256 * 1024 * 1024)
#define PIECE_ROWS 500
#define PIECE_BYTES (1024 * 1024) /* and the row with which it is over */

static enum og_code
count_rows(struct og_list_file *self, struct og_err *err)
{
    struct og_csv_record record;
    bool found = true;
    enum og_code code = OG_OK;
    while (code == OG_OK && found) {
        code = og_csv_next(self->csv, &record, &found, err);
        self->row_count += code == OG_OK && found;
    }
    return code;
}

static enum og_code
begin_again(struct og_list_file *self, char separator, struct og_err *err)
{
    og_csv_destroy(self->csv);
    self->csv = og_csv_create(og_buf_str(&self->file), separator);
    return og_list_file_skip(self, 1, err);
}

enum og_code
og_list_file_open(struct og_list_file *self, struct og_arena *mem, const char *path,
                   struct og_str number_column, char separator, struct og_str text,
                   struct og_err *err)
{
    *self = (struct og_list_file){0};
    og_buf_init(&self->file, FILE_MAX_BYTES);
    enum og_code code = og_fill_check(text, err);
    if (code == OG_OK) {
        code = og_file_read(path, &self->file, err);
    }
    if (code != OG_OK) {
        return code;
    }
    self->csv = og_csv_create(og_buf_str(&self->file), separator);
    code = og_recipient_list_read(self->csv, number_column, mem, &self->head, err);
    if (code == OG_OK) {
        code = og_recipient_list_check(&self->head, text, err);
    }
    if (code == OG_OK) {
        code = count_rows(self, err);
    }
    return code == OG_OK ? begin_again(self, separator, err) : code;
}

void
og_list_file_close(struct og_list_file *self)
{
    og_csv_destroy(self->csv);
    og_buf_finish(&self->file);
}

enum og_code
og_list_file_skip(struct og_list_file *self, int64_t count, struct og_err *err)
{
    struct og_csv_record record;
    bool found = true;
    enum og_code code = OG_OK;
    for (int64_t i = 0; code == OG_OK && found && i < count; i++) {
        code = og_csv_next(self->csv, &record, &found, err);
    }
    return code;
}

/* A row with more fields than the head has no number that could be right. */
static void
write_row(const struct og_recipient_list *head, const struct og_csv_record *record,
          struct og_json_writer *w)
{
    const bool has_number =
        head->number_at < record->count && record->count <= head->column_count;
    og_json_object(w, NULL);
    og_json_add_str(w, "to", has_number ? record->fields[head->number_at] : OG_STR(""));
    og_json_add_i64(w, "line", record->line);
    og_json_object(w, "vars");
    for (size_t i = 0; i < record->count && i < head->column_count; i++) {
        if (head->columns[i].len) {
            og_json_add_str(w, head->columns[i].ptr, record->fields[i]);
        }
    }
    og_json_end(w);
    og_json_end(w);
}

enum og_code
og_list_file_write(struct og_list_file *self, struct og_json_writer *w, int *count_out,
                    struct og_err *err)
{
    struct og_csv_record record;
    bool found = true;
    enum og_code code = OG_OK;
    *count_out = 0;
    while (*count_out < PIECE_ROWS && w->out->len < PIECE_BYTES) {
        code = og_csv_next(self->csv, &record, &found, err);
        if (code != OG_OK || !found) {
            break;
        }
        write_row(&self->head, &record, w);
        ++*count_out;
    }
    return code;
}
