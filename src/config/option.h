/*
 * The table of options, and values as text. Inside config; others need it only to name an option.
 */
#pragma once

#include "base/buf.h"
#include "config/config.h"

/* What the value is in struct og_config, and how it is written. */
enum og_option_type {
    OG_OPTION_BOOL,      /* bool: true, false, yes, no, on, off, 1, 0 */
    OG_OPTION_INT,       /* int between min and max */
    OG_OPTION_DURATION,  /* int64_t ms: 500ms, 30s, 5m, 24h, 7d, or whole seconds */
    OG_OPTION_SIZE,      /* int64_t bytes: 16384, 16KiB, 1MiB, 1GiB */
    OG_OPTION_TEXT,      /* const char *, at most max bytes, no control characters */
    OG_OPTION_LINES,     /* the same, but may have line feeds */
    OG_OPTION_WORD,      /* int, the index into words */
    OG_OPTION_LISTENS,   /* struct og_config_listens, min to max entries */
    OG_OPTION_TEXTS,     /* struct og_config_texts, min to max entries */
    OG_OPTION_DURATIONS, /* struct og_config_durations; min and max hold for each */
};

struct og_option {
    const char *name; /* section.word */
    enum og_option_type type;
    size_t offset;        /* in struct og_config */
    const char *fallback; /* the default, as it would be written */
    int64_t min, max;     /* in the unit of the type */
    const char *const *words; /* ended by NULL */
    const char *(*check)(struct og_str value); /* what a text must be, NULL when it is that */
    bool is_reloadable;
    bool is_secret;  /* never shown */
    bool is_unflagged; /* no flag: other users of the machine can read the command line */
    const char *help; /* one sentence */
};

extern const struct og_option og_options[];
extern const int og_option_count;

/* NULL when there is none. */
const struct og_option *og_option_find(struct og_str name);
/* The nearest name by edits, NULL when none is near. */
const char *og_option_hint(struct og_str name);
/* Single-character edits between two names; `limit` or more is told as `limit`. */
int og_option_distance(struct og_str a, struct og_str b, int limit);
bool og_option_is_list(const struct og_option *option);
/* OTPGATE_HTTP_LISTEN for http.listen. */
#define OG_OPTION_VARIABLE_BYTES 64
void og_option_variable(const struct og_option *option, char out[OG_OPTION_VARIABLE_BYTES]);

#define OG_COMPLAINT_BYTES 160

/*
 * Set the value from text. Strings go to self->mem.
 * complaint  on false, how the sentence goes on that begins with the option's name
 */
bool og_option_set(const struct og_option *option, struct og_str text, struct og_config *self,
                   char complaint[OG_COMPLAINT_BYTES]);
/* The value as a TOML value. */
void og_option_format(const struct og_option *option, const struct og_config *self,
                      struct og_buf *out);
/* Its range in words, or "". */
void og_option_range(const struct og_option *option, struct og_buf *out);

/* value.c and value_list.c share these. */
struct og_value {
    const struct og_option *option;
    struct og_str text;
    struct og_arena *mem;
    void *at;
    char *complaint; /* OG_COMPLAINT_BYTES */
};

bool og_value_refuse(const struct og_value *value, const char *fmt, ...) OG_PRINTF(2, 3);
bool og_value_duration(struct og_str text, int64_t *out_ms);
bool og_value_check_duration(const struct og_value *value, int64_t ms);
bool og_value_copy_text(const struct og_value *value, struct og_str text, const char **out);
void og_value_put_duration(struct og_buf *out, int64_t ms);
void og_value_put_text(struct og_buf *out, const char *text);
bool og_value_set_listens(const struct og_value *value);
bool og_value_set_texts(const struct og_value *value);
bool og_value_set_durations(const struct og_value *value);
void og_value_put_listens(struct og_buf *out, const struct og_config_listens *list);
void og_value_put_texts(struct og_buf *out, const struct og_config_texts *list);
void og_value_put_durations(struct og_buf *out, const struct og_config_durations *list);
bool og_value_is_address(struct og_str text);
