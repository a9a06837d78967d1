/*
 * `otpgate apphash ... --diagnose HASH`: whose certificate, which package, what was hashed, how it
 * was written; and where nothing fits, what else it usually is.
 */
#include "cli/apphash_report.h"
#include "core/otp.h"

#define FINDINGS_MAX 4
#define JSON_BYTES_MAX 65536

struct finding {
    const char *id, *text;
};

struct verdict {
    const char *word; /* "right", "other-certificate", "mistake", "unknown" */
    struct finding findings[FINDINGS_MAX];
    size_t count;
};

static void
find(struct verdict *self, const char *id, const char *text)
{
    if (self->count < FINDINGS_MAX) {
        self->findings[self->count++] = (struct finding){id, text};
    }
}

/* What is wrong with the hash as a word, if anything; as the gateway itself would refuse it. */
static const char *
wrong_form(struct og_cli *cli, const char *hash)
{
    struct og_err err = {0};
    return og_otp_check_app_hash(og_str_from(hash), &err) == OG_OK
               ? NULL
               : og_str_printf(&cli->mem, "the hash %s", err.text).ptr;
}

static const char unknown[] =
    "nothing that is known gives this hash. It is then of another app or build (applicationId, "
    "build type, flavour), of another certificate (name it with --other: upload key, debug key, "
    "the app signing key certificate of the Play Console), or was copied wrongly";

static void
judge_certificate(struct og_cli *cli, const struct og_apphash_report *self,
                  const struct og_diagnosis *found, bool is_own, struct verdict *out)
{
    const struct og_apphash_line *right = self->chosen;
    if (self->has_partners) {
        out->word = "mistake";
        find(out, "several-signers", og_apphash_report_why(self));
    } else if (right ? found->suspect->certificate != &right->facts : !is_own) {
        out->word = out->count > 0 ? "mistake" : "other-certificate";
        find(out, "other-certificate",
             og_str_printf(&cli->mem,
                           "it was made with %s, not with %s: the hash must be of the certificate "
                           "that signs the app as people install it",
                           found->suspect->whose,
                           right ? og_apphash_whose(cli, self->path, right->signing) : self->path)
                 .ptr);
    }
}

static void
judge(struct og_cli *cli, const struct og_apphash_report *self, const struct og_diagnosis *found,
      bool is_own, const char *hash, struct verdict *out)
{
    *out = (struct verdict){.word = "unknown"};
    if (!found->is_found) {
        const char *form = wrong_form(cli, hash);
        if (form) {
            find(out, "form", form);
        }
        find(out, "unknown", unknown);
        return;
    }
    out->word = found->is_well_made ? "right" : "mistake";
    if (found->recipe) {
        find(out, found->recipe_id, found->recipe);
    }
    if (found->form) {
        find(out, found->form_id, found->form);
    }
    if (!og_str_eq(found->package, self->package)) {
        find(out, "other-package",
             og_str_printf(&cli->mem,
                           "it was made for the package %" OG_STR_FMT
                           "; each applicationId has a hash of its own, and case counts",
                           OG_STR_ARG(found->package))
                 .ptr);
    }
    judge_certificate(cli, self, found, is_own, out);
}

/* ---- showing ---- */

static void
print_verdict(struct og_cli *cli, const struct og_apphash_report *self,
              const struct og_diagnosis *found, const struct verdict *verdict)
{
    bool is_right = strcmp(verdict->word, "right") == 0;
    if (is_right) {
        fprintf(cli->out,
                "Right: this is the hash of %" OG_STR_FMT " with %s.\n\nIf messages are not read "
                "all the same:\n\n",
                OG_STR_ARG(self->package), found->suspect->whose);
        og_apphash_print_wrapped(cli, og_apphash_report_why(self));
    } else {
        fprintf(cli->out, "Wrong. What was found:\n\n");
        for (size_t i = 0; i < verdict->count; i++) {
            og_apphash_print_wrapped(cli, verdict->findings[i].text);
        }
    }
    if (!is_right && self->chosen) {
        fprintf(cli->out, "\nThe hash of %" OG_STR_FMT " with %s is %s\n",
                OG_STR_ARG(self->package),
                og_apphash_whose(cli, self->path, self->chosen->signing),
                og_cli_bold(cli, self->chosen->hash));
    }
}

static void
write_verdict(struct og_cli *cli, const struct og_apphash_report *self, const char *hash,
              const struct og_diagnosis *found, const struct verdict *verdict)
{
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, JSON_BYTES_MAX);
    og_json_begin(&w, &out);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "package", self->package);
    og_json_add_cstr(&w, "given", og_str_is_utf8(og_str_from(hash)) ? hash : NULL);
    og_json_add_cstr(&w, "app_hash", self->chosen ? self->chosen->hash : NULL);
    og_json_add_cstr(&w, "verdict", verdict->word);
    og_json_add_cstr(&w, "certificate", found->is_found ? found->suspect->whose : NULL);
    og_json_array(&w, "findings");
    for (size_t i = 0; i < verdict->count; i++) {
        og_json_object(&w, NULL);
        og_json_add_cstr(&w, "id", verdict->findings[i].id);
        og_json_add_cstr(&w, "text", verdict->findings[i].text);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
    fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&out)));
    og_buf_finish(&out);
}

/* ---- suspects ---- */

/* The report's own certificates, the chosen one first, then the others. */
static struct og_suspect *
line_up(struct og_cli *cli, const struct og_apphash_report *self, const struct og_suspect *others,
        size_t other_count)
{
    size_t count = 0;
    struct og_suspect *all =
        OG_ARENA_ARRAY(&cli->mem, struct og_suspect, self->signing.count + other_count);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < self->signing.count; i++) {
            const struct og_apphash_line *line = &self->lines[i];
            if ((line == self->chosen) == (pass == 0)) {
                all[count++] = (struct og_suspect){
                    &line->facts, og_apphash_whose(cli, self->path, line->signing)};
            }
        }
    }
    for (size_t i = 0; i < other_count; i++) {
        all[count++] = others[i];
    }
    return all;
}

int
og_apphash_explain(struct og_cli *cli, const struct og_apphash_report *self, const char *hash,
                   const struct og_suspect *others, size_t other_count)
{
    struct og_diagnosis found;
    struct verdict verdict;
    size_t own = self->signing.count;
    struct og_suspect *all = line_up(cli, self, others, other_count);
    struct og_str *partners = OG_ARENA_ARRAY(&cli->mem, struct og_str, own);
    for (size_t i = 0; i < own; i++) {
        partners[i] = self->signing.certs[i].der;
    }
    og_diagnose(self->package, all, own + other_count,
                (struct og_str_list){partners, self->has_partners ? own : 0}, og_str_from(hash),
                &cli->mem, &found);
    judge(cli, self, &found, found.is_found && found.suspect < all + own, hash, &verdict);
    if (cli->json) {
        write_verdict(cli, self, hash, &found, &verdict);
    } else {
        print_verdict(cli, self, &found, &verdict);
    }
    return strcmp(verdict.word, "right") == 0 ? OG_EXIT_OK : OG_EXIT_REFUSED;
}
