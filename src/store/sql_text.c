/*
 * Dialect words and scripts. A statement ends where a line ends with `;`, which needs no SQL parser
 * and is all that our own schema files ask for.
 */
#include "store/sql_text.h"

#include "base/buf.h"

#define SQL_MAX_BYTES (1024 * 1024)

static const struct og_sql_word *
word_at(struct og_str rest, const struct og_sql_word *words, int word_count)
{
    for (int i = 0; i < word_count; i++) {
        if (og_str_starts(rest, og_str_from(words[i].word))) {
            return &words[i];
        }
    }
    return NULL;
}

const char *
og_sql_translate(struct og_arena *mem, struct og_str sql, const struct og_sql_word *words,
                 int word_count)
{
    struct og_buf out;
    og_buf_init(&out, SQL_MAX_BYTES);
    while (sql.len > 0) {
        size_t brace = og_str_find(sql, '{');
        og_buf_add(&out, og_str_slice(sql, 0, brace));
        sql = og_str_slice(sql, brace, sql.len);
        if (sql.len == 0) {
            break;
        }
        const struct og_sql_word *found = word_at(sql, words, word_count);
        og_buf_add_cstr(&out, found ? found->text : "{");
        sql = og_str_slice(sql, found ? strlen(found->word) : 1, sql.len);
    }
    const char *text = og_str_cstr(mem, og_buf_str(&out));
    og_buf_finish(&out);
    return text;
}

static bool
is_end_of_line(struct og_str rest)
{
    size_t i = 0;
    while (i < rest.len && (rest.ptr[i] == ' ' || rest.ptr[i] == '\t' || rest.ptr[i] == '\r')) {
        i++;
    }
    return i == rest.len || rest.ptr[i] == '\n';
}

bool
og_sql_next(struct og_str *script, struct og_str *statement)
{
    struct og_str rest = *script;
    while (rest.len > 0 && strchr(" \t\r\n", rest.ptr[0])) {
        rest = og_str_slice(rest, 1, rest.len);
    }
    size_t end = 0;
    while (end < rest.len) {
        end += og_str_find(og_str_slice(rest, end, rest.len), ';');
        if (end == rest.len || is_end_of_line(og_str_slice(rest, end + 1, rest.len))) {
            break;
        }
        end++;
    }
    *statement = og_str_slice(rest, 0, end);
    *script = og_str_slice(rest, end + 1, rest.len);
    return rest.len > 0;
}
