/*
 * `otpgate account`: accounts, their passwords and API keys. Secrets are printed once, on standard
 * output, so that a script can keep them.
 */
#include "base/clock.h"
#include "cli/cli_priv.h"

#define ACCOUNTS "/admin/v1/accounts"
#define BODY_BYTES 8192
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
print_account(struct og_cli *cli, const struct og_json *account)
{
    og_cli_fact(cli, "account", og_cli_text(cli, account, "name"));
    og_cli_fact(cli, "id", og_cli_text(cli, account, "id"));
    og_cli_fact(cli, "login", og_cli_text(cli, account, "login"));
}

static void
print_password(struct og_cli *cli, const struct og_json *account)
{
    const char *password = og_cli_text(cli, account, "password");
    og_cli_fact(cli, "password", og_cli_bold(cli, password));
    fprintf(cli->out, "\nThe password is shown only now.\n");
}

/* ---- create, list, change ---- */

static int
run_create(struct og_cli *cli)
{
    struct og_buf body;
    struct og_json_writer w;
    struct og_json_doc doc;
    const struct og_json *account;
    const char *brand = og_args_value(&cli->args, "brand");
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "name", cli->args.words[0]);
    if (brand) {
        og_json_add_cstr(&w, "brand", brand);
    }
    og_json_add_bool(&w, "custom_code", og_args_has(&cli->args, "custom-code"));
    og_json_add_bool(&w, "sandbox", og_args_has(&cli->args, "sandbox"));
    og_json_end(&w);
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"POST", ACCOUNTS, og_buf_str(&body), NULL}, &doc, &account);
    if (account) {
        print_account(cli, account);
        print_password(cli, account);
        fprintf(cli->out, "Next: otpgate device pair %s\n", cli->args.words[0]);
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&body);
    return exit_code;
}

static int
run_list(struct og_cli *cli)
{
    static const char *const head[] = {"NAME", "ID", "LOGIN", "BRAND", "STATE", "CREATED"};
    struct og_json_doc doc;
    const struct og_json *answer;
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", ACCOUNTS, {NULL, 0}, NULL}, &doc, &answer);
    const struct og_json *accounts = answer ? og_json_get(answer, "accounts") : NULL;
    if (accounts) {
        size_t rows = og_json_count(accounts);
        const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COUNT(head));
        const char **cell = cells;
        for (size_t i = 0; i < COUNT(head); i++) {
            *cell++ = head[i];
        }
        for (size_t i = 0; i < rows; i++) {
            const struct og_json *account = og_json_at(accounts, i);
            *cell++ = og_cli_text(cli, account, "name");
            *cell++ = og_cli_text(cli, account, "id");
            *cell++ = og_cli_text(cli, account, "login");
            *cell++ = og_cli_text(cli, account, "brand");
            *cell++ = og_cli_flag(account, "disabled") ? "disabled" : "enabled";
            *cell++ = og_cli_time(cli, og_cli_text(cli, account, "created_at"));
        }
        og_cli_table(cli, cells, (int)rows + 1, (int)COUNT(head));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
change_account(struct og_cli *cli, struct og_str body, const char *done)
{
    struct og_json_doc doc;
    const struct og_json *account;
    const char *path = og_cli_path(cli, ACCOUNTS "/", cli->args.words[0], "");
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"PATCH", path, body, NULL}, &doc, &account);
    if (account) {
        fprintf(cli->out, "%s: %s\n", og_cli_text(cli, account, "name"), done);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_disable(struct og_cli *cli)
{
    return change_account(cli, OG_STR("{\"disabled\":true}"),
                          "disabled; none of its credentials work any more");
}

static int
run_enable(struct og_cli *cli)
{
    return change_account(cli, OG_STR("{\"disabled\":false}"), "enabled");
}

/* "yes" or "no" for a switch that was given. False: neither. */
static bool
add_switch(const struct og_cli *cli, struct og_json_writer *w, const char *option,
           const char *member)
{
    const char *value = og_args_value(&cli->args, option);
    const bool is_yes = value && strcmp(value, "yes") == 0;
    if (value) {
        og_json_add_bool(w, member, is_yes);
    }
    return !value || is_yes || strcmp(value, "no") == 0;
}

static int
run_set(struct og_cli *cli)
{
    struct og_buf body;
    struct og_json_writer w;
    const char *brand = og_args_value(&cli->args, "brand");
    if (!brand && !og_args_has(&cli->args, "custom-code") && !og_args_has(&cli->args, "sandbox")) {
        return og_cli_usage(cli, "nothing to set: give --brand, --custom-code or --sandbox");
    }
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    if (brand) {
        og_json_add_cstr(&w, "brand", brand);
    }
    const bool is_right = add_switch(cli, &w, "custom-code", "custom_code") &&
                          add_switch(cli, &w, "sandbox", "sandbox");
    og_json_end(&w);
    const int exit_code = is_right
                              ? change_account(cli, og_buf_str(&body), "changed")
                              : og_cli_usage(cli, "--custom-code and --sandbox are yes or no");
    og_buf_finish(&body);
    return exit_code;
}

static int
run_rotate(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *account;
    const char *path = og_cli_path(cli, ACCOUNTS "/", cli->args.words[0], "/rotate");
    int exit_code = og_cli_call(cli, &(struct og_client_ask){"POST", path, {NULL, 0}, NULL}, &doc,
                                &account);
    if (account) {
        print_account(cli, account);
        print_password(cli, account);
        fprintf(cli->out, "The old password no longer works.\n");
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* ---- keys ---- */

#define DEFAULT_SCOPES "otp:start,otp:check,messages:send,messages:read,devices:read"

static void
add_scopes(struct og_json_writer *w, const char *list)
{
    struct og_str rest = og_str_from(list);
    og_json_array(w, "scopes");
    while (rest.len > 0) {
        size_t end = og_str_find(rest, ',');
        og_json_add_str(w, NULL, og_str_trim(og_str_slice(rest, 0, end)));
        rest = og_str_slice(rest, end + 1, rest.len);
    }
    og_json_end(w);
}

static int
run_key_create(struct og_cli *cli)
{
    struct og_buf body;
    struct og_json_writer w;
    struct og_json_doc doc;
    const struct og_json *key;
    const char *scopes = og_args_value(&cli->args, "scopes");
    const char *label = og_args_value(&cli->args, "label");
    const char *expires = og_args_value(&cli->args, "expires");
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    add_scopes(&w, scopes ? scopes : DEFAULT_SCOPES);
    if (label) {
        og_json_add_cstr(&w, "label", label);
    }
    if (expires) {
        og_json_add_cstr(&w, "expires_at", expires);
    }
    og_json_end(&w);
    const char *path = og_cli_path(cli, ACCOUNTS "/", cli->args.words[0], "/keys");
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"POST", path, og_buf_str(&body), NULL}, &doc, &key);
    if (key) {
        og_cli_fact(cli, "id", og_cli_text(cli, key, "id"));
        og_cli_fact(cli, "key", og_cli_bold(cli, og_cli_text(cli, key, "key")));
        fprintf(cli->out, "\nThe key is shown only now. To use it here:\n"
                          "  export OTPGATE_KEY=...\n");
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&body);
    return exit_code;
}

static const char *
scopes_text(struct og_cli *cli, const struct og_json *key)
{
    const struct og_json *scopes = og_json_get(key, "scopes");
    struct og_str all = OG_STR("");
    for (size_t i = 0; scopes && i < og_json_count(scopes); i++) {
        struct og_str one;
        if (og_json_to_str(og_json_at(scopes, i), &one)) {
            all = og_str_printf(&cli->mem, "%" OG_STR_FMT "%s%" OG_STR_FMT, OG_STR_ARG(all),
                                all.len ? "," : "", OG_STR_ARG(one));
        }
    }
    return og_str_cstr(&cli->mem, all);
}

static const char *
key_state(struct og_cli *cli, const struct og_json *key)
{
    int64_t expires_at;
    if (og_cli_text(cli, key, "revoked_at")[0]) {
        return "revoked";
    }
    bool is_over = og_time_parse(og_str_from(og_cli_text(cli, key, "expires_at")), &expires_at) &&
                   expires_at <= og_now_ms(og_clock_system());
    return is_over ? "expired" : "works";
}

static int
run_key_list(struct og_cli *cli)
{
    static const char *const head[] = {"ID", "LABEL", "STATE", "CREATED", "EXPIRES", "SCOPES"};
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = og_cli_path(cli, ACCOUNTS "/", cli->args.words[0], "/keys");
    int exit_code =
        og_cli_call(cli, &(struct og_client_ask){"GET", path, {NULL, 0}, NULL}, &doc, &answer);
    const struct og_json *keys = answer ? og_json_get(answer, "keys") : NULL;
    if (keys) {
        size_t rows = og_json_count(keys);
        const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COUNT(head));
        const char **cell = cells;
        for (size_t i = 0; i < COUNT(head); i++) {
            *cell++ = head[i];
        }
        for (size_t i = 0; i < rows; i++) {
            const struct og_json *key = og_json_at(keys, i);
            *cell++ = og_cli_text(cli, key, "id");
            *cell++ = og_cli_text(cli, key, "label");
            *cell++ = key_state(cli, key);
            *cell++ = og_cli_time(cli, og_cli_text(cli, key, "created_at"));
            *cell++ = og_cli_time(cli, og_cli_text(cli, key, "expires_at"));
            *cell++ = scopes_text(cli, key);
        }
        og_cli_table(cli, cells, (int)rows + 1, (int)COUNT(head));
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_key_revoke(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const char *path = og_cli_path(cli, "/admin/v1/keys/", cli->args.words[0], "");
    int exit_code = og_cli_call(cli, &(struct og_client_ask){"DELETE", path, {NULL, 0}, NULL},
                                &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "revoked %s\n", cli->args.words[0]);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* ---- rows ---- */

static const struct og_arg_option create_options[] = {
    {"brand", "TEXT", "the name that its messages carry"},
    {"custom-code", NULL, "its applications may choose codes themselves"},
    {"sandbox", NULL, "its messages go to no phone, but to an inbox"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option set_options[] = {
    {"brand", "TEXT", "the name that its messages carry; an empty one removes it"},
    {"custom-code", "yes|no", "may its applications choose codes themselves?"},
    {"sandbox", "yes|no", "do its messages go to an inbox instead of a phone?"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option key_options[] = {
    {"scopes", "LIST", "with commas between; without: " DEFAULT_SCOPES},
    {"label", "TEXT", "what the key is for"},
    {"expires", "TIME", "when it stops working, like 2027-01-31T00:00:00Z"},
    {NULL, NULL, NULL},
};

const struct og_command og_account_commands[] = {
    {"account create", "NAME", "make an account and its login",
     "Makes an account (a tenant with phones, messages and credentials of its own) with a login\n"
     "and password for applications that use the sms-gate.app API. The password is shown once.\n"
     "\n"
     "  otpgate account create shop --brand 'Example Shop'\n",
     OG_CLI_OPERATOR, 1, 1, create_options, run_create},
    {"account list", "", "show all accounts", "  otpgate account list\n", OG_CLI_OPERATOR, 0, 0,
     NULL, run_list},
    {"account set", "ACCOUNT", "change brand, custom codes or sandbox mode",
     "  otpgate account set shop --brand 'Example Shop' --custom-code no\n", OG_CLI_OPERATOR, 1, 1,
     set_options, run_set},
    {"account rotate", "ACCOUNT", "give a new password; the old one stops at once",
     "  otpgate account rotate shop\n", OG_CLI_OPERATOR, 1, 1, NULL, run_rotate},
    {"account disable", "ACCOUNT", "stop all its credentials and phones",
     "Nothing is deleted; `otpgate account enable` brings everything back.\n"
     "\n"
     "  otpgate account disable shop\n",
     OG_CLI_OPERATOR, 1, 1, NULL, run_disable},
    {"account enable", "ACCOUNT", "let it work again", "  otpgate account enable shop\n",
     OG_CLI_OPERATOR, 1, 1, NULL, run_enable},
    {"account key create", "ACCOUNT", "make an API key",
     "Makes a key for `Authorization: Bearer og_...`. It is shown once and stored as a digest.\n"
     "Scopes: otp:start otp:check messages:send messages:read devices:read devices:write admin\n"
     "tokens:manage, and the others of docs/api.md\n"
     "(admin manages this account, no other).\n"
     "\n"
     "  otpgate account key create shop --label checkout --scopes otp:start,otp:check\n"
     "  export OTPGATE_KEY=$(otpgate account key create shop --json | jq -r .key)\n",
     OG_CLI_OPERATOR, 1, 1, key_options, run_key_create},
    {"account key list", "ACCOUNT", "show its API keys", "  otpgate account key list shop\n",
     OG_CLI_OPERATOR, 1, 1, NULL, run_key_list},
    {"account key revoke", "KEY-ID", "stop an API key at once",
     "  otpgate account key revoke m9Tq2xJ0aaaaaaaaaaaaa\n", OG_CLI_OPERATOR, 1, 1, NULL,
     run_key_revoke},
    {NULL},
};
