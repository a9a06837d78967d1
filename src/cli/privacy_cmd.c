/*
 * `otpgate privacy export|erase`: the server goes in steps; this goes from one to the next and adds
 * up.
 */
#include <string.h>
#include <unistd.h>

#include "cli/cli_priv.h"
#include "cli/secret_input.h"

#define BODY_BYTES 1024
#define NUMBER_BYTES 128

/* One of the two commands, and how far it is. */
struct walk {
    const char *path;
    const char *count_name; /* of the member that counts what was done */
    const char *did;
    struct og_str number;
    struct og_buf cursor; /* the server's, for the next step */
    int64_t looked, count;
    bool is_over;
};

/* ---- the number ---- */

static enum og_code
read_number(struct og_secret *out, struct og_err *err)
{
    char line[NUMBER_BYTES];
    if (og_secret_input_can_ask()) {
        return og_secret_input_ask("Phone number (not shown): ", out, err);
    }
    if (!fgets(line, sizeof line, stdin)) {
        return og_fail(err, OG_E_INVALID, "", "there is no number on the standard input");
    }
    line[strcspn(line, "\r\n")] = '\0';
    return og_secret_set(out, og_str_from(line))
               ? OG_OK
               : og_fail(err, OG_E_INVALID, "", "the number is too long");
}

/* From the command line, or from where other users and the shell's history do not see it. */
static enum og_code
take_number(struct og_cli *cli, struct og_secret *out, struct og_err *err)
{
    const char *word = cli->args.word_count ? cli->args.words[0] : "-";
    *out = (struct og_secret){0};
    if (strcmp(word, "-") == 0) {
        return read_number(out, err);
    }
    return og_secret_set(out, og_str_from(word))
               ? OG_OK
               : og_fail(err, OG_E_INVALID, "", "the number is too long");
}

/* ---- steps ---- */

static void
write_body(const struct walk *walk, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "number", walk->number);
    og_json_add_str(&w, "cursor", og_buf_str(&walk->cursor));
    og_json_end(&w);
}

/* The last line says how far it is; those before it are what was found. */
static int
take_answer(struct og_cli *cli, struct walk *walk, struct og_str answer)
{
    struct og_json_doc doc = {0};
    struct og_err err;
    size_t begin = answer.len;
    while (begin > 0 && answer.ptr[begin - 1] != '\n') {
        begin--;
    }
    fwrite(answer.ptr, 1, begin, cli->out);
    if (og_json_parse(og_str_slice(answer, begin, answer.len), OG_JSON_DEPTH_DEFAULT, &doc,
                      &err) != OG_OK) {
        fprintf(cli->err, "otpgate: %s did not answer as otpgate does\n", cli->client.url);
        return OG_EXIT_UNREACHABLE;
    }
    walk->looked += og_cli_int(doc.root, "looked");
    walk->count += og_cli_int(doc.root, walk->count_name);
    walk->is_over = og_cli_flag(doc.root, "done");
    og_buf_clear(&walk->cursor);
    og_buf_add_cstr(&walk->cursor, og_cli_text(cli, doc.root, "cursor"));
    og_json_doc_finish(&doc);
    return OG_EXIT_OK;
}

static int
take_step(struct og_cli *cli, struct walk *walk)
{
    struct og_client_answer answer = {0};
    struct og_buf body;
    struct og_err err;
    int exit_code;
    og_buf_init(&body, BODY_BYTES);
    write_body(walk, &body);
    const struct og_client_ask ask = {"POST", walk->path, og_buf_str(&body), NULL};
    if (og_client_call(&cli->client, &ask, &answer, &err) != OG_OK) {
        exit_code = og_cli_fail(cli, &err);
    } else if (answer.status >= 300) {
        exit_code = og_cli_refused(cli, &answer);
    } else {
        exit_code = take_answer(cli, walk, og_buf_str(&answer.body));
    }
    og_buf_finish(&answer.body);
    og_buf_finish(&body);
    return exit_code;
}

static int
take_all_steps(struct og_cli *cli, struct walk *walk)
{
    const bool shows_progress = isatty(STDERR_FILENO) != 0;
    int exit_code = OG_EXIT_OK;
    og_buf_init(&walk->cursor, BODY_BYTES);
    while (exit_code == OG_EXIT_OK && !walk->is_over) {
        exit_code = take_step(cli, walk);
        if (shows_progress) {
            fprintf(cli->err, "\rlooked at %lld rows, %s %lld%s", (long long)walk->looked,
                    walk->did, (long long)walk->count, walk->is_over ? "\n" : "");
        }
    }
    og_buf_finish(&walk->cursor);
    return exit_code;
}

static int
run(struct og_cli *cli, struct walk *walk)
{
    struct og_secret number;
    struct og_err err;
    if (take_number(cli, &number, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    walk->number = (struct og_str){number.bytes, number.len};
    const int exit_code = take_all_steps(cli, walk);
    og_secret_finish(&number);
    return exit_code;
}

static int
run_erase(struct og_cli *cli)
{
    struct walk walk = {.path = "/admin/v1/privacy/erase", .count_name = "erased", .did = "erased"};
    const int exit_code = run(cli, &walk);
    if (exit_code == OG_EXIT_OK) {
        fprintf(cli->out,
                cli->json ? "{\"looked\":%lld,\"erased\":%lld}\n"
                          : "looked at %lld rows, erased %lld\n",
                (long long)walk.looked, (long long)walk.count);
    }
    return exit_code;
}

static int
run_export(struct og_cli *cli)
{
    struct walk walk = {.path = "/admin/v1/privacy/export", .count_name = "found", .did = "found"};
    return run(cli, &walk);
}

#define WHY_STDIN                                                                                 \
    "Without NUMBER, or with -, the number is asked for, or read from the standard input. Prefer\n" \
    "that: what stands on the command line is seen by every user of this machine (ps) and stays in\n" \
    "the shell's history.\n"

const struct og_command og_privacy_commands[] = {
    {"privacy export", "[NUMBER]", "write out all that is stored about a phone number",
     "One line of JSON for each verification, message, received message, sandbox message, webhook\n"
     "event and entry of the audit log, in every account; texts are included, codes and other\n"
     "people's numbers are not. That it was exported stands in the audit log.\n"
     "\n" WHY_STDIN
     "\n"
     "  otpgate privacy export - < number.txt > answer.jsonl\n",
     OG_CLI_OPERATOR, 0, 1, NULL, run_export},
    {"privacy erase", "[NUMBER]", "erase all that is stored about a phone number",
     "Deletes its verifications, messages, received messages, sandbox messages, webhook events and\n"
     "counted failures in every account, and makes the audit log forget who its pseudonym was. Live\n"
     "codes die, open messages are not sent any more. It cannot be undone. Backups keep what they\n"
     "have.\n"
     "\n" WHY_STDIN
     "\n"
     "  otpgate privacy erase - < number.txt\n",
     OG_CLI_OPERATOR, 0, 1, NULL, run_erase},
    {NULL},
};
