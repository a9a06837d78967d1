/*
 * `otpgate otp`: start, check and follow verifications from a shell.
 */
#include <unistd.h>

#include "cli/cli_priv.h"

#define VERIFICATIONS "/otp/v1/verifications"
#define BODY_BYTES 16384
#define DEFAULT_PURPOSE "login"

static void
print_verification(struct og_cli *cli, const struct og_json *v)
{
    og_cli_fact(cli, "id", og_cli_text(cli, v, "id"));
    og_cli_fact(cli, "to", og_cli_text(cli, v, "to"));
    og_cli_fact(cli, "purpose", og_cli_text(cli, v, "purpose"));
    og_cli_fact(cli, "status", og_cli_bold(cli, og_cli_text(cli, v, "status")));
    og_cli_fact(cli, "expires", og_cli_time(cli, og_cli_text(cli, v, "expires_at")));
    const struct og_json *timeline = og_json_get(v, "timeline");
    for (size_t i = 0; timeline && i < og_json_count(timeline); i++) {
        const struct og_json *event = og_json_at(timeline, i);
        fprintf(cli->out, "    %s  %s %s\n", og_cli_text(cli, event, "at"),
                og_cli_text(cli, event, "event"), og_cli_text(cli, event, "reason"));
    }
}

/* A call on verifications; the answer is one. */
static int
call(struct og_cli *cli, const struct og_client_ask *ask)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    int exit_code = og_cli_call(cli, ask, &doc, &answer);
    if (answer) {
        print_verification(cli, answer);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static const char *
purpose_of(const struct og_cli *cli)
{
    const char *purpose = og_args_value(&cli->args, "purpose");
    return purpose ? purpose : DEFAULT_PURPOSE;
}

static int
run_start(struct og_cli *cli)
{
    static const char *const texts[][2] = {
        {"app", "client_app"}, {"template", "template"}, {"app-hash", "app_hash"},
        {"locale", "locale"},  {"brand", "brand"}};
    int64_t length = 0, ttl_s = 0;
    struct og_err err;
    struct og_buf body;
    struct og_json_writer w;
    if (og_args_int(&cli->args, "length", 4, 10, &length, &err) != OG_OK ||
        og_args_int(&cli->args, "ttl", 60, 600, &ttl_s, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "to", cli->args.words[0]);
    og_json_add_cstr(&w, "purpose", purpose_of(cli));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (og_args_has(&cli->args, texts[i][0])) {
            og_json_add_cstr(&w, texts[i][1], og_args_value(&cli->args, texts[i][0]));
        }
    }
    if (length) {
        og_json_add_i64(&w, "code_length", length);
    }
    if (ttl_s) {
        og_json_add_i64(&w, "ttl", ttl_s);
    }
    og_json_end(&w);
    const char *key = og_args_value(&cli->args, "idempotency-key");
    int exit_code =
        call(cli, &(struct og_client_ask){"POST", VERIFICATIONS, og_buf_str(&body), key});
    og_buf_finish(&body);
    return exit_code;
}

static int
run_show(struct og_cli *cli)
{
    const char *path = og_cli_path(cli, VERIFICATIONS "/", cli->args.words[0], "");
    return call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL});
}

static int
run_resend(struct og_cli *cli)
{
    const char *path = og_cli_path(cli, VERIFICATIONS "/", cli->args.words[0], "/resend");
    return call(cli, &(struct og_client_ask){"POST", path, {NULL, 0}, NULL});
}

static int
run_cancel(struct og_cli *cli)
{
    const char *path = og_cli_path(cli, VERIFICATIONS "/", cli->args.words[0], "");
    return call(cli, &(struct og_client_ask){"DELETE", path, {NULL, 0}, NULL});
}

/* ---- check ---- */

/* The code from the word, or a line from standard input when the word is "-". */
static bool
read_code(const char *word, struct og_secret *out)
{
    if (strcmp(word, "-") != 0) {
        return og_secret_set(out, og_str_from(word));
    }
    ssize_t got = read(STDIN_FILENO, out->bytes, OG_SECRET_MAX_BYTES);
    out->len = got > 0 ? (size_t)got : 0;
    out->len = og_str_find(og_secret_str(out), '\n');
    out->bytes[out->len] = '\0';
    return out->len > 0;
}

static int
print_check(struct og_cli *cli, const struct og_client_answer *answer)
{
    struct og_json_doc doc = {0};
    struct og_err err;
    int exit_code = OG_EXIT_UNREACHABLE;
    if (og_json_parse(og_buf_str(&answer->body), 8, &doc, &err) == OG_OK) {
        bool is_approved = og_cli_flag(doc.root, "approved");
        exit_code = is_approved ? OG_EXIT_OK : OG_EXIT_REFUSED;
        if (cli->json) {
            fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&answer->body)));
        } else if (is_approved) {
            fprintf(cli->out, "%s\n", og_cli_bold(cli, "approved"));
        } else {
            fprintf(cli->out, "not approved (%s%s)", og_cli_text(cli, doc.root, "status"),
                    og_cli_text(cli, doc.root, "error"));
            int64_t left = og_cli_int(doc.root, "attempts_left");
            fprintf(cli->out, left > 0 ? ", attempts left: %lld\n" : "\n", (long long)left);
        }
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_check(struct og_cli *cli)
{
    struct og_secret code = {0};
    struct og_buf body;
    struct og_json_writer w;
    struct og_client_answer answer = {0};
    struct og_err err;
    if (!read_code(cli->args.words[1], &code)) {
        return og_cli_usage(cli, "there is no code");
    }
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "code", og_secret_str(&code));
    og_json_add_cstr(&w, "purpose", purpose_of(cli));
    og_json_end(&w);
    og_secret_finish(&code);
    const char *path = og_cli_path(cli, VERIFICATIONS "/", cli->args.words[0], "/check");
    const struct og_client_ask ask = {"POST", path, og_buf_str(&body), NULL};
    int exit_code;
    if (og_client_call(&cli->client, &ask, &answer, &err) != OG_OK) {
        exit_code = og_cli_fail(cli, &err);
    } else if (answer.status == 200) {
        exit_code = print_check(cli, &answer);
    } else {
        exit_code = og_cli_refused(cli, &answer);
    }
    og_buf_finish(&body);
    og_buf_finish(&answer.body);
    return exit_code;
}

/* ---- rows ---- */

#define PURPOSE_OPTION {"purpose", "WORD", "what the code is for, " DEFAULT_PURPOSE}

static const struct og_arg_option start_options[] = {
    PURPOSE_OPTION,
    {"app", "NAME", "the application that reads the message (otpgate app)"},
    {"template", "NAME", "the words of the message (otpgate template)"},
    {"app-hash", "HASH", "of the Android app that reads the message (otpgate apphash)"},
    {"locale", "TAG", "language of the message, like en"},
    {"brand", "TEXT", "another name than the account's"},
    {"length", "DIGITS", "of the code"},
    {"ttl", "SECONDS", "life of the code, 60 to 600"},
    {"idempotency-key", "KEY", "the same key again sends nothing again"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option check_options[] = {PURPOSE_OPTION, {NULL, NULL, NULL}};

const struct og_command og_otp_commands[] = {
    {"otp start", "NUMBER", "send a code to a number",
     "Starts a verification: a code goes to NUMBER by SMS, and nobody but its owner sees it.\n"
     "\n"
     "  otpgate otp start +491701234567 --purpose login\n"
     "  otpgate otp check 0VR8jQzuA4yWmT1kPd6sNx3cLb9eHf 482913\n",
     OG_CLI_APP, 1, 1, start_options, run_start},
    {"otp check", "ID CODE", "say whether a code is right",
     "Exit code 0 when it was right, 2 when not. A CODE of - is read from standard input.\n"
     "\n"
     "  otpgate otp check 0VR8jQzuA4yWmT1kPd6sNx3cLb9eHf 482913 --purpose login\n",
     OG_CLI_APP, 2, 2, check_options, run_check},
    {"otp show", "ID", "show a verification and its time line",
     "  otpgate otp show 0VR8jQzuA4yWmT1kPd6sNx3cLb9eHf\n", OG_CLI_APP, 1, 1, NULL, run_show},
    {"otp resend", "ID", "send the code once more",
     "  otpgate otp resend 0VR8jQzuA4yWmT1kPd6sNx3cLb9eHf\n", OG_CLI_APP, 1, 1, NULL, run_resend},
    {"otp cancel", "ID", "make the code unusable",
     "  otpgate otp cancel 0VR8jQzuA4yWmT1kPd6sNx3cLb9eHf\n", OG_CLI_APP, 1, 1, NULL, run_cancel},
    {NULL},
};
