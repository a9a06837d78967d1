/*
 * `otpgate route`: the rules of an account, and why a phone would be chosen.
 */
#include "base/files.h"
#include "cli/cli_priv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DOCUMENT_BYTES_MAX (256 * 1024)

/* "&name=value", percent-encoded; "" when it is not given. */
static const char *
query(struct og_cli *cli, const char *name)
{
    const char *value = og_args_value(&cli->args, name);
    return value ? og_cli_path(cli, og_str_printf(&cli->mem, "&%s=", name).ptr, value, "") : "";
}

static const char *
or_dash(const char *text)
{
    return text && text[0] ? text : "-";
}

static const char *
number_of(struct og_cli *cli, const struct og_json *node, const char *name)
{
    int64_t number;
    return og_json_to_i64(og_json_get(node, name), &number)
               ? og_str_printf(&cli->mem, "%lld", (long long)number).ptr
               : "-";
}

static const char *
seconds_of(struct og_cli *cli, const struct og_json *node, const char *name)
{
    int64_t ms;
    return og_json_to_i64(og_json_get(node, name), &ms)
               ? og_str_printf(&cli->mem, "%lld.%lld s", (long long)(ms / 1000),
                               (long long)(ms % 1000 / 100))
                     .ptr
               : "-";
}

/* "minute until 19:30:12", or "-". */
static const char *
pace_of(struct og_cli *cli, const struct og_json *node)
{
    const char *by = og_cli_text(cli, node, "paced_by");
    if (!by[0]) {
        return "-";
    }
    return og_str_printf(&cli->mem, "%s until %s", by,
                         og_cli_time(cli, og_cli_text(cli, node, "paced_until")))
        .ptr;
}

static void
print_candidates(struct og_cli *cli, const struct og_json *candidates)
{
    static const char *const head[] = {"DEVICE", "SIM",   "VERDICT", "EXPECTED",
                                       "HEALTH", "SCORE", "AHEAD",   "PACE"};
    const size_t rows = og_json_count(candidates);
    const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COUNT(head));
    const char **cell = cells;
    for (size_t i = 0; i < COUNT(head); i++) {
        *cell++ = head[i];
    }
    for (size_t i = 0; i < rows; i++) {
        const struct og_json *one = og_json_at(candidates, i);
        *cell++ = og_cli_text(cli, one, "device");
        *cell++ = number_of(cli, one, "sim");
        *cell++ = og_cli_text(cli, one, "verdict");
        *cell++ = seconds_of(cli, one, "expected_ms");
        *cell++ = og_cli_flag(one, "connected") ? og_cli_text(cli, one, "health") : "away";
        *cell++ = number_of(cli, one, "score");
        *cell++ = number_of(cli, one, "parts_ahead");
        *cell++ = pace_of(cli, one);
    }
    og_cli_table(cli, cells, (int)rows + 1, (int)COUNT(head));
}

static int
run_explain(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = og_cli_path(cli, "/admin/v1/accounts/", cli->args.words[0], "/route?to=");
    path = og_cli_path(cli, path, cli->args.words[1],
                       og_str_printf(&cli->mem, "%s%s%s%s%s%s", query(cli, "class"),
                                     query(cli, "tag"), query(cli, "device"), query(cli, "sim"),
                                     query(cli, "parts"), query(cli, "ttl"))
                           .ptr);
    const int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        const char *rule = number_of(cli, answer, "rule");
        og_cli_fact(cli, "to", og_cli_text(cli, answer, "to"));
        og_cli_fact(cli, "country", or_dash(og_cli_text(cli, answer, "country")));
        og_cli_fact(cli, "rule", rule);
        og_cli_fact(cli, "chosen", or_dash(og_cli_text(cli, answer, "chosen")));
        fputc('\n', cli->out);
        print_candidates(cli, og_json_get(answer, "candidates"));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* The document as it is: it may go into a file and come back. */
static int
run_show(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path =
        og_cli_path(cli, "/admin/v1/accounts/", cli->args.words[0], "/routing");
    cli->json = true;
    const int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_set(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    struct og_buf document;
    struct og_err err = {0};
    og_buf_init(&document, DOCUMENT_BYTES_MAX);
    if (og_file_read(cli->args.words[1], &document, &err) != OG_OK) {
        og_buf_finish(&document);
        return og_cli_fail(cli, &err);
    }
    const char *path =
        og_cli_path(cli, "/admin/v1/accounts/", cli->args.words[0], "/routing");
    const int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"PUT", path, og_buf_str(&document), NULL}, &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "the rules of %s are in force\n", cli->args.words[0]);
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&document);
    return exit_code;
}

static const struct og_arg_option explain_options[] = {
    {"class", "CLASS", "otp (the default), transactional or bulk"},
    {"tag", "TAG", "the client's word for rules"},
    {"device", "DEVICE", "as if the client had named this phone"},
    {"sim", "NUMBER", "as if the client had named this SIM"},
    {"parts", "NUMBER", "SMS parts (1)"},
    {"ttl", "SECONDS", "what is left of its life"},
    {NULL, NULL, NULL},
};

const struct og_command og_route_commands[] = {
    {"route explain", "ACCOUNT NUMBER", "which phone a message would take, and why",
     "Weighs every phone as the gateway would for a message now, and sends nothing.\n"
     "\n"
     "  otpgate route explain shop +4915112345678\n"
     "  otpgate route explain shop +4915112345678 --class bulk --tag news\n",
     OG_CLI_OPERATOR, 2, 2, explain_options, run_explain},
    {"route show", "ACCOUNT", "print an account's rules of routing",
     "  otpgate route show shop > rules.json\n", OG_CLI_OPERATOR, 1, 1, NULL, run_show},
    {"route set", "ACCOUNT FILE", "put an account's rules of routing in force",
     "Replaces all rules by those in FILE (JSON; docs/routing.md). {} has none.\n"
     "\n"
     "  otpgate route set shop rules.json\n",
     OG_CLI_OPERATOR, 2, 2, NULL, run_set},
    {NULL},
};
