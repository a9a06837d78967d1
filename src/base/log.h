/*
 * The log: one line per event on standard error, key=value for people or JSON for machines.
 *
 * A line has time, level, room, message and fields. Never put a code, credential, message text or
 * whole phone number in a line: there is og_phone_mask in core for numbers. Any thread may log; a
 * line is written with one write() call and never interleaves. Control characters are escaped.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum og_log_level { OG_LOG_DEBUG, OG_LOG_INFO, OG_LOG_WARN, OG_LOG_ERROR };
enum og_log_format { OG_LOG_TEXT, OG_LOG_JSON };

struct og_log_config {
    enum og_log_level level;
    enum og_log_format format;
    bool colour; /* only set on a terminal */
    int fd;      /* usually 2 */
};

/* Once, before other threads start. Without it: info, text, no colour, fd 2. */
void og_log_setup(const struct og_log_config *config);
/* A new level while the program runs. Any thread. */
void og_log_set_level(enum og_log_level level);
bool og_log_enabled(enum og_log_level level);

/*
 * room     "http", "lane", ...: the folder under src
 * message  a short fixed sentence
 * fields   printf format of `key=value` pairs separated by one space, or "" for none. Write a value
 *          that may hold spaces or foreign bytes as key=%s with og_log_quote around it.
 *          In JSON each pair becomes a member; the request id of the thread is added by itself.
 */
void og_log(enum og_log_level level, const char *room, const char *message, const char *fields, ...)
    OG_PRINTF(4, 5);

/* Quote and escape a foreign value for a log field: `"..."`, at most 200 bytes of it, ASCII only.
 * Returns one of eight per-thread buffers, so use it only as an argument of og_log. */
const char *og_log_quote(struct og_str value);

/* The request id that lines of this thread carry, "" for none. Copied, at most 63 bytes. */
void og_log_set_request(struct og_str request_id);

#define og_log_debug(...)                                                                         \
    (og_log_enabled(OG_LOG_DEBUG) ? og_log(OG_LOG_DEBUG, __VA_ARGS__) : (void)0)
#define og_log_info(...) og_log(OG_LOG_INFO, __VA_ARGS__)
#define og_log_warn(...) og_log(OG_LOG_WARN, __VA_ARGS__)
#define og_log_error(...) og_log(OG_LOG_ERROR, __VA_ARGS__)

/*
 * A gate for lines that a broken neighbour would repeat: at most one in `every_ms` passes and says
 * how many were held back. Thread-safe. Keep it in static storage, zeroed.
 */
struct og_log_limit {
    _Atomic int64_t next_at_ms;
    _Atomic int64_t held_count;
};
/* True when the line may be written; *held_out is the number of lines since the last one. */
bool og_log_limit_pass(struct og_log_limit *self, int64_t every_ms, int64_t *held_out);
