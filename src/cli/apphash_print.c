/*
 * The report for people and for programs. Names out of certificates and key stores are foreign
 * bytes: a terminal gets them without control characters.
 */
#include "base/clock.h"
#include "cli/apphash_report.h"

#define WRAP_COLUMNS 78
#define JSON_BYTES_MAX (4 * 1024 * 1024)

const char *
og_apphash_plain(struct og_cli *cli, struct og_str text)
{
    char *copy = og_arena_alloc(&cli->mem, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        copy[i] = c < 0x20 || c == 0x7f ? ' ' : text.ptr[i];
    }
    return copy;
}

void
og_apphash_print_wrapped(struct og_cli *cli, const char *text)
{
    struct og_str rest = og_str_from(text);
    size_t column = 0;
    while (rest.len > 0) {
        size_t len = og_str_find(rest, ' ');
        bool is_first = column == 0;
        if (!is_first && column + 1 + len > WRAP_COLUMNS) {
            fputc('\n', cli->out);
            is_first = true;
            column = 0;
        }
        fprintf(cli->out, "%s%.*s", is_first ? "  " : " ", (int)len, rest.ptr);
        column += len + (is_first ? 2 : 1);
        rest = og_str_slice(rest, len + 1, rest.len);
    }
    fputc('\n', cli->out);
}

const char *
og_apphash_whose(struct og_cli *cli, const char *path, const struct og_signing_cert *cert)
{
    static const char *const names[] = {
        [OG_ROLE_SIGNER] = "the certificate that signs",
        [OG_ROLE_BETWEEN] = "a certificate within the lineage of",
        [OG_ROLE_NEWEST] = "the newest certificate of the lineage of",
        [OG_ROLE_PARTNER] = "one of the certificates that sign",
        [OG_ROLE_KEY] = "the key in",
        [OG_ROLE_TRUSTED] = "the certificate in",
        [OG_ROLE_ALONE] = "the certificate",
    };
    const char *plain_path = og_apphash_plain(cli, og_str_from(path));
    if (cert->alias.len > 0) {
        return og_str_printf(&cli->mem, "the entry %s of %s", og_apphash_plain(cli, cert->alias),
                             plain_path)
            .ptr;
    }
    return og_str_printf(&cli->mem, "%s %s", names[cert->role], plain_path).ptr;
}

/* As the Play Console shows it, so that the two can be compared. */
static const char *
fingerprint(struct og_cli *cli, const struct og_certificate *certificate)
{
    char *text = og_arena_alloc(&cli->mem, (size_t)3 * OG_DIGEST_BYTES);
    for (int i = 0; i < OG_DIGEST_BYTES; i++) {
        snprintf(text + (size_t)3 * i, 4, i + 1 < OG_DIGEST_BYTES ? "%02X:" : "%02X",
                 certificate->sha256[i]);
    }
    return text;
}

static const char *
validity(struct og_cli *cli, const struct og_certificate *certificate)
{
    struct og_str from = og_time_text(&cli->mem, certificate->not_before_at);
    struct og_str to = og_time_text(&cli->mem, certificate->not_after_at);
    return og_str_printf(&cli->mem, "%.10s to %.10s", from.ptr, to.ptr).ptr;
}

/* ---- schemes ---- */

static const struct {
    enum og_signing_scheme bit;
    const char *name;
} schemes[] = {
    {OG_SCHEME_V1, "v1"}, {OG_SCHEME_V2, "v2"}, {OG_SCHEME_V3, "v3"}, {OG_SCHEME_V31, "v3.1"}};
#define SCHEME_COUNT (sizeof schemes / sizeof schemes[0])

static const char *
file_and_schemes(struct og_cli *cli, const struct og_signing *signing)
{
    struct og_str text = og_str_from(og_signing_file_name(signing->file));
    const char *glue = ", signed with ";
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (signing->schemes & schemes[i].bit) {
            text = og_str_printf(&cli->mem, "%s%s%s", text.ptr, glue, schemes[i].name);
            glue = ", ";
        }
    }
    return text.ptr;
}

/* ---- for people ---- */

static void
print_facts(struct og_cli *cli, const struct og_apphash_report *self)
{
    const struct og_apphash_line *line = self->chosen;
    const char *from = self->is_package_read ? " (from the manifest)" : "";
    fprintf(cli->out, "%s\n\n", og_cli_bold(cli, line->hash));
    og_cli_fact(cli, "package",
                og_str_printf(&cli->mem, "%" OG_STR_FMT "%s", OG_STR_ARG(self->package), from).ptr);
    og_cli_fact(cli, "file", file_and_schemes(cli, &self->signing));
    if (line->signing->alias.len > 0) {
        og_cli_fact(cli, "alias", og_apphash_plain(cli, line->signing->alias));
    }
    og_cli_fact(cli, "subject", og_apphash_plain(cli, line->facts.subject));
    og_cli_fact(cli, "SHA-256", fingerprint(cli, &line->facts));
    og_cli_fact(cli, "valid", validity(cli, &line->facts));
}

static void
print_others(struct og_cli *cli, const struct og_apphash_report *self)
{
    const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, 4 * (self->signing.count + 1));
    static const char *const head[] = {"HASH", "WHAT", "ALIAS", "SUBJECT"};
    int rows = 1;
    memcpy(cells, head, sizeof head);
    for (size_t i = 0; i < self->signing.count; i++) {
        const struct og_apphash_line *line = &self->lines[i];
        if (line == self->chosen) {
            continue;
        }
        const char **row = cells + (size_t)4 * (size_t)rows++;
        row[0] = line->hash;
        row[1] = og_signing_role_id(line->signing->role);
        row[2] = og_apphash_plain(cli, line->signing->alias);
        row[3] = og_apphash_plain(cli, line->facts.subject);
    }
    if (rows > 1) {
        fprintf(cli->out, self->chosen ? "\nOther certificates in the file:\n\n" : "");
        og_cli_table(cli, cells, rows, 4);
    }
}

void
og_apphash_report_print(struct og_cli *cli, const struct og_apphash_report *self)
{
    struct og_str sample = og_apphash_report_sample(cli, self);
    if (self->chosen) {
        print_facts(cli, self);
        fprintf(cli->out, "\nWhy this one:\n\n");
        og_apphash_print_wrapped(cli, og_apphash_report_why(self));
    }
    print_others(cli, self);
    if (!self->chosen) {
        fputc('\n', cli->out);
        og_apphash_print_wrapped(cli, og_apphash_report_why(self));
    }
    if (sample.len > 0) {
        fprintf(cli->out,
                "\nA message that the app gets (%zu of %d bytes, the hash on a line of its own):\n"
                "\n%" OG_STR_FMT "\n",
                sample.len, OG_OTP_TEXT_MAX_BYTES, OG_STR_ARG(sample));
    }
}

/* ---- for programs ---- */

static void
write_line(struct og_json_writer *w, const struct og_apphash_line *line)
{
    char digest[OG_DIGEST_HEX_CHARS + 1];
    og_hex(line->facts.sha256, OG_DIGEST_BYTES, digest);
    og_json_object(w, NULL);
    og_json_add_cstr(w, "app_hash", line->hash);
    og_json_add_cstr(w, "role", og_signing_role_id(line->signing->role));
    if (line->signing->alias.len > 0) {
        og_json_add_str(w, "alias", line->signing->alias);
    }
    og_json_add_str(w, "subject", line->facts.subject);
    og_json_add_cstr(w, "sha256", digest);
    og_json_add_time(w, "not_before", line->facts.not_before_at);
    og_json_add_time(w, "not_after", line->facts.not_after_at);
    og_json_add_bool(w, "debug", line->facts.is_debug);
    og_json_end(w);
}

static void
write_report(struct og_json_writer *w, struct og_cli *cli, const struct og_apphash_report *self)
{
    struct og_str sample = og_apphash_report_sample(cli, self);
    og_json_add_str(w, "package", self->package);
    og_json_add_cstr(w, "app_hash", self->chosen ? self->chosen->hash : NULL);
    og_json_add_cstr(w, "why", og_apphash_report_why(self));
    og_json_add_cstr(w, "file", og_signing_file_id(self->signing.file));
    og_json_array(w, "schemes");
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (self->signing.schemes & schemes[i].bit) {
            og_json_add_cstr(w, NULL, schemes[i].name);
        }
    }
    og_json_end(w);
    og_json_array(w, "certificates");
    for (size_t i = 0; i < self->signing.count; i++) {
        write_line(w, &self->lines[i]);
    }
    og_json_end(w);
    og_json_array(w, "warnings");
    for (size_t i = 0; i < self->warning_count; i++) {
        og_json_add_cstr(w, NULL, self->warnings[i]);
    }
    og_json_end(w);
    if (sample.len > 0) {
        og_json_add_str(w, "sample", sample);
        og_json_add_i64(w, "sample_bytes", (int64_t)sample.len);
    }
}

void
og_apphash_report_json(struct og_cli *cli, const struct og_apphash_report *self)
{
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, JSON_BYTES_MAX);
    og_json_begin(&w, &out);
    og_json_object(&w, NULL);
    write_report(&w, cli, self);
    og_json_end(&w);
    fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&out)));
    og_buf_finish(&out);
}
