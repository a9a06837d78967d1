/*
 * Command line to configuration, for the subcommands that run a gateway.
 */
#pragma once

#include "config/config.h"

/*
 * Read flags, environment and file; set up the log. argv[0] is the subcommand.
 * Returns false when the program should end now with *exit_code: after --help, or a mistake, which
 * is shown with a hint. The config is filled, and finished by the caller, only when it returns
 * true.
 */
bool og_app_options(int argc, char **argv, const char *help, struct og_config *config,
                    int *exit_code);

/* The same sources once more, as they are now: for a reload. The caller finishes `config`, also
 * after an error. */
OG_MUST_CHECK enum og_code og_app_read_options(int argc, char **argv, struct og_config *config,
                                               struct og_err *err);
