/*
 * argv and exit code: which subcommand runs.
 */
#include <stdio.h>
#include <string.h>

#include "app/demo.h"
#include "app/import_cmd.h"
#include "app/serve.h"
#include "cli/cli.h"
#include "phone/phone_main.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand */
    const char *help;
} commands[] = {
    {"serve", og_serve_main, "run the gateway"},
    {"demo", og_demo_main, "run a gateway with a virtual phone and watch a code arrive"},
    {"import", og_import_main, "take accounts and phones over from another server"},
    {"phone", og_phone_main, "run virtual phones against a gateway"},
    {"check-config", og_check_config_main, "check a configuration, or print a sample"},
};

static void
print_help(FILE *out)
{
    fprintf(out,
            "otpgate %s: one-time passcodes and SMS through phones you own\n\n"
            "Usage: otpgate COMMAND [ARGUMENTS]; otpgate COMMAND --help tells more\n\n",
            OG_VERSION);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].help);
    }
    og_cli_list(out);
}

/* Run the subcommand argv[0] if it is a program of its own. */
static int
run_own(int argc, char **argv, bool *found)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            *found = true;
            return commands[i].run(argc, argv);
        }
    }
    *found = false;
    return OG_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
    static char help[] = "--help";
    if (argc < 2) {
        print_help(stderr);
        return OG_EXIT_USAGE;
    }
    const bool asks = strcmp(argv[1], "help") == 0 && argc == 3;
    bool found;
    const int exit_code = asks ? run_own(2, (char *[]){argv[2], help, NULL}, &found)
                               : run_own(argc - 1, argv + 1, &found);
    if (found) {
        return exit_code;
    }
    bool wants_list = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                      (strcmp(argv[1], "help") == 0 && argc == 2);
    if (wants_list) {
        print_help(stdout);
        return OG_EXIT_OK;
    }
    if (og_cli_has(argv[1])) {
        return og_cli_main(argc, argv);
    }
    fprintf(stderr, "otpgate: there is no command %.40s; otpgate --help lists them\n", argv[1]);
    return OG_EXIT_USAGE;
}
