/*
 * `otpgate sandbox tail`: messages of an account in sandbox mode, as they come.
 */
#include <unistd.h>

#include "cli/cli_priv.h"

#define MESSAGES "/otp/v1/sandbox/messages"
#define POLL_S 1

static void
print_message(struct og_cli *cli, const struct og_json *message)
{
    fprintf(cli->out, "%s  to %s\n    %s\n", og_cli_text(cli, message, "at"),
            og_cli_text(cli, message, "to"), og_cli_text(cli, message, "text"));
    fflush(cli->out);
}

/* Print what is new, and remember the last in `after`. */
static int
print_new(struct og_cli *cli, struct og_buf *after)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = og_cli_path(cli, MESSAGES "?after=", after->len ? after->ptr : "", "");
    const int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    const struct og_json *messages = answer ? og_json_get(answer, "messages") : NULL;
    for (size_t i = 0; i < og_json_count(messages); i++) {
        const struct og_json *message = og_json_at(messages, i);
        print_message(cli, message);
        og_buf_clear(after);
        og_buf_add_cstr(after, og_cli_text(cli, message, "id"));
    }
    if (answer && !og_cli_flag(answer, "sandbox") && after->len == 0) {
        fprintf(cli->err, "The account is not in sandbox mode: its messages go to phones.\n");
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_tail(struct og_cli *cli)
{
    struct og_buf after;
    og_buf_init(&after, 64);
    int exit_code = print_new(cli, &after);
    while (exit_code == OG_EXIT_OK && !og_args_has(&cli->args, "once") && !cli->json) {
        sleep(POLL_S);
        exit_code = print_new(cli, &after);
    }
    og_buf_finish(&after);
    return exit_code;
}

static const struct og_arg_option tail_options[] = {
    {"once", NULL, "print what is there and end"},
    {NULL, NULL, NULL},
};

const struct og_command og_sandbox_commands[] = {
    {"sandbox tail", "", "show messages of an account in sandbox mode",
     "An account in sandbox mode (`otpgate account set NAME --sandbox yes`) sends nothing: its\n"
     "messages come into an inbox that this command follows, the newest 100.\n"
     "\n"
     "  otpgate sandbox tail\n",
     OG_CLI_APP, 0, 0, tail_options, run_tail},
    {NULL},
};
