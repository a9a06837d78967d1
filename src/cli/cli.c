/*
 * The table of commands, their help, and running one. Everything that a command may do is said by
 * its row.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_priv.h"

#define PLACE_BYTES 48

static const struct og_arg_option common_options[] = {
    {"json", NULL, "print the answer as JSON"},
    {"help", NULL, "say what this command does"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option server_options[] = {
    {"data", "DIR", "the server's data folder (OTPGATE_DATA_DIR, else data)"},
    {"url", "URL", "the server's address (OTPGATE_URL, else from the data folder)"},
    {"ca", "FILE", "its certificate's authority (OTPGATE_CA, else the data folder's)"},
    {"key", "KEY", "an API key (better in OTPGATE_KEY, where other users do not see it)"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option app_options[] = {
    {"user", "LOGIN:PASSWORD", "an account's login (better in OTPGATE_USER)"},
    {NULL, NULL, NULL},
};

static int run_version(struct og_cli *cli);
static int run_help(struct og_cli *cli);

static const struct og_command own_commands[] = {
    {"version", "", "print the version", "Prints the version of this program.\n", OG_CLI_NOBODY, 0,
     0, NULL, run_version},
    {"help", "[COMMAND]", "explain a command",
     "  otpgate help account\n  otpgate help account create\n", OG_CLI_NOBODY, 0, 3, NULL,
     run_help},
    {NULL},
};

/* Each list ends with a name of NULL. */
static const struct og_command *const lists[] = {
    og_account_commands, og_device_commands,  og_send_commands, og_batch_commands,
    og_otp_commands,
    og_client_app_commands, og_template_commands, og_sandbox_commands, og_privacy_commands,
    og_abuse_commands,
    og_alert_commands, og_route_commands, og_trace_commands,
    og_apphash_commands, og_db_commands,      og_audit_commands, og_webhook_commands,
    own_commands,
};
#define LIST_COUNT (sizeof lists / sizeof lists[0])

/* ---- finding ---- */

/* How many words of `name` stand at the beginning of argv; 0 when not all do. */
static int
matches(const char *name, int argc, char *const *argv)
{
    struct og_str rest = og_str_from(name);
    int words = 0;
    while (rest.len > 0) {
        size_t end = og_str_find(rest, ' ');
        if (words >= argc ||
            !og_str_eq(og_str_slice(rest, 0, end), og_str_from(argv[words]))) {
            return 0;
        }
        rest = og_str_slice(rest, end + 1, rest.len);
        words++;
    }
    return words;
}

/* The command with the longest name that fits. */
static const struct og_command *
find_command(int argc, char *const *argv, int *words_out)
{
    const struct og_command *best = NULL;
    *words_out = 0;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        for (const struct og_command *command = lists[i]; command->name; command++) {
            int words = matches(command->name, argc, argv);
            if (words > *words_out) {
                *words_out = words;
                best = command;
            }
        }
    }
    return best;
}

static bool
is_in_group(const struct og_command *command, const char *group)
{
    struct og_str name = og_str_from(command->name);
    return og_str_eq(og_str_slice(name, 0, og_str_find(name, ' ')), og_str_from(group));
}

bool
og_cli_has(const char *name)
{
    for (size_t i = 0; i < LIST_COUNT; i++) {
        for (const struct og_command *command = lists[i]; command->name; command++) {
            if (is_in_group(command, name)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- help ---- */

static void
print_line(FILE *out, const struct og_command *command)
{
    char place[PLACE_BYTES];
    snprintf(place, sizeof place, "%s %s", command->name, command->words);
    fprintf(out, "  %-34s %s\n", place, command->summary);
}

void
og_cli_list(FILE *out)
{
    for (size_t i = 0; i < LIST_COUNT; i++) {
        fputc('\n', out);
        for (const struct og_command *command = lists[i]; command->name; command++) {
            print_line(out, command);
        }
    }
}

static void
print_group(FILE *out, const char *group)
{
    fprintf(out, "Usage: otpgate %s COMMAND; `otpgate help %s COMMAND` tells more\n\n", group,
            group);
    for (size_t i = 0; i < LIST_COUNT; i++) {
        for (const struct og_command *command = lists[i]; command->name; command++) {
            if (is_in_group(command, group)) {
                print_line(out, command);
            }
        }
    }
}

static void
accept_options(struct og_args *args, const struct og_command *command)
{
    og_args_accept(args, command->options);
    if (command->needs != OG_CLI_NOBODY) {
        og_args_accept(args, server_options);
    }
    if (command->needs == OG_CLI_APP) {
        og_args_accept(args, app_options);
    }
    og_args_accept(args, common_options);
}

static void
print_command(FILE *out, const struct og_command *command)
{
    struct og_args args = {0};
    accept_options(&args, command);
    fprintf(out, "Usage: otpgate %s%s%s [OPTIONS]\n\n%s\nOptions:\n", command->name,
            command->words[0] ? " " : "", command->words, command->help);
    for (int i = 0; i < args.option_count; i++) {
        char name[PLACE_BYTES];
        const struct og_arg_option *option = args.options[i];
        snprintf(name, sizeof name, "--%s %s", option->name, option->value ? option->value : "");
        fprintf(out, "  %-26s %s\n", name, option->help);
    }
}

static int
help_about(int argc, char *const *argv, FILE *out, FILE *err)
{
    int words;
    const struct og_command *command = find_command(argc, argv, &words);
    if (command) {
        print_command(out, command);
        return OG_EXIT_OK;
    }
    if (argc > 0 && og_cli_has(argv[0])) {
        print_group(out, argv[0]);
        return OG_EXIT_OK;
    }
    fprintf(err, "otpgate: there is no command %.40s; otpgate --help lists them\n",
            argc > 0 ? argv[0] : "");
    return OG_EXIT_USAGE;
}

static int
run_help(struct og_cli *cli)
{
    if (cli->args.word_count == 0) {
        og_cli_list(cli->out);
        return OG_EXIT_OK;
    }
    return help_about(cli->args.word_count, (char *const *)(uintptr_t)cli->args.words, cli->out,
                      cli->err);
}

static int
run_version(struct og_cli *cli)
{
    fprintf(cli->out, cli->json ? "{\"version\":\"%s\"}\n" : "otpgate %s\n", OG_VERSION);
    return OG_EXIT_OK;
}

/* ---- running ---- */

static bool
wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_colour && no_colour[0]);
}

static int
run_command(struct og_cli *cli, int argc, char *const *argv)
{
    const struct og_command *command = cli->command;
    struct og_err err;
    accept_options(&cli->args, command);
    if (og_args_parse(&cli->args, argc, argv, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    if (og_args_has(&cli->args, "help")) {
        print_command(cli->out, command);
        return OG_EXIT_OK;
    }
    if (cli->args.word_count < command->words_min || cli->args.word_count > command->words_max) {
        return og_cli_usage(cli, "expected: otpgate %s %s", command->name, command->words);
    }
    const char *data = og_args_value(&cli->args, "data");
    data = data ? data : getenv("OTPGATE_DATA_DIR");
    cli->data_dir = data && data[0] ? data : "data";
    cli->json = og_args_has(&cli->args, "json");
    int exit_code = og_cli_connect(cli);
    return exit_code == OG_EXIT_OK ? command->run(cli) : exit_code;
}

int
og_cli_main(int argc, char **argv)
{
    int words;
    const struct og_command *command = find_command(argc - 1, argv + 1, &words);
    if (!command) {
        const char *last = argv[argc - 1];
        bool asks = argc > 2 && (strcmp(last, "--help") == 0 || strcmp(last, "-h") == 0);
        bool is_alone = argc == 2 && og_cli_has(argv[1]);
        int exit_code = help_about(asks || is_alone ? 1 : argc - 1, argv + 1,
                                   asks ? stdout : stderr, stderr);
        return asks ? exit_code : OG_EXIT_USAGE;
    }
    struct og_cli cli = {
        .command = command, .colour = wants_colour(), .out = stdout, .err = stderr};
    og_arena_init(&cli.mem, 0);
    int exit_code = run_command(&cli, argc - 1 - words, argv + 1 + words);
    og_client_finish(&cli.client);
    og_secret_finish(&cli.authorization);
    og_arena_finish(&cli.mem);
    return exit_code;
}
