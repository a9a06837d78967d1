/*
 * What `otpgate apphash` found out about a file, and how it is shown.
 *
 * Everything lives in the command's arena. Pure but for what it prints.
 */
#pragma once

#include "apphash/apphash.h"
#include "apphash/certificate.h"
#include "apphash/diagnose.h"
#include "apphash/signing.h"
#include "cli/cli_priv.h"
#include "core/otp_text.h"

#define OG_REPORT_WARNINGS_MAX 8

struct og_apphash_line {
    const struct og_signing_cert *signing;
    struct og_certificate facts;
    char hash[OG_APPHASH_CHARS + 1];
};

struct og_apphash_report {
    const char *path;
    struct og_str package;
    bool is_package_read; /* from the app's manifest */
    struct og_signing signing;
    struct og_apphash_line *lines; /* beside signing.certs */
    const struct og_apphash_line *chosen; /* NULL: several could be meant, or none can be right */
    bool has_partners;                    /* several sign the app together: no hash is right */
    const char *warnings[OG_REPORT_WARNINGS_MAX];
    size_t warning_count;
};

/* Can it be one? Errors: OG_E_INVALID "package" */
OG_MUST_CHECK enum og_code og_apphash_check_package(struct og_str package, struct og_err *err);
/* Compute the hashes, choose one, and note what to warn of. */
OG_MUST_CHECK enum og_code og_apphash_report_make(struct og_cli *cli,
                                                  struct og_apphash_report *self,
                                                  struct og_err *err);
/* Why the chosen one, or what to do. One paragraph. */
const char *og_apphash_report_why(const struct og_apphash_report *self);
/* A message as the gateway itself would send it, at most 140 bytes, after a rotation with both
 * hashes; "" without a hash. */
struct og_str og_apphash_report_sample(struct og_cli *cli, const struct og_apphash_report *self);

void og_apphash_report_print(struct og_cli *cli, const struct og_apphash_report *self);
void og_apphash_report_json(struct og_cli *cli, const struct og_apphash_report *self);

/* "the key store's entry upload", "the newest certificate of the lineage in app.apk". */
const char *og_apphash_whose(struct og_cli *cli, const char *path,
                             const struct og_signing_cert *cert);
/* Text at 78 columns, each line behind two spaces. */
void og_apphash_print_wrapped(struct og_cli *cli, const char *text);
/* Names out of files, without what a terminal would obey. */
const char *og_apphash_plain(struct og_cli *cli, struct og_str text);

/*
 * `--diagnose HASH`: say what was done wrong.
 * others  suspects beside the report's own
 * Returns an exit code: OG_EXIT_OK when the hash is right
 */
int og_apphash_explain(struct og_cli *cli, const struct og_apphash_report *self, const char *hash,
                       const struct og_suspect *others, size_t other_count);
