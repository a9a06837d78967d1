/*
 * Server and command line read heads alike, so that both take and refuse the same lists.
 */
#include "core/recipient_list.h"

#include "core/fill.h"

/* The place of the column, or the count of columns. */
static size_t
find(const struct og_recipient_list *self, size_t count, struct og_str name)
{
    size_t at = 0;
    while (at < count && !og_str_eq(self->columns[at], name)) {
        at++;
    }
    return at;
}

static bool
is_usual(struct og_str name)
{
    static const struct og_str usual[] = {{"to", 2}, {"phone", 5}, {"number", 6}};
    bool found = false;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        found |= og_str_eq_nocase(name, usual[i]);
    }
    return found;
}

static enum og_code
find_number(struct og_recipient_list *self, struct og_str asked, struct og_err *err)
{
    size_t at = asked.len ? find(self, self->column_count, asked) : 0;
    while (!asked.len && at < self->column_count && !is_usual(self->columns[at])) {
        at++;
    }
    self->number_at = at;
    if (at < self->column_count) {
        return OG_OK;
    }
    return asked.len ? og_fail(err, OG_E_UNPROCESSABLE, "to_column", "the list has no such column")
                     : og_fail(err, OG_E_UNPROCESSABLE, "to_column",
                               "the list has no column to, phone or number: say which one it is");
}

enum og_code
og_recipient_list_read(struct og_csv *csv, struct og_str number_column, struct og_arena *mem,
                       struct og_recipient_list *out, struct og_err *err)
{
    struct og_csv_record head;
    bool found;
    const enum og_code code = og_csv_next(csv, &head, &found, err);
    if (code != OG_OK) {
        return code;
    }
    if (!found) {
        return og_fail(err, OG_E_UNPROCESSABLE, "csv",
                       "the list is empty; its first line names the columns");
    }
    struct og_str *columns = OG_ARENA_ARRAY(mem, struct og_str, head.count);
    *out = (struct og_recipient_list){.columns = columns, .column_count = head.count};
    for (size_t i = 0; i < head.count; i++) {
        columns[i] = og_str_dup(mem, og_str_trim(head.fields[i]));
        if (columns[i].len && find(out, i, columns[i]) < i) {
            return og_fail(err, OG_E_UNPROCESSABLE, "csv", "line %lld: two columns have one name",
                           (long long)head.line);
        }
    }
    return find_number(out, number_column, err);
}

enum og_code
og_recipient_list_check(const struct og_recipient_list *self, struct og_str text,
                        struct og_err *err)
{
    struct og_str name;
    for (size_t at = 0; og_fill_next(text, &at, &name);) {
        if (find(self, self->column_count, name) == self->column_count) {
            return og_fail(err, OG_E_UNPROCESSABLE, "text",
                           "asks for {%" OG_STR_FMT "}, and the list has no such column",
                           OG_STR_ARG(name));
        }
    }
    return OG_OK;
}
