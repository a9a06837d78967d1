/*
 * Verbs as calls of Redis scripts (the files in redis/), and their answers. Pure.
 */
#pragma once

#include "codes/code_desk.h"
#include "codes/redis_link.h"

#define OG_REDIS_WORDS_MAX (6 + 4 * OG_COUNT_ITEMS_MAX)
#define OG_REDIS_NUMBERS_MAX (3 + 3 * OG_COUNT_ITEMS_MAX)
#define OG_REDIS_NUMBER_BYTES 24

struct og_redis_script {
    const char *sha1; /* under which a server keeps it */
    const char *text;
};

extern const struct og_redis_script og_redis_scripts[]; /* by verb; made from the .lua files */

struct og_redis_call {
    struct og_str words[OG_REDIS_WORDS_MAX];
    int count;
    char numbers[OG_REDIS_NUMBERS_MAX][OG_REDIS_NUMBER_BYTES]; /* that words point to */
    int number_count;
    char keys[1 + OG_COUNT_ITEMS_MAX][OG_COUNT_KEY_BYTES]; /* likewise */
};

/* The words borrow from the ticket. with_text: the script itself instead of its digest. */
void og_redis_call_make(const struct og_code_ticket *ticket, bool with_text,
                        struct og_redis_call *out);
/* Fill in the ticket's answer. False when it is not one of this verb. */
bool og_redis_call_read(const struct og_redis_reply *reply, struct og_code_ticket *ticket);
