/*
 * From a file's certificates to hashes, a choice and the reasons for it. The reasons are the
 * product here: every one of them is a support case that nobody needs to open.
 */
#include "cli/apphash_report.h"

#include "apphash/debug_certificate.h"
#include "core/label.h"

#define SAMPLE_CODE OG_STR("482913")
#define SAMPLE_MINUTES 5

/* Of the lineage; NULL when the key was never rotated. */
static const char *
newest_hash(const struct og_apphash_report *self)
{
    for (size_t i = 0; i < self->signing.count; i++) {
        if (self->signing.certs[i].role == OG_ROLE_NEWEST) {
            return self->lines[i].hash;
        }
    }
    return NULL;
}

/* ---- why ---- */

static const char *const why_file[] = {
    [OG_SIGNING_APK] =
        "Play services computes the hash on the phone from the certificate that signs the "
        "installed app. This one signs this file. Where Google Play delivers the app, Play signs "
        "it with its own app signing key: then take the APK that Play delivers, or the app signing "
        "key certificate from the Play Console (App integrity).",
    [OG_SIGNING_BUNDLE] =
        "A bundle is signed with the upload key, and Google Play signs what people install with "
        "another, the app signing key. So this is not the hash of the app on people's phones: "
        "download the app signing key certificate from the Play Console (App integrity) and give "
        "that.",
    [OG_SIGNING_JKS] =
        "This is the hash of an app that is signed with this key and installed as it is. With Play "
        "App Signing the key in your key store is only the upload key: then give the app signing "
        "key certificate from the Play Console (App integrity) instead.",
    [OG_SIGNING_CERTIFICATE] =
        "Right if this certificate signs the app as people install it. With Play App Signing that "
        "is the app signing key certificate of the Play Console (App integrity), not the upload "
        "key certificate beside it.",
};

static const char why_oldest[] =
    "The signing key was rotated. Android goes on reporting the oldest certificate of the lineage "
    "to callers that know nothing of rotation, so the hash normally stays what it was before. "
    "Google does not document which one Play services takes: try this one, and send both in one "
    "message if it is not read, as below; it may have 140 bytes.";

const char *
og_apphash_report_why(const struct og_apphash_report *self)
{
    enum og_signing_file file = self->signing.file;
    if (self->has_partners) {
        return "Several certificates sign this app together. Play services refuses it "
               "(DEVELOPER_ERROR), so no hash is right: sign it with one key.";
    }
    if (!self->chosen) {
        return "The key store has several entries: choose the one that signs the app with --alias. "
               "With Play App Signing none of your own keys is the right one: give the app signing "
               "key certificate from the Play Console (App integrity), if it is not one of these.";
    }
    if (newest_hash(self)) {
        return why_oldest;
    }
    file = file == OG_SIGNING_JCEKS || file == OG_SIGNING_PKCS12 ? OG_SIGNING_JKS : file;
    return why_file[file];
}

/* ---- warnings ---- */

static void
warn(struct og_apphash_report *self, const char *text)
{
    if (self->warning_count < OG_REPORT_WARNINGS_MAX) {
        self->warnings[self->warning_count++] = text;
    }
}

static bool
is_template_debug(const struct og_certificate *certificate)
{
    struct og_buf der;
    og_buf_init(&der, OG_CERTIFICATE_BYTES_MAX);
    bool is_it = og_base64_decode(og_str_from(og_debug_certificate_base64), false, &der) &&
                 og_str_eq(og_buf_str(&der), certificate->der);
    og_buf_finish(&der);
    return is_it;
}

static void
note_warnings(struct og_apphash_report *self)
{
    const struct og_signing *signing = &self->signing;
    bool is_store = signing->file == OG_SIGNING_JKS || signing->file == OG_SIGNING_JCEKS;
    if (signing->file == OG_SIGNING_BUNDLE) {
        warn(self, "this is a bundle: Google Play signs the app again with another key, and this "
                   "is not the hash of what people install");
    }
    if (signing->schemes_differ) {
        warn(self, "the app's older signatures cannot be read or name another certificate: it was "
                   "signed twice with different keys; the newest signature was taken");
    }
    if (is_store && !signing->is_integrity_known) {
        warn(self, "the key store's integrity was not checked; with --storepass-file it is");
    }
    if (self->chosen && is_template_debug(&self->chosen->facts)) {
        warn(self, "this is the debug key of React Native's template, which everybody has: never "
                   "deliver an app signed with it");
    } else if (self->chosen && self->chosen->facts.is_debug) {
        warn(self, "this is a debug key: the hash fits debug builds of this one machine, not the "
                   "app that people install");
    }
}

/* ---- making ---- */

static enum og_code
make_line(struct og_cli *cli, const struct og_apphash_report *self, size_t index,
          struct og_apphash_line *out, struct og_err *err)
{
    struct og_str der = self->signing.certs[index].der;
    const struct og_str_list one = {&der, 1};
    out->signing = &self->signing.certs[index];
    enum og_code code = og_certificate_describe(der, &cli->mem, &out->facts, err);
    return code == OG_OK ? og_apphash(self->package, one, out->hash, err) : code;
}

enum og_code
og_apphash_check_package(struct og_str package, struct og_err *err)
{
    struct og_err why;
    return og_label_check_application_id(package, &why) == OG_OK
               ? OG_OK
               : og_fail(err, OG_E_INVALID, "package", "the package %s", why.text);
}

/* The package that was given, and the one in the manifest, must be one. */
static enum og_code
settle_package(struct og_apphash_report *self, struct og_err *err)
{
    struct og_str read = self->signing.package;
    bool is_usable = og_label_check_application_id(read, NULL) == OG_OK;
    if (self->package.len > 0 && is_usable && !og_str_eq(self->package, read)) {
        return og_fail(err, OG_E_INVALID, "package",
                       "this app is %.*s, not the package that you gave: leave the package out, or "
                       "give the other app",
                       (int)(read.len < 90 ? read.len : 90), read.ptr);
    }
    self->is_package_read = is_usable;
    self->package = is_usable ? read : self->package;
    if (self->package.len == 0) {
        return og_fail(err, OG_E_INVALID, "package",
                       "the package is missing, and the file does not tell it: otpgate apphash "
                       "com.example.app FILE");
    }
    return og_apphash_check_package(self->package, err);
}

enum og_code
og_apphash_report_make(struct og_cli *cli, struct og_apphash_report *self, struct og_err *err)
{
    const struct og_signing_cert *chosen = NULL;
    enum og_code code = settle_package(self, err);
    self->lines = OG_ARENA_ARRAY(&cli->mem, struct og_apphash_line, self->signing.count);
    for (size_t i = 0; code == OG_OK && i < self->signing.count; i++) {
        code = make_line(cli, self, i, &self->lines[i], err);
    }
    if (code != OG_OK) {
        return code;
    }
    code = og_signing_choose(&self->signing, og_str_from(og_args_value(&cli->args, "alias")),
                             &chosen, err);
    self->has_partners = code == OG_E_UNPROCESSABLE;
    if (chosen) {
        self->chosen = &self->lines[chosen - self->signing.certs];
    }
    note_warnings(self);
    return self->has_partners && og_args_has(&cli->args, "diagnose") ? OG_OK : code;
}

struct og_str
og_apphash_report_sample(struct og_cli *cli, const struct og_apphash_report *self)
{
    struct og_secret text = {0};
    if (!self->chosen) {
        return OG_STR("");
    }
    const struct og_otp_text sample = {
        .code = SAMPLE_CODE,
        .app_hashes = {og_str_from(self->chosen->hash), og_str_from(newest_hash(self))},
        .minutes = SAMPLE_MINUTES,
    };
    enum og_code code = og_otp_text_compose(&sample, &text, NULL, NULL);
    struct og_str out = code == OG_OK ? og_str_dup(&cli->mem, og_secret_str(&text)) : OG_STR("");
    og_secret_finish(&text);
    return out;
}
