/*
 * Values as text and back, one pair of functions a type. A complaint continues the sentence that
 * begins with the option's name, and never repeats the value of a secret.
 */
#include <stdarg.h>

#include "base/log.h"
#include "config/option.h"

#define SHOWN_BYTES 40
#define MUST_BYTES 100

bool
og_value_refuse(const struct og_value *value, const char *fmt, ...)
{
    char must[MUST_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(must, sizeof(must), fmt, args);
    va_end(args);
    if (value->option->is_secret) {
        snprintf(value->complaint, OG_COMPLAINT_BYTES, "must be %s", must);
    } else {
        const char *shown = og_log_quote(og_str_slice(value->text, 0, SHOWN_BYTES));
        snprintf(value->complaint, OG_COMPLAINT_BYTES, "is %s, but must be %s", shown, must);
    }
    return false;
}

/* `is 601s, but must be between 60s and 600s`, both in the unit of the type. */
static bool
refuse_range(const struct og_value *value, int64_t number,
             void (*put)(struct og_buf *out, int64_t number))
{
    struct og_buf text;
    og_buf_init(&text, OG_COMPLAINT_BYTES - 1);
    og_buf_add_cstr(&text, "is ");
    put(&text, number);
    og_buf_add_cstr(&text, ", but must be between ");
    put(&text, value->option->min);
    og_buf_add_cstr(&text, " and ");
    put(&text, value->option->max);
    snprintf(value->complaint, OG_COMPLAINT_BYTES, "%s", text.ptr);
    og_buf_finish(&text);
    return false;
}

static bool
is_in_range(const struct og_option *option, int64_t number)
{
    return number >= option->min && number <= option->max;
}

/* Booleans and words */

static const struct {
    const char *word;
    bool value;
} bool_words[] = {
    {"true", true}, {"false", false}, {"yes", true}, {"no", false},
    {"on", true},   {"off", false},   {"1", true},   {"0", false},
};

static bool
set_bool(const struct og_value *value)
{
    for (size_t i = 0; i < sizeof(bool_words) / sizeof(bool_words[0]); i++) {
        if (og_str_eq(value->text, og_str_from(bool_words[i].word))) {
            *(bool *)value->at = bool_words[i].value;
            return true;
        }
    }
    return og_value_refuse(value, "true or false");
}

static void
put_words(struct og_buf *out, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        og_buf_printf(out, "%s%s", between, words[i]);
    }
}

static bool
set_word(const struct og_value *value)
{
    const char *const *words = value->option->words;
    for (int i = 0; words[i]; i++) {
        if (og_str_eq(value->text, og_str_from(words[i]))) {
            *(int *)value->at = i;
            return true;
        }
    }
    struct og_buf all;
    og_buf_init(&all, OG_COMPLAINT_BYTES - 1);
    put_words(&all, words);
    og_value_refuse(value, "%s", all.ptr);
    og_buf_finish(&all);
    return false;
}

/* Numbers with and without a unit */

static bool
set_int(const struct og_value *value)
{
    int64_t number;
    if (!og_str_to_i64(value->text, &number)) {
        return og_value_refuse(value, "a whole number");
    }
    if (!is_in_range(value->option, number)) {
        return refuse_range(value, number, og_buf_add_i64);
    }
    *(int *)value->at = (int)number;
    return true;
}

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit time_units[] = {
    {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

static const struct unit size_units[] = {
    {"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
};

/* Digits, then one of the units; not negative. */
static bool
read_with_unit(struct og_str text, const struct unit *units, size_t count, int64_t *out)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
        digits++;
    }
    int64_t number;
    if (!og_str_to_i64(og_str_slice(text, 0, digits), &number)) {
        return false;
    }
    struct og_str unit = og_str_slice(text, digits, text.len);
    for (size_t i = 0; i < count; i++) {
        if (og_str_eq(unit, og_str_from(units[i].name))) {
            return !__builtin_mul_overflow(number, units[i].factor, out);
        }
    }
    return false;
}

bool
og_value_duration(struct og_str text, int64_t *out_ms)
{
    return read_with_unit(text, time_units, sizeof(time_units) / sizeof(time_units[0]), out_ms);
}

/* In the unit that people would use: seconds up to ten minutes, and whole larger units after. */
void
og_value_put_duration(struct og_buf *out, int64_t ms)
{
    const struct unit *unit = &time_units[1];
    if (ms == 0 || ms % 1000 == 0) {
        unit = &time_units[2];
        for (size_t i = 3; i < sizeof(time_units) / sizeof(time_units[0]); i++) {
            bool is_many = ms > 600000 && ms >= time_units[i].factor * (i == 5 ? 2 : 1);
            if (is_many && ms % time_units[i].factor == 0) {
                unit = &time_units[i];
            }
        }
    }
    og_buf_add_i64(out, ms / unit->factor);
    og_buf_add_cstr(out, unit->name);
}

bool
og_value_check_duration(const struct og_value *value, int64_t ms)
{
    return is_in_range(value->option, ms) || refuse_range(value, ms, og_value_put_duration);
}

static bool
set_duration(const struct og_value *value)
{
    int64_t ms;
    if (!og_value_duration(value->text, &ms)) {
        return og_value_refuse(value, "a time such as 500ms, 30s, 5m or 24h");
    }
    *(int64_t *)value->at = ms;
    return og_value_check_duration(value, ms);
}

static void
put_size(struct og_buf *out, int64_t bytes)
{
    const struct unit *unit = &size_units[0];
    for (size_t i = 2; i < sizeof(size_units) / sizeof(size_units[0]); i++) {
        if (bytes > 0 && bytes % size_units[i].factor == 0) {
            unit = &size_units[i];
        }
    }
    og_buf_add_i64(out, bytes / unit->factor);
    og_buf_add_cstr(out, unit->name);
}

static bool
set_size(const struct og_value *value)
{
    int64_t bytes;
    size_t unit_count = sizeof(size_units) / sizeof(size_units[0]);
    if (!read_with_unit(value->text, size_units, unit_count, &bytes)) {
        return og_value_refuse(value, "a size such as 16384, 16KiB or 1MiB");
    }
    *(int64_t *)value->at = bytes;
    return is_in_range(value->option, bytes) || refuse_range(value, bytes, put_size);
}

/* Texts */

static bool
has_control(struct og_str text, bool allow_line_feed)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && !(allow_line_feed && c == '\n')) || c == 0x7F) {
            return true;
        }
    }
    return false;
}

bool
og_value_copy_text(const struct og_value *value, struct og_str text, const char **out)
{
    const struct og_option *option = value->option;
    if (has_control(text, option->type == OG_OPTION_LINES) || !og_str_is_utf8(text)) {
        return og_value_refuse(value, "text without control characters");
    }
    const char *must = option->check ? option->check(text) : NULL;
    if (must) {
        return og_value_refuse(value, "%s", must);
    }
    *out = og_str_cstr(value->mem, text);
    return true;
}

static bool
set_text(const struct og_value *value)
{
    if ((int64_t)value->text.len > value->option->max) {
        snprintf(value->complaint, OG_COMPLAINT_BYTES, "has %zu bytes, but may have at most %lld",
                 value->text.len, (long long)value->option->max);
        return false;
    }
    return og_value_copy_text(value, value->text, value->at);
}

void
og_value_put_text(struct og_buf *out, const char *text)
{
    og_buf_add_byte(out, '"');
    for (; *text; text++) {
        if (*text == '\n') {
            og_buf_add_cstr(out, "\\n");
        } else {
            og_buf_add_cstr(out, *text == '"' || *text == '\\' ? "\\" : "");
            og_buf_add_byte(out, *text);
        }
    }
    og_buf_add_byte(out, '"');
}

static bool (*const setters[])(const struct og_value *value) = {
    [OG_OPTION_BOOL] = set_bool,
    [OG_OPTION_INT] = set_int,
    [OG_OPTION_DURATION] = set_duration,
    [OG_OPTION_SIZE] = set_size,
    [OG_OPTION_TEXT] = set_text,
    [OG_OPTION_LINES] = set_text,
    [OG_OPTION_WORD] = set_word,
    [OG_OPTION_LISTENS] = og_value_set_listens,
    [OG_OPTION_TEXTS] = og_value_set_texts,
    [OG_OPTION_DURATIONS] = og_value_set_durations,
};

bool
og_option_set(const struct og_option *option, struct og_str text, struct og_config *self,
              char complaint[OG_COMPLAINT_BYTES])
{
    struct og_value value = {option, text, &self->mem, (char *)self + option->offset, complaint};
    return setters[option->type](&value);
}

static void
put_quoted(struct og_buf *out, int64_t number, void (*put)(struct og_buf *out, int64_t number))
{
    og_buf_add_byte(out, '"');
    put(out, number);
    og_buf_add_byte(out, '"');
}

void
og_option_format(const struct og_option *option, const struct og_config *self, struct og_buf *out)
{
    const void *at = (const char *)self + option->offset;
    switch (option->type) {
    case OG_OPTION_BOOL:
        og_buf_add_cstr(out, *(const bool *)at ? "true" : "false");
        break;
    case OG_OPTION_INT:
        og_buf_add_i64(out, *(const int *)at);
        break;
    case OG_OPTION_DURATION:
        put_quoted(out, *(const int64_t *)at, og_value_put_duration);
        break;
    case OG_OPTION_SIZE:
        put_quoted(out, *(const int64_t *)at, put_size);
        break;
    case OG_OPTION_TEXT:
    case OG_OPTION_LINES:
        og_value_put_text(out, *(const char *const *)at);
        break;
    case OG_OPTION_WORD:
        og_value_put_text(out, option->words[*(const int *)at]);
        break;
    case OG_OPTION_LISTENS:
        og_value_put_listens(out, at);
        break;
    case OG_OPTION_TEXTS:
        og_value_put_texts(out, at);
        break;
    case OG_OPTION_DURATIONS:
        og_value_put_durations(out, at);
        break;
    }
}

static void
put_range(struct og_buf *out, const struct og_option *option,
          void (*put)(struct og_buf *out, int64_t number))
{
    put(out, option->min);
    og_buf_add_cstr(out, " to ");
    put(out, option->max);
}

void
og_option_range(const struct og_option *option, struct og_buf *out)
{
    switch (option->type) {
    case OG_OPTION_BOOL:
        og_buf_add_cstr(out, "true or false");
        break;
    case OG_OPTION_INT:
        put_range(out, option, og_buf_add_i64);
        break;
    case OG_OPTION_DURATION:
        put_range(out, option, og_value_put_duration);
        break;
    case OG_OPTION_DURATIONS:
        og_buf_add_cstr(out, "each ");
        put_range(out, option, og_value_put_duration);
        break;
    case OG_OPTION_SIZE:
        put_range(out, option, put_size);
        break;
    case OG_OPTION_WORD:
        put_words(out, option->words);
        break;
    case OG_OPTION_LISTENS:
    case OG_OPTION_TEXTS:
        og_buf_printf(out, "at most %lld entries", (long long)option->max);
        break;
    case OG_OPTION_TEXT:
    case OG_OPTION_LINES:
        break;
    }
}
