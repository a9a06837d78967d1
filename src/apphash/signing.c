/*
 * Which reader a file needs is told by its first bytes, never by its name.
 */
#include "apphash/signing.h"

#include "apphash/apk.h"
#include "apphash/certificate.h"
#include "apphash/jks.h"
#include "apphash/pkcs12.h"
#include "apphash/signing_priv.h"

#define WHOLE_BYTES_MAX (4u * 1024 * 1024) /* of what is read whole: key stores, certificates */
#define MARK_BYTES 4

static const struct {
    const char *id, *name;
} files[] = {
    [OG_SIGNING_APK] = {"apk", "an app (APK)"},
    [OG_SIGNING_BUNDLE] = {"aab", "an app bundle (AAB)"},
    [OG_SIGNING_JKS] = {"jks", "a JKS key store"},
    [OG_SIGNING_JCEKS] = {"jceks", "a JCEKS key store"},
    [OG_SIGNING_PKCS12] = {"pkcs12", "a PKCS#12 key store"},
    [OG_SIGNING_CERTIFICATE] = {"certificate", "a certificate"},
};

static const char *const roles[] = {
    [OG_ROLE_SIGNER] = "signer", [OG_ROLE_BETWEEN] = "between", [OG_ROLE_NEWEST] = "newest",
    [OG_ROLE_PARTNER] = "partner", [OG_ROLE_KEY] = "key", [OG_ROLE_TRUSTED] = "trusted",
    [OG_ROLE_ALONE] = "certificate",
};

const char *
og_signing_file_id(enum og_signing_file file)
{
    return files[file].id;
}

const char *
og_signing_file_name(enum og_signing_file file)
{
    return files[file].name;
}

const char *
og_signing_role_id(enum og_signing_role role)
{
    return roles[role];
}

enum og_code
og_signing_add(struct og_signing *self, struct og_str der, struct og_str alias,
               enum og_signing_role role, struct og_err *err)
{
    bool is_app = self->schemes != 0;
    for (size_t i = 0; is_app && i < self->count; i++) {
        if (og_str_eq(self->certs[i].der, der)) {
            return OG_OK;
        }
    }
    enum og_code code = og_certificate_check(der, err);
    if (code != OG_OK) {
        return code;
    }
    if (self->count == OG_SIGNING_CERTS_MAX) {
        return og_fail(err, OG_E_TOO_LARGE, "file", "the file has more than %d certificates",
                       OG_SIGNING_CERTS_MAX);
    }
    self->certs[self->count++] = (struct og_signing_cert){der, alias, role};
    return OG_OK;
}

/* ---- reading ---- */

static enum og_code
read_certificate(struct og_str whole, const struct og_secret *password, struct og_arena *mem,
                 struct og_signing *out, struct og_err *err)
{
    struct og_str der;
    (void)password;
    enum og_code code = og_certificate_read(whole, mem, &der, err);
    return code == OG_OK ? og_signing_add(out, der, OG_STR(""), OG_ROLE_ALONE, err) : code;
}

struct format {
    enum og_signing_file file;
    bool (*is_it)(struct og_str whole);
    enum og_code (*read)(struct og_str whole, const struct og_secret *password,
                         struct og_arena *mem, struct og_signing *out, struct og_err *err);
};

static const struct format formats[] = {
    {OG_SIGNING_JKS, og_jks_is, og_jks_read},
    {OG_SIGNING_JCEKS, og_jceks_is, og_jks_read},
    {OG_SIGNING_PKCS12, og_pkcs12_is, og_pkcs12_read},
    {OG_SIGNING_CERTIFICATE, NULL, read_certificate}, /* or nothing that we know */
};

static enum og_code
read_whole(const struct og_input *input, const struct og_secret *password, struct og_arena *mem,
           struct og_signing *out, struct og_err *err)
{
    struct og_str whole;
    if (input->size_bytes > WHOLE_BYTES_MAX) {
        return og_fail(err, OG_E_TOO_LARGE, "file",
                       "the file is no app, and too long for a key store or certificate");
    }
    enum og_code code = og_input_read(input, 0, (size_t)input->size_bytes, mem, &whole, err);
    if (code != OG_OK) {
        return code;
    }
    const struct format *format = formats;
    while (format->is_it && !format->is_it(whole)) {
        format++;
    }
    out->file = format->file;
    return format->read(whole, password, mem, out, err);
}

enum og_code
og_signing_read(const struct og_input *input, const struct og_secret *password,
                struct og_arena *mem, struct og_signing *out, struct og_err *err)
{
    struct og_str mark = OG_STR("");
    enum og_code code = OG_OK;
    *out = (struct og_signing){0};
    if (input->size_bytes >= MARK_BYTES) {
        code = og_input_read(input, 0, MARK_BYTES, mem, &mark, err);
    }
    if (code != OG_OK) {
        return code;
    }
    return og_str_eq(mark, OG_STR("PK\3\4")) ? og_apk_read(input, mem, out, err)
                                             : read_whole(input, password, mem, out, err);
}

/* ---- choosing ---- */

static enum og_code
choose_alias(const struct og_signing *self, struct og_str alias, const struct og_signing_cert **out,
             struct og_err *err)
{
    for (size_t i = 0; i < self->count; i++) {
        if (og_str_eq_nocase(self->certs[i].alias, alias)) {
            *out = &self->certs[i];
            return OG_OK;
        }
    }
    return og_fail(err, OG_E_NOT_FOUND, "alias",
                   "the file has no entry with the alias %.*s; without --alias all are listed",
                   (int)(alias.len < 60 ? alias.len : 60), alias.ptr);
}

/* The only certificate with a role, or NULL. */
static const struct og_signing_cert *
only_one(const struct og_signing *self, enum og_signing_role role)
{
    const struct og_signing_cert *found = NULL;
    for (size_t i = 0; i < self->count; i++) {
        if (self->certs[i].role == role) {
            if (found) {
                return NULL;
            }
            found = &self->certs[i];
        }
    }
    return found;
}

enum og_code
og_signing_choose(const struct og_signing *self, struct og_str alias,
                  const struct og_signing_cert **out, struct og_err *err)
{
    *out = NULL;
    if (alias.len > 0) {
        return choose_alias(self, alias, out, err);
    }
    for (size_t i = 0; i < self->count; i++) {
        if (self->certs[i].role == OG_ROLE_PARTNER) {
            return og_fail(err, OG_E_UNPROCESSABLE, "file",
                           "several certificates sign this app together: Play services refuses it "
                           "(DEVELOPER_ERROR), so there is no hash; sign it with one key");
        }
    }
    static const enum og_signing_role by_rank[] = {OG_ROLE_SIGNER, OG_ROLE_ALONE, OG_ROLE_KEY};
    for (size_t i = 0; !*out && i < sizeof by_rank / sizeof by_rank[0]; i++) {
        *out = only_one(self, by_rank[i]);
    }
    if (!*out && self->count == 1) {
        *out = &self->certs[0];
    }
    return OG_OK;
}
