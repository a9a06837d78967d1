/*
 * Calls and what is printed of them. Answers are another program's bytes: control characters never
 * reach the terminal, except in --json, which prints what came.
 */
#include <stdarg.h>

#include "cli/cli_priv.h"

int
og_cli_usage(struct og_cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(cli->err, "otpgate %s: ", cli->command->name);
    vfprintf(cli->err, fmt, args);
    fprintf(cli->err, "\nTry: otpgate help %s\n", cli->command->name);
    va_end(args);
    return OG_EXIT_USAGE;
}

int
og_cli_usage_err(struct og_cli *cli, const struct og_err *err)
{
    return og_cli_usage(cli, "%s", err->text);
}

int
og_cli_fail(struct og_cli *cli, const struct og_err *err)
{
    fprintf(cli->err, "otpgate: %s\n", err->text);
    return err->code == OG_E_UNAVAILABLE ? OG_EXIT_UNREACHABLE : OG_EXIT_USAGE;
}

/* ---- members ---- */

/* A copy without control characters. */
static const char *
clean(struct og_arena *mem, struct og_str text)
{
    char *copy = og_arena_alloc(mem, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        copy[i] = c < 0x20 || c == 0x7f ? ' ' : text.ptr[i];
    }
    return copy;
}

const char *
og_cli_text(struct og_cli *cli, const struct og_json *object, const char *name)
{
    struct og_str text;
    const struct og_json *member = object ? og_json_get(object, name) : NULL;
    return og_json_to_str(member, &text) ? clean(&cli->mem, text) : "";
}

bool
og_cli_flag(const struct og_json *object, const char *name)
{
    bool value;
    return og_json_to_bool(og_json_get(object, name), &value) && value;
}

int64_t
og_cli_int(const struct og_json *object, const char *name)
{
    int64_t value;
    return og_json_to_i64(og_json_get(object, name), &value) ? value : 0;
}

/* ---- calls ---- */

int
og_cli_refused(struct og_cli *cli, const struct og_client_answer *answer)
{
    struct og_json_doc doc = {0};
    struct og_err err;
    const char *message = "", *field = "";
    if (og_json_parse(og_buf_str(&answer->body), 8, &doc, &err) == OG_OK) {
        message = og_cli_text(cli, doc.root, "message");
        field = og_cli_text(cli, doc.root, "field");
    }
    fprintf(cli->err, "otpgate: refused (%d)%s%s%s%s", answer->status, field[0] ? " " : "", field,
            message[0] ? ": " : "", message);
    if (answer->retry_after_s) {
        fprintf(cli->err, "; try again in %d s", answer->retry_after_s);
    }
    fputc('\n', cli->err);
    if (cli->json) {
        fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&answer->body)));
    }
    og_json_doc_finish(&doc);
    return OG_EXIT_REFUSED;
}

int
og_cli_call(struct og_cli *cli, const struct og_client_ask *ask, struct og_json_doc *doc,
            const struct og_json **out)
{
    struct og_client_answer answer;
    struct og_err err;
    int exit_code = OG_EXIT_OK;
    *doc = (struct og_json_doc){0};
    *out = NULL;
    enum og_code code = og_client_call(&cli->client, ask, &answer, &err);
    if (code != OG_OK) {
        exit_code = og_cli_fail(cli, &err);
    } else if (answer.status >= 300) {
        exit_code = og_cli_refused(cli, &answer);
    } else if (cli->json && answer.body.len) {
        fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&answer.body)));
    } else if (answer.body.len) {
        code = og_json_parse(og_buf_str(&answer.body), OG_JSON_DEPTH_DEFAULT, doc, &err);
        *out = doc->root;
        if (code != OG_OK) {
            fprintf(cli->err, "otpgate: %s did not answer as otpgate does\n", cli->client.url);
            exit_code = OG_EXIT_UNREACHABLE;
        }
    }
    og_buf_finish(&answer.body);
    return exit_code;
}

const char *
og_cli_path(struct og_cli *cli, const char *before, const char *word, const char *after)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789._-~";
    size_t len = strlen(word);
    char *escaped = og_arena_alloc(&cli->mem, 3 * len + 1), *at = escaped;
    for (size_t i = 0; i < len; i++) {
        if (strchr(plain, word[i])) {
            *at++ = word[i];
        } else {
            at += snprintf(at, 4, "%%%02X", (unsigned char)word[i]);
        }
    }
    return og_str_printf(&cli->mem, "%s%s%s", before, escaped, after).ptr;
}

/* ---- printing ---- */

const char *
og_cli_bold(struct og_cli *cli, const char *text)
{
    return cli->colour ? og_str_printf(&cli->mem, "\033[1m%s\033[0m", text).ptr : text;
}

void
og_cli_fact(struct og_cli *cli, const char *name, const char *value)
{
    fprintf(cli->out, "  %-10s %s\n", name, value);
}

/* Columns on a terminal, near enough: one per code point. */
static int
width(const char *text)
{
    int columns = 0;
    for (; *text; text++) {
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return columns;
}

void
og_cli_table(struct og_cli *cli, const char *const *cells, int rows, int columns)
{
    int *widths = OG_ARENA_ARRAY(&cli->mem, int, (size_t)columns);
    for (int i = 0; i < rows * columns; i++) {
        int w = width(cells[i]);
        widths[i % columns] = w > widths[i % columns] ? w : widths[i % columns];
    }
    for (int i = 0; i < rows * columns; i++) {
        bool is_last = i % columns == columns - 1;
        const char *shown = i < columns ? og_cli_bold(cli, cells[i]) : cells[i];
        int pad = is_last ? 0 : widths[i % columns] - width(cells[i]) + 2;
        fprintf(cli->out, "%s%*s%s", shown, pad, "", is_last ? "\n" : "");
    }
}

const char *
og_cli_time(struct og_cli *cli, const char *rfc3339)
{
    if (strlen(rfc3339) < 19) {
        return rfc3339;
    }
    return og_str_printf(&cli->mem, "%.10s %.8sZ", rfc3339, rfc3339 + 11).ptr;
}
