/*
 * What every store of codes must do alike, free of where records are kept: which names and records
 * it takes, and what a guess does to a record.
 */
#pragma once

#include "codes/code_store.h"

#define OG_CODE_NAME_MAX_BYTES 127 /* account and id together */
#define OG_CODE_ATTEMPTS_MAX 1000

bool og_code_name_is_sound(struct og_code_name name);
bool og_code_record_is_sound(const struct og_code_record *record);

/* A record without its name: what a guess is judged by. */
struct og_code_body {
    struct og_code_mac mac;
    struct og_code_shape shape;
    int attempts_left;
    uint16_t sealed_len;
    char sealed[OG_CODE_SEALED_MAX_BYTES];
};

/*
 * Take an attempt, then compare, in constant time. The record must go with MATCH, KILLED and NONE
 * (its key is no longer in use); with WRONG it stays, with *attempts_left as it is now. A verdict
 * may only be told once the record says so in its store.
 */
enum og_code_verdict og_code_judge(const struct og_code_mac *mac, struct og_code_shape shape,
                                   int *attempts_left, const struct og_code_guess *guess);
/* The work of a comparison, for a guess that has nothing to be compared with. */
void og_code_judge_nothing(const struct og_code_guess *guess);
