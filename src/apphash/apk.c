/*
 * The newest scheme decides, as on a phone of today: 3.1, 3, 2, then the JAR signature. After a
 * rotation all certificates of the lineage are told, because GET_SIGNATURES reports the oldest and
 * other callers the newest.
 */
#include "apphash/apk.h"

#include "apphash/certificate.h"
#include "apphash/manifest.h"
#include "apphash/signers.h"
#include "apphash/signing_block.h"
#include "apphash/signing_priv.h"
#include "apphash/zip.h"

#define JAR_SIGNATURES_MAX 8
#define JAR_SIGNATURE_BYTES_MAX (1024 * 1024)
#define MANIFEST_BYTES_MAX (8 * 1024 * 1024)

/* What the directory is looked through for. */
struct contents {
    struct og_zip_entry jar_signatures[JAR_SIGNATURES_MAX];
    size_t jar_count;
    bool has_too_many;
    struct og_zip_entry manifest;
    bool has_manifest, is_bundle, holds_apks;
};

static bool
ends_nocase(struct og_str name, struct og_str end)
{
    return name.len >= end.len &&
           og_str_eq_nocase(og_str_slice(name, name.len - end.len, name.len), end);
}

/* META-INF/X.RSA and the like, not in a folder below. */
static bool
is_jar_signature(struct og_str name)
{
    const struct og_str folder = OG_STR("META-INF/");
    struct og_str head = og_str_slice(name, 0, folder.len);
    struct og_str base = og_str_slice(name, folder.len, name.len);
    return og_str_eq_nocase(head, folder) && og_str_find(base, '/') == base.len &&
           (ends_nocase(base, OG_STR(".RSA")) || ends_nocase(base, OG_STR(".DSA")) ||
            ends_nocase(base, OG_STR(".EC")));
}

static bool
note_entry(void *ctx, const struct og_zip_entry *entry)
{
    struct contents *self = ctx;
    if (og_str_eq(entry->name, OG_STR("AndroidManifest.xml"))) {
        self->manifest = *entry;
        self->has_manifest = true;
    } else if (og_str_eq(entry->name, OG_STR("BundleConfig.pb"))) {
        self->is_bundle = true;
    } else if (ends_nocase(entry->name, OG_STR(".apk"))) {
        self->holds_apks = true;
    } else if (is_jar_signature(entry->name)) {
        self->has_too_many |= self->jar_count == JAR_SIGNATURES_MAX;
        if (!self->has_too_many) {
            self->jar_signatures[self->jar_count++] = *entry;
        }
    }
    return true;
}

/* ---- scheme 1 ---- */

static enum og_code
read_jar(const struct og_zip *zip, const struct contents *contents, struct og_arena *mem,
         struct og_signing *out, struct og_err *err)
{
    enum og_code code = OG_OK;
    if (contents->has_too_many) {
        return og_fail(err, OG_E_INVALID, "file", "the app has more than %d JAR signatures",
                       JAR_SIGNATURES_MAX);
    }
    for (size_t i = 0; code == OG_OK && i < contents->jar_count; i++) {
        struct og_str signature, der;
        out->schemes |= OG_SCHEME_V1;
        code = og_zip_read(zip, &contents->jar_signatures[i], JAR_SIGNATURE_BYTES_MAX, mem,
                           &signature, err);
        if (code == OG_OK) {
            code = og_certificate_of_signature(signature, &der, err);
        }
        if (code == OG_OK) {
            code = og_signing_add(out, der, OG_STR(""), OG_ROLE_SIGNER, err);
        }
    }
    return code;
}

/* ---- schemes 2 and later ---- */

static enum og_code
read_v2(struct og_str value, struct og_signing *out, struct og_err *err)
{
    struct og_signers signers;
    out->schemes |= OG_SCHEME_V2;
    enum og_code code = og_signers_read(value, false, &signers, err);
    for (size_t i = 0; code == OG_OK && i < signers.count; i++) {
        code = og_signing_add(out, signers.items[i].certificate, OG_STR(""), OG_ROLE_SIGNER, err);
    }
    return code;
}

/* The signer for the newest Android. Two for one and the same are no valid signature. */
static enum og_code
choose_signer(const struct og_signers *signers, const struct og_signer **out, struct og_err *err)
{
    *out = &signers->items[0];
    for (size_t i = 1; i < signers->count; i++) {
        const struct og_signer *one = &signers->items[i];
        if (one->min_sdk <= (*out)->max_sdk && (*out)->min_sdk <= one->max_sdk) {
            return og_fail(err, OG_E_UNPROCESSABLE, "file",
                           "two signers of scheme 3 are for the same Android: sign with one key");
        }
        *out = one->max_sdk > (*out)->max_sdk ? one : *out;
    }
    return OG_OK;
}

static enum og_code
read_v3(struct og_str value, struct og_signing *out, struct og_err *err)
{
    struct og_signers signers;
    const struct og_signer *signer = NULL;
    enum og_code code = og_signers_read(value, true, &signers, err);
    if (code == OG_OK) {
        code = choose_signer(&signers, &signer, err);
    }
    if (code == OG_OK && signer->lineage_count == 0) {
        return og_signing_add(out, signer->certificate, OG_STR(""), OG_ROLE_SIGNER, err);
    }
    for (size_t i = 0; code == OG_OK && i < signer->lineage_count; i++) {
        enum og_signing_role role = i == 0                             ? OG_ROLE_SIGNER
                                    : i + 1 < signer->lineage_count ? OG_ROLE_BETWEEN
                                                                      : OG_ROLE_NEWEST;
        code = og_signing_add(out, signer->lineage[i], OG_STR(""), role, err);
    }
    return code;
}

static enum og_code
read_block(const struct og_signing_block *block, struct og_signing *out, struct og_err *err)
{
    out->schemes |= (block->v3.ptr ? OG_SCHEME_V3 : 0) | (block->v31.ptr ? OG_SCHEME_V31 : 0);
    if (block->v31.ptr) {
        return read_v3(block->v31, out, err);
    }
    if (block->v3.ptr) {
        return read_v3(block->v3, out, err);
    }
    return block->v2.ptr ? read_v2(block->v2, out, err) : OG_OK;
}

/* ---- together ---- */

/* Note whether an older scheme, read with this outcome, names another certificate first. What
 * cannot be read is another, too: a phone of today ignores it, so it must not stand in the way. */
static void
compare(struct og_signing *out, enum og_code code, struct og_signing *older)
{
    out->schemes |= older->schemes;
    out->schemes_differ |= code != OG_OK || older->count == 0 ||
                           !og_str_eq(older->certs[0].der, out->certs[0].der);
    *older = (struct og_signing){0};
}

/* Older schemes are there for older phones; they should name the same certificate. */
static void
compare_older(const struct og_zip *zip, const struct contents *contents,
              const struct og_signing_block *block, struct og_arena *mem, struct og_signing *out)
{
    struct og_signing *older = OG_ARENA_NEW(mem, struct og_signing);
    if (contents->jar_count > 0) {
        compare(out, read_jar(zip, contents, mem, older, NULL), older);
    }
    if (block->v2.ptr && (block->v3.ptr || block->v31.ptr)) {
        compare(out, read_v2(block->v2, older, NULL), older);
    }
    if (block->v3.ptr && block->v31.ptr) {
        compare(out, read_v3(block->v3, older, NULL), older);
    }
}

static void
mark_partners(struct og_signing *self)
{
    size_t signers = 0;
    for (size_t i = 0; i < self->count; i++) {
        signers += self->certs[i].role == OG_ROLE_SIGNER;
    }
    for (size_t i = 0; signers > 1 && i < self->count; i++) {
        self->certs[i].role = OG_ROLE_PARTNER;
    }
}

static enum og_code
refuse_unsigned(const struct contents *contents, struct og_err *err)
{
    if (contents->holds_apks && !contents->has_manifest) {
        return og_fail(err, OG_E_INVALID, "file",
                       "this is an archive of apps (.apks, .xapk): unpack it and give base.apk");
    }
    return og_fail(err, OG_E_INVALID, "file",
                   contents->has_manifest || contents->is_bundle
                       ? "the app is not signed: give the signed one, or the certificate"
                       : "this is a zip file, but neither a signed app nor a bundle");
}

static enum og_code
read_signers(const struct og_zip *zip, const struct contents *contents, struct og_arena *mem,
             struct og_signing *out, struct og_err *err)
{
    struct og_signing_block block;
    enum og_code code = og_signing_block_read(zip, mem, &block, err);
    if (code == OG_OK) {
        code = read_block(&block, out, err);
    }
    if (code == OG_OK && out->count == 0) {
        code = read_jar(zip, contents, mem, out, err);
    } else if (code == OG_OK) {
        compare_older(zip, contents, &block, mem, out);
    }
    if (code == OG_OK && out->count == 0) {
        code = refuse_unsigned(contents, err);
    }
    mark_partners(out);
    return code;
}

enum og_code
og_apk_read(const struct og_input *input, struct og_arena *mem, struct og_signing *out,
            struct og_err *err)
{
    struct og_zip zip;
    struct contents contents = {.jar_count = 0};
    struct og_str manifest;
    enum og_code code = og_zip_open(&zip, input, mem, err);
    if (code != OG_OK) {
        return code;
    }
    if (!og_zip_each(&zip, note_entry, &contents)) {
        return og_fail(err, OG_E_INVALID, "file", "the zip file's directory is damaged");
    }
    out->file = contents.is_bundle ? OG_SIGNING_BUNDLE : OG_SIGNING_APK;
    if (contents.has_manifest && !contents.is_bundle &&
        og_zip_read(&zip, &contents.manifest, MANIFEST_BYTES_MAX, mem, &manifest, NULL) == OG_OK) {
        out->package = og_manifest_package(manifest, mem);
    }
    return read_signers(&zip, &contents, mem, out, err);
}
