/*
 * Where a passphrase may come from, and what one may be.
 */
#include "cli/passphrase.h"

#include <stdlib.h>

#include "cli/secret_input.h"

#define PASSPHRASE_MAX_BYTES 128

static int
check(struct og_cli *cli, const struct og_secret *secret, const char *source)
{
    struct og_str text = og_secret_str(secret);
    if (text.len == 0 || text.len > PASSPHRASE_MAX_BYTES || !og_str_is_utf8(text) ||
        og_str_find(text, '\0') < text.len) {
        return og_cli_usage(cli, "the passphrase of %s is not 1 to %d bytes of UTF-8", source,
                            PASSPHRASE_MAX_BYTES);
    }
    return OG_EXIT_OK;
}

static int
from_environment(struct og_cli *cli, const char *value, struct og_secret *out)
{
    struct og_str text = og_str_from(value);
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
        text.len--;
    }
    (void)og_secret_set(out, text); /* too long leaves it empty, which is refused */
    return check(cli, out, "OTPGATE_PASSPHRASE");
}

static int
from_terminal(struct og_cli *cli, struct og_secret *out)
{
    struct og_err err;
    if (!og_secret_input_can_ask()) {
        return og_cli_usage(cli, "--encrypt needs a passphrase: --passphrase-file FILE, "
                                 "OTPGATE_PASSPHRASE, or a terminal to ask");
    }
    return og_secret_input_ask("Passphrase (as in the phone's settings): ", out, &err) == OG_OK
               ? check(cli, out, "the terminal")
               : og_cli_usage_err(cli, &err);
}

int
og_cli_passphrase(struct og_cli *cli, struct og_secret *out)
{
    struct og_err err;
    const char *path = og_args_value(&cli->args, "passphrase-file");
    const char *value = getenv("OTPGATE_PASSPHRASE");
    if (path) {
        return og_secret_input_file(path, out, &err) == OG_OK ? check(cli, out, path)
                                                              : og_cli_usage_err(cli, &err);
    }
    return value && value[0] ? from_environment(cli, value, out) : from_terminal(cli, out);
}
