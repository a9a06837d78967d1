/*
 * `otpgate trace`: the life of a message or a verification, for people. One line a step, with the
 * time since the first.
 */
#include "cli/trace_cmd.h"

#include <string.h>

#include "base/clock.h"
#include "cli/trace_words.h"

#define NAME_COLUMNS 14
#define AFTER_COLUMNS 10

static const char *
coloured(struct og_cli *cli, const char *text, enum og_trace_mood mood)
{
    static const char *const codes[] = {[OG_TRACE_GOOD] = "32", [OG_TRACE_CARE] = "33",
                                        [OG_TRACE_BAD] = "31"};
    return cli->colour && mood != OG_TRACE_PLAIN
               ? og_str_printf(&cli->mem, "\033[%sm%s\033[0m", codes[mood], text).ptr
               : text;
}

/* "+0.8 s", "+3 min 20 s", "+2 h 5 min" */
static const char *
after(struct og_cli *cli, int64_t ms)
{
    const long long s = ms / 1000;
    if (s < 60) {
        return og_str_printf(&cli->mem, "+%lld.%lld s", s, (long long)(ms % 1000 / 100)).ptr;
    }
    if (s < 3600) {
        return og_str_printf(&cli->mem, "+%lld min %lld s", s / 60, s % 60).ptr;
    }
    return og_str_printf(&cli->mem, "+%lld h %lld min", s / 3600, s % 3600 / 60).ptr;
}

static int64_t
moment_of(struct og_cli *cli, const struct og_json *node, const char *name)
{
    int64_t at = 0;
    const char *text = og_cli_text(cli, node, name);
    return og_time_parse(og_str_from(text), &at) ? at : 0;
}

static void
print_step(struct og_cli *cli, const struct og_json *step, int64_t first)
{
    const char *name = og_cli_text(cli, step, "step");
    const char *at = og_cli_text(cli, step, "at");
    const int64_t since = moment_of(cli, step, "at") - first;
    const int gap = NAME_COLUMNS - (int)strlen(name);
    fprintf(cli->out, "  %.12s  %*s  %s%*s%s\n", strlen(at) > 23 ? at + 11 : at, AFTER_COLUMNS,
            after(cli, since > 0 ? since : 0), coloured(cli, name, og_trace_mood_of(name)),
            gap > 1 ? gap : 1, "", og_trace_sentence(cli, step));
}

static void
print_head(struct og_cli *cli, const struct og_json *line, const struct og_json *first)
{
    const char *day = og_cli_text(cli, first, "at");
    fprintf(cli->out, "%s %s\n", og_cli_text(cli, line, "kind"),
            og_cli_bold(cli, og_cli_text(cli, line, "id")));
    og_cli_fact(cli, "class", og_cli_text(cli, line, "class"));
    og_cli_fact(cli, "state",
                og_str_printf(&cli->mem, "%s%s", og_cli_text(cli, line, "state"),
                              og_cli_flag(line, "final") ? ", final" : "")
                    .ptr);
    og_cli_fact(cli, "day", og_str_printf(&cli->mem, "%.10s, times in UTC", day).ptr);
    fputc('\n', cli->out);
}

void
og_trace_print(struct og_cli *cli, const struct og_json *line)
{
    const struct og_json *steps = og_json_get(line, "steps");
    const struct og_json *first = og_json_at(steps, 0);
    const char *wait = og_trace_wait(cli, line), *hint = og_trace_hint(cli, line);
    print_head(cli, line, first);
    for (size_t i = 0; i < og_json_count(steps); i++) {
        print_step(cli, og_json_at(steps, i), moment_of(cli, first, "at"));
    }
    if (og_cli_flag(line, "cut")) {
        fputs("  … and more\n", cli->out);
    }
    if (wait[0]) {
        fprintf(cli->out, "\n  waits for %s\n  over by   %s at the latest\n",
                coloured(cli, wait, OG_TRACE_CARE),
                og_cli_time(cli, og_cli_text(cli, line, "limit")));
    }
    if (hint[0]) {
        fprintf(cli->out, "%s  hint      %s\n", wait[0] ? "" : "\n", hint);
    }
}

static int
run_trace(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *account = og_args_value(&cli->args, "account");
    const char *path = og_cli_path(cli, "/admin/v1/timelines/", cli->args.words[0], "");
    if (account) {
        path = og_cli_path(cli, og_str_printf(&cli->mem, "%s?account=", path).ptr, account, "");
    }
    const int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        og_trace_print(cli, answer);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static const struct og_arg_option trace_options[] = {
    {"account", "NAME", "look in this account only"},
    {NULL, NULL, NULL},
};

const struct og_command og_trace_commands[] = {
    {"trace", "ID", "tell what happened to a message or a verification",
     "Prints every step with its time and reason, what it waits for now, and what may be done.\n"
     "ID is that of a message (also one that a client chose) or of a verification.\n"
     "\n"
     "  otpgate trace AP74QO66fmKQEOXTbGNZ8\n"
     "  otpgate trace order-4711 --account shop\n",
     OG_CLI_OPERATOR, 1, 1, trace_options, run_trace},
    {NULL},
};
