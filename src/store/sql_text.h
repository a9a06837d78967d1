/*
 * SQL as text: dialect words, and scripts cut into statements. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct og_sql_word {
    const char *word; /* "{blob}" */
    const char *text; /* what this engine says instead */
};

/* A NUL-terminated copy with every known word replaced; anything else in braces stays. */
const char *og_sql_translate(struct og_arena *mem, struct og_str sql,
                             const struct og_sql_word *words, int word_count);

/*
 * Cut the next statement, without its `;`, off the front of a script. A statement ends with a `;`
 * at the end of a line, or with the script. False when nothing is left.
 */
bool og_sql_next(struct og_str *script, struct og_str *statement);
