/*
 * `otpgate template`: the words of OTP messages. Our own sentences need no server.
 */
#include "cli/cli_priv.h"
#include "core/otp_text.h"

#define TEMPLATES "/admin/v1/templates"
#define BODY_BYTES 65536
#define ROW_CELLS 5
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- our own ---- */

static const char *
cell_of(struct og_cli *cli, size_t value)
{
    return og_str_printf(&cli->mem, "%zu", value).ptr;
}

/* A whole sentence: what a code with a brand gets where there is room. */
static struct og_str
whole(struct og_cli *cli, const struct og_locale *locale, const char *first)
{
    return og_str_printf(&cli->mem, "%s%s%s", first, locale->valid, locale->warning);
}

static void
measure(const struct og_locale *locale, struct og_str template, struct og_sms_size *size)
{
    const struct og_otp_text text = {.template = template,
                                     .locale = locale,
                                     .app_hashes = {OG_STR("AAAAAAAAAAA")},
                                     .minutes = 10,
                                     .allow_long = true};
    struct og_err unheard;
    enum og_code code = og_otp_text_measure(&text, size, &unheard);
    (void)code; /* ours are well formed */
}

static int
print_builtin_json(struct og_cli *cli)
{
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, BODY_BYTES);
    og_json_begin(&w, &out);
    og_json_object(&w, NULL);
    og_json_array(&w, "languages");
    for (int i = 0; i < og_locale_count; i++) {
        const struct og_locale *locale = &og_locales[i];
        og_json_object(&w, NULL);
        og_json_add_cstr(&w, "locale", locale->tag);
        og_json_add_cstr(&w, "plural", locale->plural);
        og_json_add_str(&w, "plain", whole(cli, locale, locale->plain));
        og_json_add_str(&w, "branded", whole(cli, locale, locale->branded));
        og_json_add_str(&w, "payment", whole(cli, locale, locale->payment));
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
    fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&out)));
    og_buf_finish(&out);
    return OG_EXIT_OK;
}

static int
run_builtin(struct og_cli *cli)
{
    static const char *const head[ROW_CELLS] = {"LANGUAGE", "ENCODING", "UNITS", "SMS", "TEXT"};
    if (cli->json) {
        return print_builtin_json(cli);
    }
    const char **cells =
        OG_ARENA_ARRAY(&cli->mem, const char *, (size_t)(og_locale_count + 1) * ROW_CELLS);
    const char **cell = cells;
    for (size_t i = 0; i < COUNT(head); i++) {
        *cell++ = head[i];
    }
    for (int i = 0; i < og_locale_count; i++) {
        const struct og_str text = whole(cli, &og_locales[i], og_locales[i].branded);
        struct og_sms_size size;
        measure(&og_locales[i], text, &size);
        *cell++ = og_locales[i].tag;
        *cell++ = og_sms_encoding_name(size.encoding);
        *cell++ = cell_of(cli, size.units);
        *cell++ = cell_of(cli, size.segments);
        *cell++ = text.ptr;
    }
    og_cli_table(cli, cells, og_locale_count + 1, ROW_CELLS);
    return OG_EXIT_OK;
}

/* ---- an account's ---- */

static void
print_template(struct og_cli *cli, const struct og_json *template)
{
    const struct og_json *texts = og_json_get(template, "texts");
    og_cli_fact(cli, "template", og_cli_text(cli, template, "name"));
    og_cli_fact(cli, "kind", og_cli_text(cli, template, "kind"));
    og_cli_fact(cli, "policy", og_cli_text(cli, template, "policy"));
    for (size_t i = 0; i < og_json_count(texts); i++) {
        const struct og_json *text = og_json_at(texts, i);
        fprintf(cli->out, "\n%s, at most %lld units of %s, %lld SMS, %lld bytes:\n  %s\n",
                og_cli_text(cli, text, "locale"), (long long)og_cli_int(text, "units"),
                og_cli_text(cli, text, "encoding"), (long long)og_cli_int(text, "segments"),
                (long long)og_cli_int(text, "bytes"), og_cli_text(cli, text, "text"));
    }
}

static const char *
path_of(struct og_cli *cli, const char *base)
{
    const char *account = og_cli_path(cli, "?account=", cli->args.words[0], "");
    if (cli->args.word_count == 1) {
        return og_str_printf(&cli->mem, "%s%s", base, account).ptr;
    }
    return og_cli_path(cli, og_str_printf(&cli->mem, "%s/", base).ptr, cli->args.words[1],
                       account);
}

/* The words LOCALE=TEXT behind account and name. False: one is none. */
static bool
add_texts(const struct og_cli *cli, struct og_json_writer *w)
{
    og_json_object(w, "texts");
    for (int i = 2; i < cli->args.word_count; i++) {
        const struct og_str word = og_str_from(cli->args.words[i]);
        const size_t at = og_str_find(word, '=');
        char locale[OG_LOCALE_TAG_MAX_CHARS + 1];
        if (at == word.len || at >= sizeof locale) {
            return false;
        }
        snprintf(locale, sizeof locale, "%" OG_STR_FMT, OG_STR_ARG(og_str_slice(word, 0, at)));
        og_json_add_str(w, locale, og_str_slice(word, at + 1, word.len));
    }
    og_json_end(w);
    return true;
}

static int
run_set(struct og_cli *cli)
{
    static const char *const texts[][2] = {
        {"kind", "kind"}, {"policy", "policy"}, {"default", "default_locale"}};
    struct og_buf body;
    struct og_json_writer w;
    struct og_json_doc doc = {0};
    const struct og_json *answer = NULL;
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (og_args_has(&cli->args, texts[i][0])) {
            og_json_add_cstr(&w, texts[i][1], og_args_value(&cli->args, texts[i][0]));
        }
    }
    og_json_add_bool(&w, "allow_long", og_args_has(&cli->args, "allow-long"));
    int exit_code = OG_EXIT_OK;
    if (!add_texts(cli, &w)) {
        exit_code = og_cli_usage(cli, "each text is LOCALE=TEXT, like 'en={code} is it'");
    }
    og_json_end(&w);
    if (exit_code == OG_EXIT_OK) {
        exit_code = og_cli_call(
            cli, &(struct og_client_ask){"PUT", path_of(cli, TEMPLATES), og_buf_str(&body), NULL},
            &doc, &answer);
    }
    if (answer) {
        print_template(cli, answer);
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
        cli, &(struct og_client_ask){"GET", path_of(cli, TEMPLATES), {NULL, 0}, NULL}, &doc,
        &answer);
    if (answer) {
        print_template(cli, answer);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_list(struct og_cli *cli)
{
    static const char *const head[] = {"NAME", "KIND", "POLICY", "TEXTS", "CHANGED"};
    struct og_json_doc doc;
    const struct og_json *answer;
    int exit_code = og_cli_call(
        cli, &(struct og_client_ask){"GET", path_of(cli, TEMPLATES), {NULL, 0}, NULL}, &doc,
        &answer);
    const struct og_json *templates = answer ? og_json_get(answer, "templates") : NULL;
    if (templates) {
        const size_t rows = og_json_count(templates);
        const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (rows + 1) * COUNT(head));
        const char **cell = cells;
        for (size_t i = 0; i < COUNT(head); i++) {
            *cell++ = head[i];
        }
        for (size_t i = 0; i < rows; i++) {
            const struct og_json *template = og_json_at(templates, i);
            *cell++ = og_cli_text(cli, template, "name");
            *cell++ = og_cli_text(cli, template, "kind");
            *cell++ = og_cli_text(cli, template, "policy");
            *cell++ = cell_of(cli, og_json_count(og_json_get(template, "texts")));
            *cell++ = og_cli_time(cli, og_cli_text(cli, template, "updated_at"));
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
        cli, &(struct og_client_ask){"DELETE", path_of(cli, TEMPLATES), {NULL, 0}, NULL}, &doc,
        &answer);
    if (exit_code == OG_EXIT_OK && !cli->json) {
        fprintf(cli->out, "removed %s\n", cli->args.words[1]);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

/* ---- rows ---- */

static const struct og_arg_option set_options[] = {
    {"kind", "code|payment", "what it is for, code"},
    {"policy", "strict|transliterate|ucs2", "what it may cost, strict: GSM-7 only"},
    {"default", "LOCALE", "the text for languages that it has not"},
    {"allow-long", NULL, "more than one SMS and more than 140 bytes"},
    {NULL, NULL, NULL},
};

const struct og_command og_template_commands[] = {
    {"template builtin", "", "show our own sentences",
     "What messages say without a template, in each language, and what that costs at most with\n"
     "the longest code, a brand of 20 letters and an app hash. Where it is more than one SMS, the\n"
     "last sentences are left out.\n"
     "\n"
     "  otpgate template builtin\n",
     OG_CLI_NOBODY, 0, 0, NULL, run_builtin},
    {"template set", "ACCOUNT NAME LOCALE=TEXT...", "make or replace a template",
     "Placeholders: {code} {brand} {minutes} {minutes|minute|minutes} {amount} {payee}.\n"
     "\n"
     "  otpgate template set shop door 'en={code} opens the door of {brand}.'\n",
     OG_CLI_OPERATOR, 3, 32, set_options, run_set},
    {"template list", "ACCOUNT", "show its templates", "  otpgate template list shop\n",
     OG_CLI_OPERATOR, 1, 1, NULL, run_list},
    {"template show", "ACCOUNT NAME", "show a template and what it costs",
     "  otpgate template show shop door\n", OG_CLI_OPERATOR, 2, 2, NULL, run_show},
    {"template remove", "ACCOUNT NAME", "remove a template",
     "  otpgate template remove shop door\n", OG_CLI_OPERATOR, 2, 2, NULL, run_remove},
    {NULL},
};
