/*
 * `otpgate device`: the phones of accounts, and how a new one joins.
 */
#include "cli/cli_priv.h"
#include "cli/qr.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define QR_BYTES_MAX 65536

static int
run_list(struct og_cli *cli)
{
    static const char *const head[] = {"ID", "NAME", "ACCOUNT", "STATE", "SIMS", "SENT COPY", "LAST SEEN"};
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = cli->args.word_count
                           ? og_cli_path(cli, "/admin/v1/devices?account=", cli->args.words[0], "")
                           : "/admin/v1/devices";
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    const struct og_json *devices = answer ? og_json_get(answer, "devices") : NULL;
    if (devices) {
        size_t rows = og_json_count(devices);
        const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COUNT(head));
        const char **cell = cells;
        for (size_t i = 0; i < COUNT(head); i++) {
            *cell++ = head[i];
        }
        for (size_t i = 0; i < rows; i++) {
            const struct og_json *device = og_json_at(devices, i);
            size_t sims = og_json_count(og_json_get(device, "sims"));
            *cell++ = og_cli_text(cli, device, "id");
            *cell++ = og_cli_text(cli, device, "name");
            *cell++ = og_cli_text(cli, device, "account_id");
            *cell++ = og_cli_flag(device, "connected") ? "connected" : "away";
            *cell++ = og_str_printf(&cli->mem, "%zu", sims).ptr;
            *cell++ = og_cli_text(cli, device, "sent_copy");
            *cell++ = og_cli_time(cli, og_cli_text(cli, device, "last_seen_at"));
        }
        og_cli_table(cli, cells, (int)rows + 1, (int)COUNT(head));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_remove(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = og_cli_path(cli, "/admin/v1/devices/", cli->args.words[0], "");
    int exit_code = og_cli_call(cli, &(struct og_client_ask){"DELETE", path, {NULL, 0}, NULL},
                                &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "removed %s; its token no longer works\n", cli->args.words[0]);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* ---- pair ---- */

static void
print_qr(struct og_cli *cli, const char *url, const char *token)
{
    struct og_buf drawing;
    struct og_err err;
    og_buf_init(&drawing, QR_BYTES_MAX);
    struct og_str text = og_str_printf(&cli->mem, "%s\n%s", url, token);
    if (og_qr_print(text.ptr, cli->colour, &drawing, &err) == OG_OK && !drawing.full) {
        fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&drawing)));
    }
    og_buf_finish(&drawing);
}

static void
print_pairing(struct og_cli *cli, const struct og_json *answer)
{
    const char *url = og_cli_text(cli, answer, "url");
    const char *token = og_cli_text(cli, answer, "token");
    og_cli_fact(cli, "API URL", og_cli_bold(cli, url));
    og_cli_fact(cli, "token", og_cli_bold(cli, token));
    fprintf(cli->out,
            "\nIn the SMS Gateway app: Settings, Cloud server: enter the API URL and the private\n"
            "token, choose the notification channel \"SSE only\", then switch Cloud server on and\n"
            "tap Offline on the Home tab.\n");
    if (cli->client.ca_file) {
        fprintf(cli->out,
                "The phone must trust this server's authority first: install %s on it\n"
                "(Settings, Security, Encryption and credentials, Install a CA certificate).\n",
                cli->client.ca_file);
    }
    if (og_args_has(&cli->args, "no-qr")) {
        return;
    }
    fprintf(cli->out,
            "\nThe app itself cannot scan codes. This one holds the two lines above as text: read\n"
            "it with the phone's camera and copy them over.\n\n");
    print_qr(cli, url, token);
}

static int
run_pair(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    struct og_str body = og_args_has(&cli->args, "rotate") ? OG_STR("{\"rotate\":true}")
                                                           : OG_STR("{}");
    const char *path =
        og_cli_path(cli, "/admin/v1/accounts/", cli->args.words[0], "/pairing");
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"POST", path, body, NULL}, &doc, &answer);
    if (answer) {
        print_pairing(cli, answer);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static const struct og_arg_option pair_options[] = {
    {"rotate", NULL, "make a new token; the old one lets no more phones in"},
    {"no-qr", NULL, "print no QR code"},
    {NULL, NULL, NULL},
};

const struct og_command og_device_commands[] = {
    {"device list", "[ACCOUNT]", "show phones, and which are connected",
     "  otpgate device list\n  otpgate device list shop\n", OG_CLI_OPERATOR, 0, 1, NULL, run_list},
    {"device pair", "ACCOUNT", "show what a phone needs to join",
     "Prints the address and the private token that the SMS Gateway app (sms-gate.app, any\n"
     "unmodified release) needs to register with this server, also as a QR code. The token may be\n"
     "used by any number of phones of the account.\n"
     "\n"
     "  otpgate device pair shop\n",
     OG_CLI_OPERATOR, 1, 1, pair_options, run_pair},
    {"device remove", "DEVICE", "take a phone out; its token stops at once",
     "  otpgate device remove m9Tq2xJ0aaaaaaaaaaaaa\n", OG_CLI_OPERATOR, 1, 1, NULL, run_remove},
    {NULL},
};
