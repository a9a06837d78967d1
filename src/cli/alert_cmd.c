/*
 * `otpgate alerts`: what is wrong now, and whether somebody would hear of it.
 */
#include "cli/cli_priv.h"

#define COLUMNS 6

static void
print_alerts(struct og_cli *cli, const struct og_json *alerts)
{
    const size_t rows = og_json_count(alerts);
    const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COLUMNS);
    static const char *const heads[COLUMNS] = {"KIND",    "SEVERITY", "STATE",
                                               "STARTED", "ENDED",    "WHAT"};
    for (size_t k = 0; k < COLUMNS; k++) {
        cells[k] = heads[k];
    }
    for (size_t i = 0; i < rows; i++) {
        const struct og_json *alert = og_json_at(alerts, i);
        const char **row = &cells[(i + 1) * COLUMNS];
        row[0] = og_cli_text(cli, alert, "kind");
        row[1] = og_cli_text(cli, alert, "severity");
        row[2] = og_cli_text(cli, alert, "state");
        row[3] = og_cli_time(cli, og_cli_text(cli, alert, "started_at"));
        row[4] = og_cli_time(cli, og_cli_text(cli, alert, "ended_at"));
        row[5] = og_cli_text(cli, alert, "text");
    }
    og_cli_table(cli, cells, (int)rows + 1, COLUMNS);
}

static int
run_alerts(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"GET", "/admin/v1/alerts", {NULL, 0}, NULL}, &doc, &answer);
    const struct og_json *alerts = answer ? og_json_get(answer, "alerts") : NULL;
    if (answer && og_json_count(alerts) == 0) {
        fprintf(cli->out, "nothing is wrong\n");
    } else if (answer) {
        print_alerts(cli, alerts);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_test(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"POST", "/admin/v1/alerts/test", {NULL, 0}, NULL},
                    &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "raised; it ends by itself after a minute, and both are told\n");
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

const struct og_command og_alert_commands[] = {
    {"alerts", "", "show what is wrong now, and what was",
     "Lists alerts that last, then those that ended, newest first.\n", OG_CLI_OPERATOR, 0, 0, NULL,
     run_alerts},
    {"alerts test", "", "send a test to every channel of alerts",
     "Raises an alert of the kind test. Whoever is to hear of alerts hears of it within seconds.\n",
     OG_CLI_OPERATOR, 0, 0, NULL, run_test},
    {NULL},
};
