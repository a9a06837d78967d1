/*
 * Where the server is and who we are to it: flags, then the environment, then what the server left
 * in its data folder. The operator's credential is read only from a file that nobody else can
 * read.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/files.h"
#include "cli/cli_priv.h"

#define SMALL_FILE_BYTES 4096

/* A flag, or the environment's value, or NULL. */
static const char *
setting(const struct og_cli *cli, const char *flag, const char *variable)
{
    const char *value = og_args_value(&cli->args, flag);
    if (!value) {
        value = getenv(variable);
    }
    return value && value[0] ? value : NULL;
}

static const char *
in_data(struct og_cli *cli, const char *name)
{
    return og_str_printf(&cli->mem, "%s/%s", cli->data_dir, name).ptr;
}

static int
refuse(struct og_cli *cli, int exit_code, const char *text, const char *detail)
{
    fprintf(cli->err, "otpgate: %s%s\n", text, detail);
    return exit_code;
}

/* ---- where ---- */

/* {"url":"https://localhost:8443","pid":123}, as the server wrote it at its start. */
static const char *
url_from_file(struct og_cli *cli)
{
    struct og_buf text;
    struct og_json_doc doc = {0};
    struct og_err err;
    const char *url = NULL;
    og_buf_init(&text, SMALL_FILE_BYTES);
    if (og_file_read(in_data(cli, "gateway.json"), &text, &err) == OG_OK &&
        og_json_parse(og_buf_str(&text), 4, &doc, &err) == OG_OK) {
        url = og_cli_text(cli, doc.root, "url");
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&text);
    return url && url[0] ? url : NULL;
}

static int
find_server(struct og_cli *cli)
{
    const char *url = setting(cli, "url", "OTPGATE_URL");
    url = url ? url : url_from_file(cli);
    if (!url) {
        return refuse(cli, OG_EXIT_UNREACHABLE,
                      "no running server found: start `otpgate serve`, or name its data folder "
                      "with --data or its address with --url; looked for ",
                      in_data(cli, "gateway.json"));
    }
    struct og_str text = og_str_from(url);
    while (text.len && text.ptr[text.len - 1] == '/') {
        text.len--;
    }
    cli->client.url = og_str_cstr(&cli->mem, text);
    const char *ca = setting(cli, "ca", "OTPGATE_CA");
    const char *ours = in_data(cli, "ca/ca.pem");
    cli->client.ca_file = ca ? ca : access(ours, R_OK) == 0 ? ours : NULL;
    return OG_EXIT_OK;
}

/* ---- who ---- */

static void
set_authorization(struct og_cli *cli, const char *scheme, struct og_str credential)
{
    struct og_buf text;
    og_buf_init(&text, OG_SECRET_MAX_BYTES);
    og_buf_add_cstr(&text, scheme);
    if (strcmp(scheme, "Basic ") == 0) {
        og_base64_encode(credential, false, &text);
    } else {
        og_buf_add(&text, credential);
    }
    if (!text.full && og_secret_set(&cli->authorization, og_buf_str(&text))) {
        cli->client.authorization = cli->authorization.bytes;
    }
    og_buf_finish(&text);
}

static int
read_operator(struct og_cli *cli)
{
    struct og_buf text;
    struct og_err err;
    const char *path = in_data(cli, "operator.token");
    if (og_file_is_exposed(path)) {
        return refuse(cli, OG_EXIT_USAGE,
                      "others can read the operator's credential; chmod 600 it first: ", path);
    }
    og_buf_init(&text, SMALL_FILE_BYTES);
    enum og_code code = og_file_read(path, &text, &err);
    size_t line = og_str_find(og_buf_str(&text), '\n');
    if (code == OG_OK) {
        set_authorization(cli, "Bearer ", og_str_slice(og_buf_str(&text), 0, line));
    }
    og_buf_finish(&text);
    if (code != OG_OK || !cli->client.authorization) {
        return refuse(cli, OG_EXIT_USAGE,
                      "cannot read the operator's credential (is --data the server's folder, and "
                      "are you its user?): ", path);
    }
    return OG_EXIT_OK;
}

/* A shell that has OTPGATE_KEY for `send` and `otp` must not lose the operator's rights by it, so
 * beside the server its own credential comes first. */
static int
find_operator(struct og_cli *cli)
{
    const char *key = og_args_value(&cli->args, "key");
    bool is_beside = access(in_data(cli, "operator.token"), F_OK) == 0;
    if (!key && !is_beside) {
        key = setting(cli, "key", "OTPGATE_KEY");
    }
    if (!key) {
        return read_operator(cli);
    }
    set_authorization(cli, "Bearer ", og_str_from(key));
    return OG_EXIT_OK;
}

static int
find_account(struct og_cli *cli)
{
    const char *key = setting(cli, "key", "OTPGATE_KEY");
    const char *user = setting(cli, "user", "OTPGATE_USER");
    if (key) {
        set_authorization(cli, "Bearer ", og_str_from(key));
    } else if (user) {
        set_authorization(cli, "Basic ", og_str_from(user));
    } else {
        return og_cli_usage(cli, "needs an account: set OTPGATE_KEY (make one with `otpgate "
                                 "account key create ACCOUNT`), or OTPGATE_USER=login:password");
    }
    return OG_EXIT_OK;
}

static int
find_credential(struct og_cli *cli)
{
    int exit_code =
        cli->command->needs == OG_CLI_OPERATOR ? find_operator(cli) : find_account(cli);
    if (exit_code == OG_EXIT_OK && !cli->client.authorization) {
        return og_cli_usage(cli, "the credential is too long");
    }
    return exit_code;
}

int
og_cli_connect(struct og_cli *cli)
{
    if (cli->command->needs == OG_CLI_NOBODY) {
        return OG_EXIT_OK;
    }
    int exit_code = find_credential(cli);
    return exit_code == OG_EXIT_OK ? find_server(cli) : exit_code;
}
