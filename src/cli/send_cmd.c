/*
 * `otpgate send`: one text through the API that every sms-gate.app client uses.
 */
#include <time.h>

#include "base/clock.h"
#include "cli/passphrase.h"
#include "cli/send_cipher.h"
#include "cli/send_list.h"

#define MESSAGES "/api/3rdparty/v1/messages"
#define BODY_BYTES (256 * 1024)
#define POLL_MS 300
#define WAIT_DEFAULT_S 60

struct ask {
    int64_t sim, ttl_s, priority, wait_s;
    const char *const *words; /* the numbers, last the text: as given, or encrypted */
    struct og_send_words encrypted; /* count 0: sent in plain */
};

static enum og_code
read_ask(const struct og_args *args, struct ask *ask, struct og_err *err)
{
    enum og_code code = og_args_int(args, "sim", 1, 3, &ask->sim, err);
    if (code == OG_OK) {
        code = og_args_int(args, "ttl", 5, 31536000, &ask->ttl_s, err);
    }
    if (code == OG_OK) {
        code = og_args_int(args, "priority", -128, 127, &ask->priority, err);
    }
    if (code == OG_OK) {
        code = og_args_int(args, "timeout", 1, 86400, &ask->wait_s, err);
    }
    return code;
}

static void
write_body(const struct og_args *args, const struct ask *ask, struct og_buf *body)
{
    static const char *const texts[][2] = {{"id", "id"}, {"device", "deviceId"}};
    struct og_json_writer w;
    og_json_begin(&w, body);
    og_json_object(&w, NULL);
    og_json_object(&w, "textMessage");
    og_json_add_cstr(&w, "text", ask->words[args->word_count - 1]);
    og_json_end(&w);
    og_json_array(&w, "phoneNumbers");
    for (int i = 0; i < args->word_count - 1; i++) {
        og_json_add_cstr(&w, NULL, ask->words[i]);
    }
    og_json_end(&w);
    if (ask->encrypted.count) {
        og_json_add_bool(&w, "isEncrypted", true);
    }
    for (size_t i = 0; i < 2; i++) {
        if (og_args_has(args, texts[i][0])) {
            og_json_add_cstr(&w, texts[i][1], og_args_value(args, texts[i][0]));
        }
    }
    if (ask->sim) {
        og_json_add_i64(&w, "simNumber", ask->sim);
    }
    if (ask->ttl_s) {
        og_json_add_i64(&w, "ttl", ask->ttl_s);
    }
    if (ask->priority) {
        og_json_add_i64(&w, "priority", ask->priority);
    }
    og_json_end(&w);
}

/* ---- what became of it ---- */

static void
print_message(struct og_cli *cli, const struct ask *ask, const struct og_json *message)
{
    const struct og_json *recipients = og_json_get(message, "recipients");
    og_cli_fact(cli, "message", og_cli_text(cli, message, "id"));
    og_cli_fact(cli, "state", og_cli_bold(cli, og_cli_text(cli, message, "state")));
    for (size_t i = 0; recipients && i < og_json_count(recipients); i++) {
        const struct og_json *one = og_json_at(recipients, i);
        const char *error = og_cli_text(cli, one, "error");
        const char *number = og_cli_text(cli, one, "phoneNumber");
        fprintf(cli->out, "  %-10s %s %s%s%s\n", "to", og_send_plain(&ask->encrypted, number),
                og_cli_text(cli, one, "state"), error[0] ? ": " : "", error);
    }
}

static bool
is_one_of(const char *state, const char *const *states)
{
    for (; *states; states++) {
        if (strcmp(state, *states) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_final(const char *state)
{
    static const char *const finals[] = {"Delivered", "Failed", "Cancelled", NULL};
    return is_one_of(state, finals);
}

/* Sent counts as well: not every operator gives delivery reports. */
static int
exit_for(const char *state)
{
    static const char *const good[] = {"Sent", "Delivered", NULL};
    return is_one_of(state, good) ? OG_EXIT_OK : OG_EXIT_REFUSED;
}

/* One look at the message; its state in *state_out. */
static int
look(struct og_cli *cli, const struct ask *ask, const char *path, bool must_print,
     const char **state_out)
{
    struct og_json_doc doc;
    const struct og_json *message;
    bool json = cli->json;
    cli->json = json && must_print;
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &message);
    cli->json = json;
    if (message) {
        *state_out = og_cli_text(cli, message, "state");
        if (must_print) {
            print_message(cli, ask, message);
        }
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
wait_for(struct og_cli *cli, const struct ask *ask, const char *id)
{
    const char *path = og_cli_path(cli, MESSAGES "/", id, "");
    const char *state = "";
    int64_t until = og_mono_us() + ask->wait_s * 1000000;
    int exit_code = look(cli, ask, path, false, &state);
    while (exit_code == OG_EXIT_OK && !is_final(state) && og_mono_us() < until) {
        nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
        exit_code = look(cli, ask, path, false, &state);
    }
    if (exit_code == OG_EXIT_OK) {
        exit_code = look(cli, ask, path, true, &state);
    }
    if (exit_code == OG_EXIT_OK && !is_final(state)) {
        fprintf(cli->err, "otpgate: still %s after %lld s\n", state, (long long)ask->wait_s);
    }
    return exit_code == OG_EXIT_OK ? exit_for(state) : exit_code;
}

/* The id is needed to wait, so the answer is read even with --json. */
static int
send_and_wait(struct og_cli *cli, const struct ask *ask, const struct og_client_ask *call)
{
    struct og_json_doc doc;
    const struct og_json *message;
    bool json = cli->json;
    cli->json = false;
    int exit_code = og_cli_call(cli, call, &doc, &message);
    cli->json = json;
    if (message) {
        exit_code = wait_for(cli, ask, og_cli_text(cli, message, "id"));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
send_only(struct og_cli *cli, const struct ask *ask, const struct og_client_ask *call)
{
    struct og_json_doc doc;
    const struct og_json *message;
    int exit_code = og_cli_call(cli, call, &doc, &message);
    if (message) {
        print_message(cli, ask, message);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_send(struct og_cli *cli)
{
    struct ask ask = {.wait_s = WAIT_DEFAULT_S, .words = cli->args.words};
    struct og_err err;
    struct og_buf body;
    if (og_args_has(&cli->args, "csv")) {
        return og_send_list(cli);
    }
    if (cli->args.word_count < 2) {
        return og_cli_usage(cli, "expected: otpgate send NUMBER... TEXT");
    }
    if (read_ask(&cli->args, &ask, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    if (og_args_has(&cli->args, "encrypt")) {
        int exit_code = og_send_encrypt(cli, &ask.encrypted);
        if (exit_code != OG_EXIT_OK) {
            return exit_code;
        }
        ask.words = ask.encrypted.cipher;
    }
    og_buf_init(&body, BODY_BYTES);
    write_body(&cli->args, &ask, &body);
    const struct og_client_ask call = {"POST", MESSAGES, og_buf_str(&body), NULL};
    int exit_code = og_args_has(&cli->args, "wait") ? send_and_wait(cli, &ask, &call)
                                                    : send_only(cli, &ask, &call);
    og_buf_finish(&body);
    return exit_code;
}

static const struct og_arg_option send_options[] = {
    {"wait", NULL, "wait until it is delivered or has failed"},
    {"timeout", "SECONDS", "how long to wait, 60"},
    {"sim", "1-3", "the SIM to send with"},
    {"ttl", "SECONDS", "give it up when it was not sent by then"},
    {"priority", "N", "-128 to 127, higher goes first"},
    {"device", "ID", "this phone and no other"},
    {"id", "ID", "an id of your own; the same one twice sends once"},
    OG_SEND_LIST_OPTIONS,
    {"encrypt", NULL, "so that only the phone can read text and numbers"},
    OG_PASSPHRASE_OPTION,
    {NULL, NULL, NULL},
};

const struct og_command og_send_commands[] = {
    {"send", "NUMBER... TEXT", "send a text message",
     "Sends TEXT to one or more numbers through the account's phones. With --wait the exit code\n"
     "is 0 when the message was sent or delivered, 2 when it was not.\n"
     "\n"
     "  export OTPGATE_KEY=og_...\n"
     "  otpgate send +491701234567 'Your table is ready'\n"
     "  otpgate send --wait --ttl 300 +491701234567 +491707654321 'Line 7 is down'\n"
     "\n"
     "With --csv the text goes to each row of a list of up to 100,000, a few at a time as the phones\n"
     "have room; codes go first. {name} in the text is what the row has in the column name, {{ and\n"
     "}} are brackets. Bad rows are told by their line. The same --id again sends nothing twice and\n"
     "goes on where it stopped; `otpgate batch` shows, pauses, resumes and cancels it.\n"
     "\n"
     "  otpgate send --csv list.csv --text 'Hello {name}, we open at nine.' --id spring-news\n"
     "\n"
     "With --encrypt text and numbers leave this machine encrypted, and only a phone that has the\n"
     "same passphrase (Passphrase in the app's settings) can read them. The server\n"
     "cannot, so it checks neither. The passphrase comes from a file that only you can read, from\n"
     "the environment, or is asked for.\n"
     "\n"
     "  otpgate send --encrypt --passphrase-file ~/.otpgate-passphrase +491701234567 'Line 7'\n",
     OG_CLI_APP, 0, OG_ARGS_WORDS_MAX, send_options, run_send},
    {NULL},
};
