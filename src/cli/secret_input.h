/*
 * Passwords and passphrases from where other users do not see them: a file of the user's own, or
 * the terminal. The caller finishes the secret.
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"

/*
 * The content of a file, without line ends behind it.
 * Errors  OG_E_INVALID when others can read the file, or when it is too long; those of og_file_read
 */
OG_MUST_CHECK enum og_code og_secret_input_file(const char *path, struct og_secret *out,
                                                struct og_err *err);
/* Is there somebody at a terminal? */
bool og_secret_input_can_ask(void);
/*
 * Ask; what is typed is not shown, and what was typed before the question does not count.
 * Errors  OG_E_INVALID: no terminal, broken off (Ctrl-C, Ctrl-D), or too long
 */
OG_MUST_CHECK enum og_code og_secret_input_ask(const char *question, struct og_secret *out,
                                               struct og_err *err);
