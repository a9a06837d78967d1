/*
 * `otpgate apphash`: from the file that signs an app to the hash that its messages must end with.
 */
#include <stdlib.h>

#include "apphash/debug_certificate.h"
#include "cli/apphash_report.h"
#include "cli/secret_input.h"

#define DEBUG_PASSWORD "android" /* of every debug key store, by Android's own tools */

/* ---- the password ---- */

/* The password on the command line, which is overwritten there once it is read. */
static enum og_code
take_argument(struct og_cli *cli, const char *text, struct og_secret *out, struct og_err *err)
{
    fprintf(cli->err, "otpgate: warning: other users of this machine can see --storepass; "
                      "--storepass-file or being asked is safer\n");
    bool fits = og_secret_set(out, og_str_from(text));
    og_wipe((char *)(uintptr_t)text, strlen(text));
    return fits ? OG_OK : og_fail(err, OG_E_INVALID, "storepass", "the password is too long");
}

/* *have: whether one was given. */
static enum og_code
take_password(struct og_cli *cli, struct og_secret *out, bool *have, struct og_err *err)
{
    const char *argument = og_args_value(&cli->args, "storepass");
    const char *file = og_args_value(&cli->args, "storepass-file");
    *have = argument || file;
    if (argument && file) {
        return og_fail(err, OG_E_INVALID, "storepass",
                       "give --storepass or --storepass-file, not both");
    }
    if (argument) {
        return take_argument(cli, argument, out, err);
    }
    return file ? og_secret_input_file(file, out, err) : OG_OK;
}

/* Read the file; ask for a password where one is needed, none was given and somebody is there. */
static enum og_code
read_signing(const struct og_input *input, struct og_cli *cli, struct og_secret *password,
             bool *have, struct og_signing *out, struct og_err *err)
{
    enum og_code code = og_signing_read(input, *have ? password : NULL, &cli->mem, out, err);
    if (code != OG_E_UNAUTHORIZED || *have || !og_secret_input_can_ask()) {
        return code;
    }
    code = og_secret_input_ask("Password of the key store: ", password, err);
    *have = code == OG_OK;
    return code == OG_OK ? og_signing_read(input, password, &cli->mem, out, err) : code;
}

/* ---- suspects ---- */

struct suspects {
    struct og_suspect *items;
    size_t count;
    struct og_signing *signings[2]; /* --other, and this machine's debug key store */
    struct og_input inputs[2];
    size_t file_count;
};

static void
suspect(struct og_cli *cli, struct suspects *self, struct og_str der, const char *whose)
{
    struct og_certificate *facts = OG_ARENA_NEW(&cli->mem, struct og_certificate);
    if (og_certificate_describe(der, &cli->mem, facts, NULL) == OG_OK) {
        self->items[self->count++] = (struct og_suspect){facts, whose};
    }
}

/* All certificates of a file; of a key store with the password given, or the debug key's. */
static enum og_code
suspect_file(struct og_cli *cli, struct suspects *self, const char *path,
             const struct og_secret *password, struct og_err *err)
{
    struct og_input *input = &self->inputs[self->file_count];
    struct og_signing *signing = OG_ARENA_NEW(&cli->mem, struct og_signing);
    struct og_secret debug = {0};
    (void)og_secret_set(&debug, OG_STR(DEBUG_PASSWORD));
    self->file_count++;
    enum og_code code = og_input_open(input, path, err);
    if (code == OG_OK) {
        code = og_signing_read(input, password, &cli->mem, signing, err);
    }
    if (code == OG_E_UNAUTHORIZED) {
        code = og_signing_read(input, &debug, &cli->mem, signing, err);
    }
    for (size_t i = 0; code == OG_OK && i < signing->count; i++) {
        suspect(cli, self, signing->certs[i].der, og_apphash_whose(cli, path, &signing->certs[i]));
    }
    return code;
}

/* The debug key store that Android's tools make, if this machine has one. */
static void
suspect_debug_keys(struct og_cli *cli, struct suspects *self)
{
    struct og_buf der;
    struct og_err ignored;
    const char *home = getenv("HOME");
    if (home && home[0]) {
        const char *path = og_str_printf(&cli->mem, "%s/.android/debug.keystore", home).ptr;
        (void)!suspect_file(cli, self, path, NULL, &ignored);
    }
    og_buf_init(&der, OG_CERTIFICATE_BYTES_MAX);
    if (og_base64_decode(og_str_from(og_debug_certificate_base64), false, &der)) {
        suspect(cli, self, og_str_dup(&cli->mem, og_buf_str(&der)),
                "the debug key of React Native's template");
    }
    og_buf_finish(&der);
}

static int
diagnose(struct og_cli *cli, const struct og_apphash_report *report, const char *hash,
         const struct og_secret *password)
{
    struct suspects others = {.inputs = {{.fd = -1}, {.fd = -1}}};
    struct og_err err = {0};
    const char *other = og_args_value(&cli->args, "other");
    others.items =
        OG_ARENA_ARRAY(&cli->mem, struct og_suspect, (size_t)2 * OG_SIGNING_CERTS_MAX + 1);
    enum og_code code = other ? suspect_file(cli, &others, other, password, &err) : OG_OK;
    suspect_debug_keys(cli, &others);
    int exit_code = code == OG_OK
                        ? og_apphash_explain(cli, report, hash, others.items, others.count)
                        : og_cli_fail(cli, &err);
    for (size_t i = 0; i < others.file_count; i++) {
        og_input_close(&others.inputs[i]);
    }
    return exit_code;
}

/* ---- the command ---- */

static int
show(struct og_cli *cli, const struct og_apphash_report *report, const struct og_secret *password)
{
    const char *hash = og_args_value(&cli->args, "diagnose");
    if (!cli->json) {
        for (size_t i = 0; i < report->warning_count; i++) {
            fprintf(cli->err, "otpgate: warning: %s\n", report->warnings[i]);
        }
    }
    if (hash) {
        return diagnose(cli, report, hash, password);
    }
    if (cli->json) {
        og_apphash_report_json(cli, report);
    } else if (!og_args_has(&cli->args, "only-hash")) {
        og_apphash_report_print(cli, report);
    } else if (report->chosen) {
        fprintf(cli->out, "%s\n", report->chosen->hash);
    } else {
        return og_cli_usage(cli, "several entries could be meant: choose one with --alias");
    }
    return OG_EXIT_OK;
}

static int
run_apphash(struct og_cli *cli)
{
    bool has_package = cli->args.word_count == 2;
    struct og_apphash_report *report = OG_ARENA_NEW(&cli->mem, struct og_apphash_report);
    struct og_secret password = {0};
    struct og_input input = {.fd = -1};
    struct og_err err = {0};
    bool have = false;
    report->path = cli->args.words[has_package ? 1 : 0];
    report->package = og_str_from(has_package ? cli->args.words[0] : "");
    enum og_code code = has_package ? og_apphash_check_package(report->package, &err) : OG_OK;
    if (code == OG_OK) {
        code = take_password(cli, &password, &have, &err);
    }
    if (code == OG_OK) {
        code = og_input_open(&input, report->path, &err);
    }
    if (code == OG_OK) {
        code = read_signing(&input, cli, &password, &have, &report->signing, &err);
    }
    if (code == OG_OK) {
        code = og_apphash_report_make(cli, report, &err);
    }
    int exit_code = code == OG_OK ? show(cli, report, have ? &password : NULL)
                                  : og_cli_fail(cli, &err);
    og_input_close(&input);
    og_secret_finish(&password);
    return exit_code;
}

static const struct og_arg_option apphash_options[] = {
    {"alias", "NAME", "the key store's entry that signs the app"},
    {"storepass-file", "FILE", "the key store's password, which nobody else may read"},
    {"storepass", "PASSWORD", "the password itself, which other users of this machine can see"},
    {"diagnose", "HASH", "say what is wrong with a hash that you have"},
    {"other", "FILE", "with --diagnose: another file that the hash may come from"},
    {"only-hash", NULL, "print nothing but the hash"},
    {NULL, NULL, NULL},
};

const struct og_command og_apphash_commands[] = {
    {"apphash", "[PACKAGE] FILE", "compute or explain an Android app's hash",
     "Prints the 11 characters that a message must end with for Android's SMS Retriever to give\n"
     "it to the app, whose certificate they were made from, and a message to try.\n"
     "\n"
     "FILE is what signs the app as people install it; - is standard input:\n"
     "  an APK (v1 to v3.1 signatures, rotated keys too), which also tells the package\n"
     "  a certificate: PEM, DER or hex digits\n"
     "  a key store: JKS and JCEKS need no password, PKCS#12 does; asked for in a terminal\n"
     "  a bundle (AAB), with a warning: Google Play signs the app again\n"
     "\n"
     "With Play App Signing the right file is the app signing key certificate from the Play\n"
     "Console (App integrity). Debug builds, applicationIdSuffix and Play's own builds all have\n"
     "hashes of their own; docs/sms-retriever.md explains, with the code for the app.\n"
     "\n"
     "  otpgate apphash app-release.apk\n"
     "  otpgate apphash com.example.app deployment_cert.der\n"
     "  otpgate apphash com.example.app release.jks --alias upload\n"
     "  keytool -exportcert -keystore release.jks -alias upload |\n"
     "      otpgate apphash com.example.app -\n"
     "  otpgate apphash com.example.app deployment_cert.der --diagnose nGauqAZq6a8=\n"
     "\n"
     "Nothing is verified: whether the signature is genuine is Android's question. Exit code 0,\n"
     "1 when the file or password is wrong, 2 when a diagnosed hash is wrong.\n",
     OG_CLI_NOBODY, 1, 2, apphash_options, run_apphash},
    {NULL},
};
