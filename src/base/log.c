/*
 * The log. A line is composed on the stack and leaves with one write(), so lines of different
 * threads never mix and logging takes no lock and no memory. The fields that callers print as
 * key=value are parsed again for JSON. Everything that could move a terminal is escaped.
 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_BYTES 4096
#define TAIL_BYTES 4 /* kept free for what closes a line */
#define FIELDS_BYTES 3072
#define REQUEST_BYTES 64
#define QUOTE_COUNT 8
#define QUOTE_IN_BYTES 200
#define QUOTE_OUT_BYTES (QUOTE_IN_BYTES * 6 + 3) /* every byte as \u00XX, two quotes, NUL */

struct level_row {
    const char *word;
    const char *padded;
    const char *colour;
};

static const struct level_row level_rows[] = {
    [OG_LOG_DEBUG] = {"debug", "DEBUG", "\033[2m"},
    [OG_LOG_INFO] = {"info", "INFO ", "\033[32m"},
    [OG_LOG_WARN] = {"warn", "WARN ", "\033[33m"},
    [OG_LOG_ERROR] = {"error", "ERROR", "\033[31m"},
};

static struct og_log_config setup = {OG_LOG_INFO, OG_LOG_TEXT, false, 2};
static _Atomic int lowest_level = OG_LOG_INFO;
static _Thread_local char thread_request[REQUEST_BYTES];

struct line {
    size_t len;
    bool cut; /* something did not fit */
    char bytes[LINE_BYTES];
};

void
og_log_setup(const struct og_log_config *config)
{
    setup = *config;
    og_log_set_level(config->level);
}

void
og_log_set_level(enum og_log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

bool
og_log_enabled(enum og_log_level level)
{
    return (int)level >= atomic_load_explicit(&lowest_level, memory_order_relaxed);
}

void
og_log_set_request(struct og_str request_id)
{
    size_t len = request_id.len < REQUEST_BYTES ? request_id.len : REQUEST_BYTES - 1;
    if (len > 0) {
        memcpy(thread_request, request_id.ptr, len);
    }
    thread_request[len] = '\0';
}

/* Writing into a line */

static void
put(struct line *line, struct og_str bytes)
{
    if (bytes.len > LINE_BYTES - TAIL_BYTES - line->len) {
        line->cut = true;
    } else if (bytes.len > 0 && !line->cut) {
        memcpy(line->bytes + line->len, bytes.ptr, bytes.len);
        line->len += bytes.len;
    }
}

static void
put_tail(struct line *line, struct og_str bytes)
{
    memcpy(line->bytes + line->len, bytes.ptr, bytes.len);
    line->len += bytes.len;
}

/* One code point as JSON writes it; `out` has 13 bytes. Only printable ASCII stays as it is. */
static size_t
escape_point(uint32_t point, char *out)
{
    if (point == '"' || point == '\\') {
        out[0] = '\\';
        out[1] = (char)point;
        return 2;
    }
    if (point >= 0x20 && point < 0x7F) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x10000) {
        return (size_t)snprintf(out, 13, "\\u%04x", (unsigned)point);
    }
    unsigned rest = point - 0x10000;
    return (size_t)snprintf(out, 13, "\\u%04x\\u%04x", 0xD800 + (rest >> 10),
                            0xDC00 + (rest & 0x3FF));
}

/* A byte that is not UTF-8 becomes U+FFFD. */
static size_t
take_point(struct og_str text, size_t at, uint32_t *out)
{
    size_t step = og_utf8_next((struct og_str){text.ptr + at, text.len - at}, out);
    if (step == 0) {
        *out = 0xFFFD;
        return 1;
    }
    return step;
}

/* keep_quotes: for people, so that the escapes of og_log_quote are not doubled. */
static void
put_safe(struct line *line, struct og_str text, bool keep_quotes)
{
    size_t at = 0;
    while (at < text.len && !line->cut) {
        uint32_t point;
        at += take_point(text, at, &point);
        char escaped[13] = {(char)point};
        bool is_kept = keep_quotes && (point == '"' || point == '\\');
        put(line, (struct og_str){escaped, is_kept ? 1 : escape_point(point, escaped)});
    }
}

static void
put_escaped(struct line *line, struct og_str text)
{
    put_safe(line, text, false);
}

static void
put_visible(struct line *line, struct og_str text)
{
    put_safe(line, text, true);
}

const char *
og_log_quote(struct og_str value)
{
    static _Thread_local char buffers[QUOTE_COUNT][QUOTE_OUT_BYTES];
    static _Thread_local unsigned turn;
    char *out = buffers[turn++ % QUOTE_COUNT];
    struct og_str kept = og_str_slice(value, 0, QUOTE_IN_BYTES);
    size_t len = 0, at = 0;
    out[len++] = '"';
    while (at < kept.len) {
        uint32_t point;
        at += take_point(kept, at, &point);
        len += escape_point(point, out + len);
    }
    out[len++] = '"';
    out[len] = '\0';
    return out;
}

/* Taking the printed fields apart */

struct pair {
    struct og_str key;
    struct og_str value; /* with its quotes, if it has them */
};

/* Length of a quoted value with both quotes, 0 when the closing one is missing. */
static size_t
quoted_len(struct og_str text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '\\') {
            i++;
        } else if (text.ptr[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/* A word without `=` becomes the value of "note". */
static bool
take_pair(struct og_str *rest, struct pair *out)
{
    *rest = og_str_trim(*rest);
    if (rest->len == 0) {
        return false;
    }
    size_t word_len = og_str_find(*rest, ' ');
    size_t key_len = og_str_find(og_str_slice(*rest, 0, word_len), '=');
    if (key_len == word_len) {
        *out = (struct pair){OG_STR("note"), og_str_slice(*rest, 0, word_len)};
        *rest = og_str_slice(*rest, word_len, rest->len);
        return true;
    }
    struct og_str value = og_str_slice(*rest, key_len + 1, rest->len);
    size_t value_len = value.len > 0 && value.ptr[0] == '"' ? quoted_len(value) : 0;
    value_len = value_len > 0 ? value_len : og_str_find(value, ' ');
    *out = (struct pair){og_str_slice(*rest, 0, key_len), og_str_slice(value, 0, value_len)};
    *rest = og_str_slice(value, value_len, value.len);
    return true;
}

static size_t
digit_run(struct og_str text, size_t from)
{
    size_t at = from;
    while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') {
        at++;
    }
    return at - from;
}

/* A JSON number of modest length; 007 and 1e9 are words. */
static bool
is_number(struct og_str text)
{
    size_t at = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    size_t whole = digit_run(text, at);
    if (whole == 0 || whole > 15 || (whole > 1 && text.ptr[at] == '0')) {
        return false;
    }
    at += whole;
    if (at == text.len) {
        return true;
    }
    size_t fraction = text.ptr[at] == '.' ? digit_run(text, at + 1) : 0;
    return fraction > 0 && fraction <= 15 && at + 1 + fraction == text.len;
}

/* og_log_quote wrote JSON already, if nothing else stands between the quotes. */
static bool
is_quoted(struct og_str value)
{
    if (value.len < 2 || value.ptr[0] != '"' || quoted_len(value) != value.len) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c < 0x20 || c >= 0x7F) {
            return false;
        }
        if (c == '\\' && !strchr("\"\\u", value.ptr[++i])) {
            return false;
        }
    }
    return true;
}

/* A member that does not fit is left out whole, so that the line stays JSON. */
static void
put_member(struct line *line, struct og_str key, struct og_str value, bool as_text)
{
    size_t len_before = line->len;
    put(line, line->len > 1 ? OG_STR(",\"") : OG_STR("\""));
    put_escaped(line, key);
    put(line, OG_STR("\":"));
    if (!as_text && (is_number(value) || is_quoted(value))) {
        put(line, value);
    } else {
        put(line, OG_STR("\""));
        put_escaped(line, value);
        put(line, OG_STR("\""));
    }
    if (line->cut) {
        line->len = len_before;
        line->cut = false;
    }
}

/* The two forms */

struct event {
    enum og_log_level level;
    const char *room;
    const char *message;
    struct og_str fields;
    char time[OG_TIME_TEXT_BYTES];
};

static void
compose_json(struct line *line, const struct event *event)
{
    put(line, OG_STR("{"));
    put_member(line, OG_STR("time"), og_str_from(event->time), true);
    put_member(line, OG_STR("level"), og_str_from(level_rows[event->level].word), true);
    put_member(line, OG_STR("room"), og_str_from(event->room), true);
    put_member(line, OG_STR("message"), og_str_from(event->message), true);
    if (thread_request[0]) {
        put_member(line, OG_STR("request"), og_str_from(thread_request), true);
    }
    struct og_str rest = event->fields;
    struct pair pair;
    while (take_pair(&rest, &pair)) {
        put_member(line, pair.key, pair.value, false);
    }
    put_tail(line, OG_STR("}\n"));
}

static void
compose_text(struct line *line, const struct event *event)
{
    const struct level_row *level = &level_rows[event->level];
    put(line, og_str_from(event->time));
    put(line, OG_STR(" "));
    put(line, og_str_from(setup.colour ? level->colour : ""));
    put(line, og_str_from(level->padded));
    put(line, og_str_from(setup.colour ? "\033[0m" : ""));
    put(line, OG_STR(" "));
    put_visible(line, og_str_from(event->room));
    put(line, OG_STR(": "));
    put_visible(line, og_str_from(event->message));
    if (event->fields.len > 0) {
        put(line, OG_STR(" "));
        put_visible(line, event->fields);
    }
    if (thread_request[0]) {
        put(line, OG_STR(" request="));
        put_visible(line, og_str_from(thread_request));
    }
    put_tail(line, line->cut ? OG_STR("...\n") : OG_STR("\n"));
}

void
og_log(enum og_log_level level, const char *room, const char *message, const char *fields, ...)
{
    if (!og_log_enabled(level)) {
        return;
    }
    char printed[FIELDS_BYTES];
    va_list args;
    va_start(args, fields);
    int len = vsnprintf(printed, sizeof(printed), fields, args);
    va_end(args);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof(printed) ? (size_t)len : sizeof(printed) - 1;

    struct event event = {level, room, message, {printed, kept}, ""};
    og_time_format(og_now_ms(og_clock_system()), event.time);
    struct line line;
    line.len = 0;
    line.cut = false;
    if (setup.format == OG_LOG_JSON) {
        compose_json(&line, &event);
    } else {
        compose_text(&line, &event);
    }
    ssize_t ignored = write(setup.fd, line.bytes, line.len);
    (void)ignored; /* there is nowhere to say that the log is broken */
}

bool
og_log_limit_pass(struct og_log_limit *self, int64_t every_ms, int64_t *held_out)
{
    int64_t now_ms = og_mono_ms(og_clock_system());
    int64_t next_at_ms = atomic_load_explicit(&self->next_at_ms, memory_order_relaxed);
    if (now_ms < next_at_ms ||
        !atomic_compare_exchange_strong(&self->next_at_ms, &next_at_ms, now_ms + every_ms)) {
        atomic_fetch_add_explicit(&self->held_count, 1, memory_order_relaxed);
        return false;
    }
    *held_out = atomic_exchange_explicit(&self->held_count, 0, memory_order_relaxed);
    return true;
}
