/*
 * Asking a store of codes from a test: each verb goes through an event loop, as in the program, and
 * the caller waits for its answer.
 */
#pragma once

#include "codes/code_store.h"

struct asker {
    struct og_code_store *store;
    struct og_loop *loop;
};

/* A loop of its own. False when there is none to be had. */
bool asker_start(struct asker *self, struct og_code_store *store);
void asker_stop(struct asker *self); /* the store stays */

/* Digests stand for themselves: a code "482913" under key 7 is those bytes and the key. */
struct og_code_mac mac_of(uint32_t key_id, const char *code);
struct og_code_name name_of(const char *account, const char *id);
struct og_code_record record_of(const char *id, const char *code); /* 5 attempts, 300 s, "box" */
struct og_code_guess guess_of(const char *id, const char *code);

struct answer {
    enum og_code code;
    enum og_code_verdict verdict;
    int attempts_left;
    int64_t left_ms;
    bool found;
    char sealed[OG_CODE_SEALED_MAX_BYTES + 1];
    struct og_err err;
};

struct answer ask_put(struct asker *self, const struct og_code_record *record);
struct answer ask_check(struct asker *self, const struct og_code_guess *guess);
struct answer ask_peek(struct asker *self, struct og_code_name name);
struct answer ask_drop(struct asker *self, struct og_code_name name);
/* The same guess `count` times at once: all are asked before one is waited for. */
void ask_many(struct asker *self, const struct og_code_guess *guess, int count,
              struct answer *answers);
