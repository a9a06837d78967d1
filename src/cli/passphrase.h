/*
 * The passphrase of end-to-end encryption: from a file, the environment or the terminal, never from
 * the command line, where other users see it.
 */
#pragma once

#include "cli/cli_priv.h"

/* The option that commands with encryption accept. */
#define OG_PASSPHRASE_OPTION                                                                      \
    {"passphrase-file", "FILE", "the passphrase (else OTPGATE_PASSPHRASE, else it is asked for)"}

/*
 * Of --passphrase-file, OTPGATE_PASSPHRASE, or a person at the terminal, in this order. A line end
 * behind it does not count. The caller wipes it.
 * Returns OG_EXIT_OK, or says what is wrong: OG_EXIT_USAGE.
 */
int og_cli_passphrase(struct og_cli *cli, struct og_secret *out);
