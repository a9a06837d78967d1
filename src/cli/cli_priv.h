/* What the commands share. */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "base/secret.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/client.h"

struct og_cli;

/* Whom a command needs to reach, and as whom. */
enum og_cli_needs {
    OG_CLI_NOBODY,
    OG_CLI_OPERATOR, /* the server, with the operator's credential or a key with the scope admin */
    OG_CLI_APP,      /* the server, with a key or login of an account */
};

struct og_command {
    const char *name;    /* one or two words: "account create" */
    const char *words;   /* as the help shows them: "NAME" */
    const char *summary; /* one line */
    const char *help;    /* paragraphs and examples */
    enum og_cli_needs needs;
    int words_min, words_max;
    const struct og_arg_option *options; /* of its own; ends with a name of NULL; NULL: none */
    int (*run)(struct og_cli *cli);
};

/* A run of a command. */
struct og_cli {
    const struct og_command *command;
    struct og_args args;
    struct og_arena mem;
    struct og_client client;         /* set up for commands that need a server */
    struct og_secret authorization;  /* where client.authorization points */
    const char *data_dir;
    bool json;
    bool colour;
    FILE *out, *err;
};

extern const struct og_command og_account_commands[], og_device_commands[], og_send_commands[], og_batch_commands[],
    og_otp_commands[], og_client_app_commands[], og_template_commands[], og_apphash_commands[],
    og_db_commands[], og_audit_commands[], og_webhook_commands[], og_sandbox_commands[],
    og_privacy_commands[], og_abuse_commands[], og_alert_commands[], og_route_commands[],
    og_trace_commands[];

/* "otpgate account create: ..." and where the help is. Returns OG_EXIT_USAGE. */
int og_cli_usage(struct og_cli *cli, const char *fmt, ...) OG_PRINTF(2, 3);
/* The same for an error of reading options. */
int og_cli_usage_err(struct og_cli *cli, const struct og_err *err);
/* An error on the way: unreachable, or a bad value. Returns the exit code. */
int og_cli_fail(struct og_cli *cli, const struct og_err *err);

/* Find server, CA and credential, as the command needs. An exit code; OG_EXIT_OK goes on. */
int og_cli_connect(struct og_cli *cli);

/*
 * Call and read the answer. With --json a good answer is printed as it came and *out is NULL.
 * body  "" : none
 * out   the document, in `doc`, which the caller finishes
 * Returns OG_EXIT_OK, or says what was refused.
 */
int og_cli_call(struct og_cli *cli, const struct og_client_ask *ask, struct og_json_doc *doc,
                const struct og_json **out);

/* Say what the server said no with, in either API's shape. Returns OG_EXIT_REFUSED. */
int og_cli_refused(struct og_cli *cli, const struct og_client_answer *answer);

/* `before`, the word escaped for a URL, `after`; in cli->mem. */
const char *og_cli_path(struct og_cli *cli, const char *before, const char *word,
                        const char *after);

/* Text of a member, "" when it is not there, null, or no text; NUL-terminated in cli->mem. */
const char *og_cli_text(struct og_cli *cli, const struct og_json *object, const char *name);
/* A member's truth; false when it is not there. */
bool og_cli_flag(const struct og_json *object, const char *name);
int64_t og_cli_int(const struct og_json *object, const char *name);

/* `text` in bold on a terminal, as it is elsewhere; in cli->mem. */
const char *og_cli_bold(struct og_cli *cli, const char *text);
/* "  name      value" */
void og_cli_fact(struct og_cli *cli, const char *name, const char *value);

/* Print rows of `columns` cells as an aligned table; the first row is the head. */
void og_cli_table(struct og_cli *cli, const char *const *cells, int rows, int columns);
/* "2026-01-02T03:04:05.120Z" as "2026-01-02 03:04:05Z"; "" stays. */
const char *og_cli_time(struct og_cli *cli, const char *rfc3339);
