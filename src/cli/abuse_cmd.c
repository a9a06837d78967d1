/*
 * `otpgate abuse`: what the rules against abuse decided, what is stopped, and how to undo it.
 */
#include "cli/cli_priv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BODY_BYTES 4096
#define BASE "/admin/v1/abuse"

static const char *
number_text(struct og_cli *cli, const struct og_json *object, const char *name)
{
    return og_str_printf(&cli->mem, "%lld", (long long)og_cli_int(object, name)).ptr;
}

/* A table of the objects in an array: head and member of each column; names that begin with '#' are
 * numbers, with '@' times. */
static void
print_objects(struct og_cli *cli, const struct og_json *items, const char *const columns[][2],
              size_t column_count)
{
    const size_t rows = og_json_count(items);
    const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * column_count);
    const char **cell = cells;
    for (size_t k = 0; k < column_count; k++) {
        *cell++ = columns[k][0];
    }
    for (size_t i = 0; i < rows; i++) {
        const struct og_json *item = og_json_at(items, i);
        for (size_t k = 0; k < column_count; k++) {
            const char *name = columns[k][1];
            *cell++ = name[0] == '#'   ? number_text(cli, item, name + 1)
                      : name[0] == '@' ? og_cli_time(cli, og_cli_text(cli, item, name + 1))
                                       : og_cli_text(cli, item, name);
        }
    }
    og_cli_table(cli, cells, (int)rows + 1, (int)column_count);
}

static int
list(struct og_cli *cli, const char *path, const char *member, const char *const columns[][2],
     size_t column_count)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        print_objects(cli, og_json_get(answer, member), columns, column_count);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_rules(struct og_cli *cli)
{
    static const char *const columns[][2] = {
        {"RULE", "rule"}, {"COUNTS FOR EACH", "subject"}, {"SECONDS", "#seconds"},
        {"LIMIT (0: none)", "#limit"}};
    struct og_json_doc doc;
    const struct og_json *answer;
    const int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"GET", BASE "/rules", {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        og_cli_fact(cli, "mode", og_cli_bold(cli, og_cli_text(cli, answer, "mode")));
        og_cli_fact(cli, "messages", og_cli_text(cli, answer, "messages"));
        og_cli_fact(cli, "challenge", og_cli_text(cli, answer, "challenge"));
        og_cli_fact(cli, "subjects", number_text(cli, answer, "subjects"));
        print_objects(cli, og_json_get(answer, "limits"), columns, COUNT(columns));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_decisions(struct og_cli *cli)
{
    static const char *const columns[][2] = {
        {"AT", "@at"},        {"ACTION", "action"}, {"RULE", "rule"},   {"FIGURE", "#figure"},
        {"LIMIT", "#limit"},  {"TIMES", "#count"},  {"NUMBER", "number"}, {"PLACE", "place"},
        {"SOURCE", "source"}, {"ACCOUNT", "account_id"}};
    const char *rule = og_args_value(&cli->args, "rule");
    const char *path =
        rule ? og_cli_path(cli, BASE "/decisions?rule=", rule, "") : BASE "/decisions";
    return list(cli, path, "decisions", columns, COUNT(columns));
}

static int
run_stops(struct og_cli *cli)
{
    static const char *const columns[][2] = {{"ID", "id"},          {"SUBJECT", "subject"},
                                             {"PLACE", "place"},    {"ACCOUNT", "account_id"},
                                             {"RULE", "rule"},      {"SINCE", "@since"},
                                             {"UNTIL", "@until"}};
    return list(cli, BASE "/stops", "stops", columns, COUNT(columns));
}

/* Sends a body made of texts whose value is not NULL, and `for` when it is not 0. */
static int
post(struct og_cli *cli, const char *path, const char *const texts[][2], size_t count,
     int64_t for_s, const char *done)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    struct og_buf body;
    struct og_json_writer w;
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        if (texts[i][1]) {
            og_json_add_cstr(&w, texts[i][0], texts[i][1]);
        }
    }
    if (for_s) {
        og_json_add_i64(&w, "for", for_s);
    }
    og_json_end(&w);
    const int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"POST", path, og_buf_str(&body), NULL}, &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "%s\n", done);
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&body);
    return exit_code;
}

static int
run_stop(struct og_cli *cli)
{
    int64_t for_s = 0;
    struct og_err err;
    const char *const texts[][2] = {{"country", cli->args.words[0]},
                                    {"account", og_args_value(&cli->args, "account")}};
    if (og_args_int(&cli->args, "for", 1, 365 * 24 * 3600, &for_s, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    return post(cli, BASE "/stops", texts, COUNT(texts), for_s,
                "stopped; `otpgate abuse stops` lists it, `otpgate abuse release ID` ends it");
}

static int
run_release(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = og_cli_path(cli, BASE "/stops/", cli->args.words[0], "");
    const int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"DELETE", path, {NULL, 0}, NULL}, &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "released; its counts begin afresh\n");
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_reset(struct og_cli *cli)
{
    const char *const texts[][2] = {
        {"subject", cli->args.words[0]},
        {"value", cli->args.word_count > 1 ? cli->args.words[1] : NULL},
        {"account", og_args_value(&cli->args, "account")}};
    return post(cli, BASE "/resets", texts, COUNT(texts), 0, "reset; it counts from nought again");
}

static const struct og_arg_option decision_options[] = {
    {"rule", "RULE", "only decisions of this rule"},
    {NULL, NULL, NULL},
};
static const struct og_arg_option stop_options[] = {
    {"account", "ACCOUNT", "only for this account (name or id)"},
    {"for", "SECONDS", "how long; without it until it is released"},
    {NULL, NULL, NULL},
};
static const struct og_arg_option reset_options[] = {
    {"account", "ACCOUNT", "whose counts (name or id); needed but for sim and global"},
    {NULL, NULL, NULL},
};

const struct og_command og_abuse_commands[] = {
    {"abuse rules", "", "show the rules against abuse and their limits",
     "Shows each limit with what it counts for and over which time, the mode, and how many\n"
     "subjects are remembered.\n",
     OG_CLI_OPERATOR, 0, 0, NULL, run_rules},
    {"abuse decisions", "", "list what the rules decided, newest first",
     "Lists refusals, challenges, alerts, stops, and what would have been refused while\n"
     "abuse.mode is record: which rule decided, by which figure.\n",
     OG_CLI_OPERATOR, 0, 0, decision_options, run_decisions},
    {"abuse stops", "", "list countries and prefixes that are stopped",
     "Lists what the conversion monitor or an operator has stopped.\n", OG_CLI_OPERATOR, 0, 0,
     NULL, run_stops},
    {"abuse stop", "COUNTRY", "send nothing to a country",
     "  otpgate abuse stop NL\n  otpgate abuse stop NL --for 3600 --account shop\n",
     OG_CLI_OPERATOR, 1, 1, stop_options, run_stop},
    {"abuse release", "ID", "end a stop", "  otpgate abuse release 0Nx3...\n", OG_CLI_OPERATOR, 1,
     1, NULL, run_release},
    {"abuse reset", "SUBJECT [VALUE]", "forget what was counted for a number, address, ...",
     "SUBJECT is recipient, prefix, country, ip, app, account, sim or global.\n\n"
     "  otpgate abuse reset recipient +4915112345678 --account shop\n"
     "  otpgate abuse reset account --account shop\n",
     OG_CLI_OPERATOR, 1, 2, reset_options, run_reset},
    {NULL},
};
