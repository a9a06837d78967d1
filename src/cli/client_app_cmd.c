/*
 * `otpgate app`: the applications that read codes.
 */
#include "cli/cli_priv.h"

#define APPS "/admin/v1/apps"
#define BODY_BYTES 8192
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
path_of(struct og_cli *cli)
{
    const char *account = og_cli_path(cli, "?account=", cli->args.words[0], "");
    return cli->args.word_count == 1
               ? og_str_printf(&cli->mem, "%s%s", APPS, account).ptr
               : og_cli_path(cli, APPS "/", cli->args.words[1], account);
}

static void
print_app(struct og_cli *cli, const struct og_json *app)
{
    static const char *const facts[] = {"package", "origin", "embedded_origin", "brand", "locale",
                                        "template", "payment_template"};
    const struct og_json *hashes = og_json_get(app, "hashes");
    og_cli_fact(cli, "app", og_cli_text(cli, app, "name"));
    for (size_t i = 0; i < COUNT(facts); i++) {
        const char *value = og_cli_text(cli, app, facts[i]);
        if (value[0]) {
            og_cli_fact(cli, facts[i], value);
        }
    }
    for (size_t i = 0; i < og_json_count(hashes); i++) {
        const struct og_json *hash = og_json_at(hashes, i);
        fprintf(cli->out, "    %s  %s  %s..%s\n", og_cli_text(cli, hash, "hash"),
                og_cli_text(cli, hash, "label"),
                og_cli_time(cli, og_cli_text(cli, hash, "valid_from")),
                og_cli_time(cli, og_cli_text(cli, hash, "valid_until")));
    }
}

static void
add_part(struct og_json_writer *w, const char *name, struct og_str value)
{
    if (value.len) {
        og_json_add_str(w, name, value);
    }
}

/* [LABEL=]HASH[@[FROM]..[UNTIL]] */
static void
add_hash(struct og_json_writer *w, struct og_str word)
{
    const size_t label_end = og_str_find(word, '=');
    const struct og_str rest =
        label_end < word.len ? og_str_slice(word, label_end + 1, word.len) : word;
    const size_t hash_end = og_str_find(rest, '@');
    const struct og_str times = og_str_slice(rest, hash_end + 1, rest.len);
    size_t dots = 0;
    while (dots < times.len && !og_str_starts(og_str_slice(times, dots, times.len), OG_STR(".."))) {
        dots++;
    }
    og_json_object(w, NULL);
    og_json_add_str(w, "hash", og_str_slice(rest, 0, hash_end));
    add_part(w, "label", label_end < word.len ? og_str_slice(word, 0, label_end) : OG_STR(""));
    add_part(w, "valid_from", og_str_slice(times, 0, dots));
    add_part(w, "valid_until", og_str_slice(times, dots + 2, times.len));
    og_json_end(w);
}

static int
run_set(struct og_cli *cli)
{
    static const char *const texts[][2] = {
        {"package", "package"},   {"origin", "origin"},
        {"brand", "brand"},       {"embedded-origin", "embedded_origin"},
        {"locale", "locale"},     {"template", "template"},
        {"payment-template", "payment_template"},
    };
    struct og_buf body;
    struct og_json_writer w;
    struct og_json_doc doc;
    const struct og_json *answer;
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (og_args_has(&cli->args, texts[i][0])) {
            og_json_add_cstr(&w, texts[i][1], og_args_value(&cli->args, texts[i][0]));
        }
    }
    og_json_add_bool(&w, "retriever_prefix", og_args_has(&cli->args, "retriever-prefix"));
    og_json_array(&w, "hashes");
    for (int i = 2; i < cli->args.word_count; i++) {
        add_hash(&w, og_str_from(cli->args.words[i]));
    }
    og_json_end(&w);
    og_json_end(&w);
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"PUT", path_of(cli), og_buf_str(&body), NULL}, &doc, &answer);
    if (answer) {
        print_app(cli, answer);
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&body);
    return exit_code;
}

static int
run_show(struct og_cli *cli)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"GET", path_of(cli), {NULL, 0}, NULL}, &doc, &answer);
    if (answer) {
        print_app(cli, answer);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_list(struct og_cli *cli)
{
    static const char *const head[] = {"NAME", "PACKAGE", "ORIGIN", "HASHES", "BRAND"};
    struct og_json_doc doc;
    const struct og_json *answer;
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"GET", path_of(cli), {NULL, 0}, NULL}, &doc, &answer);
    const struct og_json *apps = answer ? og_json_get(answer, "apps") : NULL;
    if (apps) {
        const size_t rows = og_json_count(apps);
        const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COUNT(head));
        const char **cell = cells;
        for (size_t i = 0; i < COUNT(head); i++) {
            *cell++ = head[i];
        }
        for (size_t i = 0; i < rows; i++) {
            const struct og_json *app = og_json_at(apps, i);
            *cell++ = og_cli_text(cli, app, "name");
            *cell++ = og_cli_text(cli, app, "package");
            *cell++ = og_cli_text(cli, app, "origin");
            *cell++ =
                og_str_printf(&cli->mem, "%zu", og_json_count(og_json_get(app, "hashes"))).ptr;
            *cell++ = og_cli_text(cli, app, "brand");
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
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"DELETE", path_of(cli), {NULL, 0}, NULL}, &doc, &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "removed %s\n", cli->args.words[1]);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* ---- rows ---- */

static const struct og_arg_option set_options[] = {
    {"package", "ID", "the Android application id"},
    {"origin", "HOST", "of the web page, or the iOS app's associated domain"},
    {"embedded-origin", "HOST", "of an iframe in that page which reads the code"},
    {"brand", "TEXT", "another name than the account's"},
    {"locale", "TAG", "language of the messages when the request says none"},
    {"template", "NAME", "of codes"},
    {"payment-template", "NAME", "of payments"},
    {"retriever-prefix", NULL, "begin with <#>, for Play services of 2017 to 2019"},
    {NULL, NULL, NULL},
};

const struct og_command og_client_app_commands[] = {
    {"app set", "ACCOUNT NAME [HASH...]", "make or replace an application that reads codes",
     "Each HASH is [LABEL=]HASH[@FROM..UNTIL]; `otpgate apphash` computes them. Messages carry\n"
     "those that are valid, the newest first, two if they fit.\n"
     "\n"
     "  otpgate app set shop android play=FA+9qCX9VSu --package com.example.shop\n"
     "  otpgate app set shop android play=FA+9qCX9VSu new=OjvCiOzMEvS@2027-01-01T00:00:00Z..\n"
     "  otpgate app set shop web --origin shop.example\n",
     OG_CLI_OPERATOR, 2, 18, set_options, run_set},
    {"app list", "ACCOUNT", "show its applications", "  otpgate app list shop\n", OG_CLI_OPERATOR,
     1, 1, NULL, run_list},
    {"app show", "ACCOUNT NAME", "show an application", "  otpgate app show shop android\n",
     OG_CLI_OPERATOR, 2, 2, NULL, run_show},
    {"app remove", "ACCOUNT NAME", "remove an application", "  otpgate app remove shop android\n",
     OG_CLI_OPERATOR, 2, 2, NULL, run_remove},
    {NULL},
};
