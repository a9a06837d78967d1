/*
 * The flags of `otpgate phone`.
 */
#pragma once

#include "base/secret.h"
#include "phone/fleet.h"

#define OG_PHONE_INCOMING_MAX 16

struct og_phone_options {
    struct og_fleet_config fleet; /* its texts point into argv or token */
    struct og_secret token;       /* read from --token-file */
    struct og_secret passphrase;  /* read from --passphrase-file */
    struct og_incoming_text incoming[OG_PHONE_INCOMING_MAX]; /* of --receive */
    char senders[OG_PHONE_INCOMING_MAX][64];
    const char *summary_file;     /* NULL: none; "-": standard output */
    int64_t stop_after;           /* messages; 0: for ever */
    int64_t for_ms;               /* 0: for ever */
    bool quiet, strict, verbose, help;
};

/*
 * Read argv[1..]. `--name value` and `--name=value`; switches stand alone. Profile files and flags
 * count in the order given, --perfect too.
 * Errors  OG_E_INVALID and others, with a text for the user
 */
OG_MUST_CHECK enum og_code og_phone_options_read(struct og_phone_options *self, int argc,
                                                 char **argv, struct og_err *err);
void og_phone_options_finish(struct og_phone_options *self);
/* The help page. */
void og_phone_options_help(struct og_buf *out);
