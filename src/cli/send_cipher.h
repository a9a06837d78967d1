/*
 * The words of `otpgate send --encrypt`, as only the phone can read them: every number and the
 * text, each under a salt of its own (base/pbe.h).
 */
#pragma once

#include "cli/cli_priv.h"

struct og_send_words {
    const char *plain[OG_ARGS_WORDS_MAX];  /* numbers in E.164, or short codes; last the text */
    const char *cipher[OG_ARGS_WORDS_MAX]; /* beside them */
    int count;
};

/*
 * Read the numbers, since no server can, and encrypt all. Everything lives in cli->mem.
 * Returns OG_EXIT_OK, or says what is wrong.
 */
int og_send_encrypt(struct og_cli *cli, struct og_send_words *out);

/* The number that was encrypted to `cipher`; `cipher` itself when it is none of them. */
const char *og_send_plain(const struct og_send_words *words, const char *cipher);
