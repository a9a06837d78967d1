/*
 * The subcommands that talk to a running server: account, device, send, otp; and the tools that
 * need none: apphash, db, version, help.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum og_exit {
    OG_EXIT_OK = 0,
    OG_EXIT_USAGE = 1,       /* wrong words or values on the command line */
    OG_EXIT_REFUSED = 2,     /* the server said no, or the thing asked for failed */
    OG_EXIT_UNREACHABLE = 3, /* no server there, or not ours */
};

/* Runs argv[1]. Returns an exit code. Prints results on standard output, all else on standard
 * error. */
int og_cli_main(int argc, char **argv);
/* Is `name` one of ours? */
bool og_cli_has(const char *name);
/* The list for `otpgate help`: one line each, of the commands here. */
void og_cli_list(FILE *out);
