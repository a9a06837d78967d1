/*
 * The grammar of the statements that we want, and no more of SQL than dump programs write.
 */
#include "import/dump_reader.h"

#include <stdarg.h>
#include <stdio.h>

#define UNWANTED (-1)

/* Where a table's columns are in the rows to come. */
struct layout {
    /* Per place in a row: index of the wanted column, or UNWANTED. */
    int wanted[OG_DUMP_COLUMNS_MAX];
    int count;
};

struct dump {
    struct og_dump_lexer lexer;
    struct og_dump_token token; /* the current one */
    const struct og_dump_reader *reader;
    bool *seen;
    struct layout created[OG_DUMP_TABLES_MAX];
    struct og_arena row_mem;
    struct og_err *err;
};

static enum og_code OG_PRINTF(2, 3)
fail(struct dump *self, const char *fmt, ...)
{
    char text[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return og_fail(self->err, OG_E_INVALID, "", "line %lld: %s", (long long)self->token.line,
                   text);
}

/* ---- tokens ---- */

static enum og_code
next(struct dump *self)
{
    return og_dump_next(&self->lexer, &self->token, self->err);
}

static bool
is_sign(const struct dump *self, char sign)
{
    return self->token.kind == OG_DUMP_SIGN && self->token.sign == sign;
}

static bool
is_word(const struct dump *self, const char *word)
{
    return self->token.kind == OG_DUMP_WORD &&
           og_str_eq_nocase(self->token.text, og_str_from(word));
}

static bool
is_name(const struct dump *self)
{
    return self->token.kind == OG_DUMP_NAME || self->token.kind == OG_DUMP_WORD ||
           (self->token.kind == OG_DUMP_TEXT && self->token.is_double);
}

/* The sign must be there; goes on behind it. */
static enum og_code
expect(struct dump *self, char sign)
{
    return is_sign(self, sign) ? next(self)
                               : fail(self, "expected '%c' in this statement", sign);
}

/* To the end of the statement, which is then the current token. */
static enum og_code
skip_statement(struct dump *self)
{
    enum og_code code = OG_OK;
    self->lexer.is_skipping = true;
    while (code == OG_OK && !is_sign(self, ';') && self->token.kind != OG_DUMP_END) {
        code = next(self);
    }
    self->lexer.is_skipping = false;
    return code;
}

/* ---- names of tables and columns ---- */

/* table, or database.table: which of the wanted it is, or UNWANTED. Goes on behind it. */
static enum og_code
read_table_name(struct dump *self, int *out)
{
    enum og_code code;
    do {
        if (!is_name(self)) {
            return fail(self, "expected the name of a table");
        }
        *out = UNWANTED;
        for (size_t i = 0; i < self->reader->table_count; i++) {
            if (og_str_eq_nocase(self->token.text, og_str_from(self->reader->tables[i].name))) {
                *out = (int)i;
            }
        }
        code = next(self);
        if (code != OG_OK || !is_sign(self, '.')) {
            return code;
        }
        code = next(self);
    } while (code == OG_OK);
    return code;
}

static enum og_code
add_column(struct dump *self, size_t table, struct layout *layout)
{
    const char *const *columns = self->reader->tables[table].columns;
    int wanted = UNWANTED;
    if (layout->count == OG_DUMP_COLUMNS_MAX) {
        return fail(self, "a table with more than %d columns", OG_DUMP_COLUMNS_MAX);
    }
    for (int i = 0; i < OG_DUMP_WANTED_MAX && columns[i]; i++) {
        if (og_str_eq_nocase(self->token.text, og_str_from(columns[i]))) {
            wanted = i;
        }
    }
    layout->wanted[layout->count++] = wanted;
    return OG_OK;
}

/* ---- CREATE TABLE ---- */

/* Does this word begin something other than a column? */
static bool
is_constraint(const struct dump *self)
{
    static const char *const words[] = {"PRIMARY", "KEY",     "UNIQUE",  "INDEX", "FULLTEXT",
                                        "SPATIAL", "FOREIGN", "CONSTRAINT", "CHECK", "PERIOD"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(self, words[i])) {
            return true;
        }
    }
    return false;
}

/* To the comma or bracket that ends this definition. */
static enum og_code
skip_definition(struct dump *self)
{
    int depth = 0;
    enum og_code code = OG_OK;
    self->lexer.is_skipping = true;
    while (code == OG_OK && self->token.kind != OG_DUMP_END) {
        if (depth == 0 && (is_sign(self, ',') || is_sign(self, ')'))) {
            break;
        }
        depth += is_sign(self, '(');
        depth -= is_sign(self, ')');
        code = next(self);
    }
    self->lexer.is_skipping = false;
    return code;
}

static enum og_code
read_definitions(struct dump *self, size_t table)
{
    struct layout *layout = &self->created[table];
    do {
        enum og_code code = next(self); /* behind '(' or ',' */
        if (code == OG_OK && !is_constraint(self)) {
            code = is_name(self) ? add_column(self, table, layout)
                                 : fail(self, "expected the name of a column");
        }
        if (code == OG_OK) {
            code = skip_definition(self);
        }
        if (code != OG_OK) {
            return code;
        }
    } while (is_sign(self, ','));
    return expect(self, ')');
}

/* Behind CREATE. */
static enum og_code
read_create(struct dump *self)
{
    static const char *const between[] = {"TABLE", "IF", "NOT", "EXISTS"};
    int table;
    if (!is_word(self, "TABLE")) {
        return OG_OK; /* a view, a function */
    }
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
        enum og_code code = is_word(self, between[i]) ? next(self) : OG_OK;
        if (code != OG_OK) {
            return code;
        }
    }
    enum og_code code = read_table_name(self, &table);
    if (code != OG_OK || table == UNWANTED) {
        return code;
    }
    if (self->seen[table]) {
        return fail(self, "the table %s is created a second time: dump one database only",
                    self->reader->tables[table].name);
    }
    self->seen[table] = true;
    return is_sign(self, '(') ? read_definitions(self, (size_t)table)
                              : fail(self, "expected '(' in this statement");
}

/* ---- INSERT ---- */

/* One constant; kept when it is wanted. Goes on behind it. */
static enum og_code
read_value(struct dump *self, struct og_dump_value *out)
{
    char sign = is_sign(self, '-') || is_sign(self, '+') ? self->token.sign : '\0';
    enum og_code code = sign ? next(self) : OG_OK;
    if (code == OG_OK && self->token.kind == OG_DUMP_WORD) { /* NULL, or _utf8mb4 'text' */
        bool is_null = is_word(self, "NULL");
        code = next(self);
        if (code != OG_OK || is_null) {
            return code;
        }
    }
    if (code != OG_OK) {
        return code;
    }
    bool is_constant = self->token.kind == OG_DUMP_NUMBER ||
                       (self->token.kind == OG_DUMP_TEXT && sign == '\0');
    if (!is_constant) {
        return fail(self, "expected a constant value");
    }
    if (out) {
        out->is_null = false;
        out->text = sign == '-' ? og_str_printf(&self->row_mem, "-%" OG_STR_FMT,
                                                OG_STR_ARG(self->token.text))
                                : og_str_dup(&self->row_mem, self->token.text);
    }
    return next(self);
}

/* (value, ...) to the handler. */
static enum og_code
read_row(struct dump *self, size_t table, const struct layout *layout)
{
    struct og_dump_value values[OG_DUMP_WANTED_MAX];
    struct og_dump_row row = {.table = table, .line = self->token.line, .values = values};
    int count = 0;
    for (int i = 0; i < OG_DUMP_WANTED_MAX; i++) {
        values[i] = (struct og_dump_value){.is_null = true, .text = OG_STR("")};
    }
    og_arena_reset(&self->row_mem);
    if (!is_sign(self, '(')) {
        return fail(self, "expected '(' before a row of %s", self->reader->tables[table].name);
    }
    do {
        int wanted = count < layout->count ? layout->wanted[count] : UNWANTED;
        self->lexer.is_skipping = wanted == UNWANTED;
        enum og_code code = next(self);
        self->lexer.is_skipping = false;
        if (code == OG_OK) {
            code = read_value(self, wanted == UNWANTED ? NULL : &values[wanted]);
        }
        if (code != OG_OK) {
            return code;
        }
        count++;
    } while (is_sign(self, ','));
    if (count != layout->count) {
        return fail(self, "a row of %s has %d values for %d columns",
                    self->reader->tables[table].name, count, layout->count);
    }
    enum og_code code = expect(self, ')');
    return code == OG_OK ? self->reader->on_row(self->reader->ctx, &row, self->err) : code;
}

/* (`id`, `name`) if it is there. */
static enum og_code
read_column_list(struct dump *self, size_t table, struct layout *layout)
{
    *layout = self->created[table];
    if (!is_sign(self, '(')) {
        return OG_OK;
    }
    layout->count = 0;
    do {
        enum og_code code = next(self);
        if (code == OG_OK) {
            code = is_name(self) ? add_column(self, table, layout)
                                 : fail(self, "expected the name of a column");
        }
        if (code == OG_OK) {
            code = next(self);
        }
        if (code != OG_OK) {
            return code;
        }
    } while (is_sign(self, ','));
    return expect(self, ')');
}

static enum og_code
read_rows(struct dump *self, size_t table, const struct layout *layout)
{
    enum og_code code;
    if (layout->count == 0) {
        return fail(self, "rows of %s without their columns: the dump needs CREATE TABLE or "
                          "--complete-insert", self->reader->tables[table].name);
    }
    do {
        code = next(self); /* behind VALUES or ',' */
        if (code == OG_OK) {
            code = read_row(self, table, layout);
        }
    } while (code == OG_OK && is_sign(self, ','));
    return code;
}

/* Behind INSERT or REPLACE. */
static enum og_code
read_insert(struct dump *self)
{
    static const char *const between[] = {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE",
                                          "INTO"};
    struct layout layout;
    int table = UNWANTED;
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < sizeof between / sizeof between[0]; i++) {
        code = is_word(self, between[i]) ? next(self) : OG_OK;
    }
    if (code == OG_OK) {
        code = read_table_name(self, &table);
    }
    if (code != OG_OK || table == UNWANTED) {
        return code;
    }
    code = read_column_list(self, (size_t)table, &layout);
    if (code != OG_OK) {
        return code;
    }
    return is_word(self, "VALUES") || is_word(self, "VALUE")
               ? read_rows(self, (size_t)table, &layout)
               : fail(self, "expected VALUES in this statement");
}

/* ---- statements ---- */

/* Triggers and functions stand between DELIMITER ;; and DELIMITER ; each on a line of its own. */
static enum og_code
skip_delimited(struct dump *self)
{
    struct og_str line;
    bool has_ended = false;
    enum og_code code = og_dump_line(&self->lexer, &line, &has_ended, self->err);
    bool is_usual = code == OG_OK && og_str_eq(line, OG_STR(";"));
    while (code == OG_OK && !is_usual && !has_ended) {
        code = og_dump_line(&self->lexer, &line, &has_ended, self->err);
        is_usual = code == OG_OK && og_str_starts(line, OG_STR("DELIMITER")) &&
                   og_str_eq(og_str_trim(og_str_slice(line, 9, line.len)), OG_STR(";"));
    }
    self->token =
        (struct og_dump_token){.kind = OG_DUMP_SIGN, .sign = ';', .line = self->lexer.line};
    return code;
}

/* From its first token to the one that ends it. */
static enum og_code
read_statement(struct dump *self)
{
    enum og_code code = OG_OK;
    if (is_word(self, "DELIMITER")) {
        return skip_delimited(self);
    }
    if (is_word(self, "CREATE")) {
        code = next(self);
        code = code == OG_OK ? read_create(self) : code;
    } else if (is_word(self, "INSERT") || is_word(self, "REPLACE")) {
        code = next(self);
        code = code == OG_OK ? read_insert(self) : code;
    }
    if (code == OG_OK) {
        code = skip_statement(self);
    }
    return code == OG_OK && self->token.kind == OG_DUMP_END
               ? fail(self, "the dump ends in the middle of a statement")
               : code;
}

enum og_code
og_dump_read(const struct og_dump_source *source, const struct og_dump_reader *reader,
                 bool seen_out[OG_DUMP_TABLES_MAX], struct og_err *err)
{
    struct og_err local = {0};
    struct dump self = {.reader = reader, .seen = seen_out, .err = err ? err : &local};
    memset(seen_out, 0, OG_DUMP_TABLES_MAX * sizeof *seen_out);
    og_dump_lexer_init(&self.lexer, source);
    og_arena_init(&self.row_mem, 0);
    enum og_code code = next(&self);
    while (code == OG_OK && self.token.kind != OG_DUMP_END) {
        code = read_statement(&self);
        if (code == OG_OK) {
            code = next(&self); /* behind its ';' */
        }
    }
    og_arena_finish(&self.row_mem);
    og_dump_lexer_finish(&self.lexer);
    return code;
}
