/*
 * `otpgate privacy erase`: the server erases in steps; this goes from one to the next and adds up.
 */
#include <unistd.h>

#include "cli/cli_priv.h"

#define BODY_BYTES 1024

struct sum {
    int64_t looked, erased;
};

/* One step; *done when it was the last. The cursor is the server's, for the next. */
static int
erase_step(struct og_cli *cli, struct og_buf *cursor, struct sum *sum, bool *done)
{
    struct og_json_doc doc;
    struct og_json_writer w;
    struct og_buf body;
    const struct og_json *answer;
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "number", cli->args.words[0]);
    og_json_add_str(&w, "cursor", og_buf_str(cursor));
    og_json_end(&w);
    const int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"POST", "/admin/v1/privacy/erase", og_buf_str(&body), NULL},
        &doc, &answer);
    *done = true;
    if (answer) {
        sum->looked += og_cli_int(answer, "looked");
        sum->erased += og_cli_int(answer, "erased");
        *done = og_cli_flag(answer, "done");
        og_buf_clear(cursor);
        og_buf_add_cstr(cursor, og_cli_text(cli, answer, "cursor"));
    }
    og_json_doc_finish(&doc);
    og_buf_wipe(&body);
    og_buf_finish(&body);
    return exit_code;
}

static int
run_erase(struct og_cli *cli)
{
    struct sum sum = {0};
    struct og_buf cursor;
    const bool shows_progress = isatty(STDERR_FILENO) != 0;
    const bool as_json = cli->json;
    bool done = false;
    int exit_code = OG_EXIT_OK;
    cli->json = false; /* the sum is the answer, not the steps */
    og_buf_init(&cursor, BODY_BYTES);
    while (exit_code == OG_EXIT_OK && !done) {
        exit_code = erase_step(cli, &cursor, &sum, &done);
        if (shows_progress) {
            fprintf(cli->err, "\rlooked at %lld rows, erased %lld%s", (long long)sum.looked,
                    (long long)sum.erased, done ? "\n" : "");
        }
    }
    og_buf_finish(&cursor);
    if (exit_code == OG_EXIT_OK) {
        fprintf(cli->out,
                as_json ? "{\"looked\":%lld,\"erased\":%lld}\n"
                        : "looked at %lld rows, erased %lld\n",
                (long long)sum.looked, (long long)sum.erased);
    }
    return exit_code;
}

const struct og_command og_privacy_commands[] = {
    {"privacy erase", "NUMBER", "erase all that is stored about a phone number",
     "Deletes its verifications, messages, received messages, sandbox messages, webhook events and\n"
     "counted failures in every account, and makes the audit log forget who its pseudonym was. Live\n"
     "codes die, open messages are not sent any more. It cannot be undone. Backups keep what they\n"
     "have.\n"
     "\n"
     "  otpgate privacy erase +447700900123\n",
     OG_CLI_OPERATOR, 1, 1, NULL, run_erase},
    {NULL},
};
