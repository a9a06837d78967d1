/*
 * `otpgate webhook`: what is told to whom, with which key, and what could not be delivered.
 */
#include "base/files.h"
#include "base/trust.h"
#include "cli/cli_priv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A column: its head and the member that fills it. */
struct column {
    const char *head;
    const char *member;
    bool is_time;
};

static void
print_rows(struct og_cli *cli, const struct og_json *rows, const struct column *columns,
           size_t column_count)
{
    size_t count = og_json_count(rows);
    const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (count + 1) * column_count);
    const char **cell = cells;
    for (size_t i = 0; i < column_count; i++) {
        *cell++ = columns[i].head;
    }
    for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < column_count; i++) {
            const char *text = og_cli_text(cli, og_json_at(rows, row), columns[i].member);
            *cell++ = columns[i].is_time ? og_cli_time(cli, text) : text;
        }
    }
    og_cli_table(cli, cells, (int)count + 1, (int)column_count);
}

/* Call, and print the named array of the answer as a table. */
static int
list(struct og_cli *cli, const char *path, const char *name, const struct column *columns,
     size_t column_count)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        print_rows(cli, og_json_get(answer, name), columns, column_count);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_list(struct og_cli *cli)
{
    static const struct column columns[] = {
        {"ID", "id", false},   {"ACCOUNT", "account_id", false},
        {"EVENT", "event", false}, {"URL", "url", false},
        {"PHONE", "device_id", false}, {"GONE SINCE", "disabled_at", true},
    };
    return list(cli, "/admin/v1/webhooks", "webhooks", columns, COUNT(columns));
}

static int
run_dead(struct og_cli *cli)
{
    static const struct column columns[] = {
        {"ID", "id", false},       {"ACCOUNT", "account_id", false},
        {"WEBHOOK", "webhook_id", false}, {"EVENT", "event", false},
        {"REASON", "reason", false}, {"GIVEN UP", "dead_at", true},
    };
    const char *path = cli->args.word_count
                           ? og_cli_path(cli, "/admin/v1/webhooks/dead?account=",
                                         cli->args.words[0], "")
                           : "/admin/v1/webhooks/dead";
    return list(cli, path, "events", columns, COUNT(columns));
}

static int
run_replay(struct og_cli *cli)
{
    const char *id = og_args_value(&cli->args, "id");
    const char *path = "/admin/v1/webhooks/dead/replay";
    struct og_json_doc doc;
    const struct og_json *answer;
    if (cli->args.word_count) {
        path = og_cli_path(cli, "/admin/v1/webhooks/dead/replay?account=", cli->args.words[0], "");
    }
    if (id) {
        const char *joint = cli->args.word_count ? "&id=" : "?id=";
        path = og_cli_path(cli, og_str_printf(&cli->mem, "%s%s", path, joint).ptr, id, "");
    }
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"POST", path, {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        fprintf(cli->out, "%lld events will be delivered again\n",
                (long long)og_cli_int(answer, "replayed"));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* The file's content goes to the server, which keeps it; "" : none of its own any more. */
static enum og_code
read_authorities(struct og_cli *cli, struct og_str *out, struct og_err *err)
{
    const char *path = og_args_value(&cli->args, "authorities");
    struct og_buf pem;
    *out = OG_STR("");
    if (!path) {
        return OG_OK;
    }
    og_buf_init(&pem, OG_TRUST_BYTES_MAX);
    enum og_code code = og_file_read(path, &pem, err);
    *out = og_str_dup(&cli->mem, og_buf_str(&pem));
    og_buf_finish(&pem);
    return code;
}

/* The body of a change, "" when nothing is to be changed. */
static enum og_code
compose_change(struct og_cli *cli, struct og_str *out, struct og_err *err)
{
    const char *by = og_args_value(&cli->args, "by");
    const bool rotates = og_args_has(&cli->args, "rotate");
    const bool sets_authorities =
        og_args_has(&cli->args, "authorities") || og_args_has(&cli->args, "no-authorities");
    struct og_buf body;
    struct og_json_writer w;
    struct og_str authorities;
    enum og_code code = read_authorities(cli, &authorities, err);
    *out = OG_STR("");
    if (code != OG_OK || !(by || rotates || sets_authorities)) {
        return code;
    }
    og_buf_init(&body, 2 * OG_TRUST_BYTES_MAX);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    if (by) {
        og_json_add_cstr(&w, "webhooks_by", by);
    }
    if (sets_authorities) {
        og_json_add_str(&w, "authorities", authorities);
    }
    og_json_add_bool(&w, "rotate_signing_key", rotates);
    og_json_end(&w);
    *out = og_str_dup(&cli->mem, og_buf_str(&body));
    og_buf_finish(&body);
    return OG_OK;
}

static void
print_authorities(struct og_cli *cli, const struct og_json *list)
{
    for (size_t i = 0; i < og_json_count(list); i++) {
        const struct og_json *one = og_json_at(list, i);
        og_cli_fact(cli, "trusts",
                    og_str_printf(&cli->mem, "%s, until %s", og_cli_text(cli, one, "subject"),
                                  og_cli_time(cli, og_cli_text(cli, one, "ends_at")))
                        .ptr);
    }
}

static int
run_account(struct og_cli *cli)
{
    struct og_err err;
    struct og_json_doc doc;
    const struct og_json *answer;
    struct og_client_ask ask = {"GET", NULL, {NULL, 0}, NULL};
    ask.path = og_cli_path(cli, "/admin/v1/accounts/", cli->args.words[0], "/webhooks");
    if (compose_change(cli, &ask.body, &err) != OG_OK) {
        return og_cli_fail(cli, &err);
    }
    ask.method = ask.body.len > 0 ? "PATCH" : "GET";
    int exit_code = og_cli_call(cli, &ask, &doc, &answer);
    if (answer) {
        og_cli_fact(cli, "told by", og_cli_text(cli, answer, "webhooks_by"));
        og_cli_fact(cli, "signing key", og_cli_bold(cli, og_cli_text(cli, answer, "signing_key")));
        print_authorities(cli, og_json_get(answer, "authorities"));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static const struct og_arg_option replay_options[] = {
    {"id", "EVENT", "only this event"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option account_options[] = {
    {"by", "WHO", "who tells of the states of messages: server or phone"},
    {"rotate", NULL, "make a new signing key"},
    {"authorities", "FILE", "whom receivers' certificates must come from (PEM)"},
    {"no-authorities", NULL, "trust whom the server trusts"},
    {NULL, NULL, NULL},
};

const struct og_command og_webhook_commands[] = {
    {"webhook list", "", "show webhooks of all accounts", "  otpgate webhook list\n",
     OG_CLI_OPERATOR, 0, 0, NULL, run_list},
    {"webhook account", "ACCOUNT", "show or change who tells, and the key that signs",
     "  otpgate webhook account shop\n  otpgate webhook account shop --by phone\n"
     "  otpgate webhook account shop --authorities our-ca.pem\n",
     OG_CLI_OPERATOR, 1, 1, account_options, run_account},
    {"webhook dead", "[ACCOUNT]", "show events that could not be delivered",
     "  otpgate webhook dead\n", OG_CLI_OPERATOR, 0, 1, NULL, run_dead},
    {"webhook replay", "[ACCOUNT]", "deliver such events again",
     "  otpgate webhook replay shop\n  otpgate webhook replay --id m9Tq2xJ0aaaaaaaaaaaaa\n",
     OG_CLI_OPERATOR, 0, 1, replay_options, run_replay},
    {NULL},
};
