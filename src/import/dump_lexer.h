/*
 * The words of an SQL dump as MariaDB's and MySQL's dump programs write it: names in backquotes or
 * double quotes, texts with backslashes and doubled quotes, hexadecimal texts, numbers, signs.
 * Comments are skipped, also those with conditions (slash, star, exclamation mark): what stands in
 * them sets the session up and defines views and triggers.
 *
 * Reads as it goes, a block at a time, however long the dump. Not thread-safe. Sources: MySQL 8.0
 * manual 9.1 (literals), 9.2 (names), 9.7 (comments); dumps of MariaDB 10.11.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define OG_DUMP_TOKEN_MAX_BYTES (1024 * 1024) /* of a value that is kept */

/* Where the bytes come from. */
struct og_dump_source {
    /* Up to `size_bytes`; *got_out 0: that was all. */
    enum og_code (*read)(void *ctx, char *to, size_t size_bytes, size_t *got_out,
                         struct og_err *err);
    void *ctx;
};

enum og_dump_kind {
    OG_DUMP_END,
    OG_DUMP_WORD,   /* INSERT, varchar, _binary, NULL */
    OG_DUMP_NAME,   /* `users` */
    OG_DUMP_TEXT,   /* 'x', 0x78, x'78'; "x", which is a name where one is expected */
    OG_DUMP_NUMBER, /* 12, 0.5e3, without sign */
    OG_DUMP_SIGN,   /* any other character */
};

struct og_dump_token {
    enum og_dump_kind kind;
    bool is_double; /* OG_DUMP_TEXT in double quotes */
    char sign;      /* OG_DUMP_SIGN */
    int64_t line;   /* where it begins, from 1 */
    struct og_str text; /* without quotes and escapes; until the next call */
};

struct og_dump_lexer {
    const struct og_dump_source *source; /* borrowed */
    int64_t line;
    bool is_skipping; /* texts are passed over: `text` is "", and they may be of any length */
    bool has_ended;
    size_t at, len;
    struct og_buf text;
    char *block;
};

void og_dump_lexer_init(struct og_dump_lexer *self, const struct og_dump_source *source);
void og_dump_lexer_finish(struct og_dump_lexer *self); /* wipes; takes zeroed */

/*
 * Errors  OG_E_INVALID "line 12: ..." (a text, name or comment does not end), OG_E_TOO_LARGE (a
 * value
 *         over the limit), and what the source says
 */
OG_MUST_CHECK enum og_code og_dump_next(struct og_dump_lexer *self, struct og_dump_token *out,
                                        struct og_err *err);
/* The rest of the line, as it is; for DELIMITER. `out` until the next call. */
OG_MUST_CHECK enum og_code og_dump_line(struct og_dump_lexer *self, struct og_str *out,
                                        bool *ended_out, struct og_err *err);
