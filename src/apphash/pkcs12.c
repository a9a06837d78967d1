/*
 * The file says how often its password is hashed, so the rounds are counted before any is done.
 * Certificates are named after the key whose id they carry.
 */
#include "apphash/pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "apphash/certificate.h"
#include "apphash/signing_priv.h"

#define ROUNDS_MAX 1000000 /* all together; the JDK uses 10,000 in three places */
#define SAFES_MAX 16
#define BAGS_MAX 512
#define ALIAS_BYTES_MAX 255

/* One reading. */
struct reading {
    const char *password; /* NULL: none at all */
    int password_len;
    long rounds; /* hashed so far */
    struct og_arena *mem;
    struct og_signing *out;
    struct og_str key_ids[OG_SIGNING_CERTS_MAX]; /* of the keys that were seen */
    size_t key_count;
    struct og_str cert_ids[OG_SIGNING_CERTS_MAX]; /* beside out->certs */
};

bool
og_pkcs12_is(struct og_str whole)
{
    /* SEQUENCE { INTEGER 3, as a PFX begins and no certificate; the length has 1 to 5 bytes */
    for (size_t head = 2; head <= 6; head++) {
        if (og_str_starts(whole, OG_STR("\x30")) &&
            og_str_eq(og_str_slice(whole, head, head + 3), OG_STR("\x02\x01\x03"))) {
            return true;
        }
    }
    return false;
}

static enum og_code
refuse(struct og_err *err, enum og_code code, const char *field, const char *why)
{
    ERR_clear_error();
    return og_fail(err, code, field, "%s", why);
}

static enum og_code
damaged(struct og_err *err)
{
    return refuse(err, OG_E_INVALID, "file", "the key store is cut off or damaged");
}

static enum og_code
wrong_password(const struct og_secret *password, struct og_err *err)
{
    return refuse(err, OG_E_UNAUTHORIZED, "storepass",
                  password ? "the key store's password is wrong, or the file was changed"
                           : "this key store shows its certificates only with its password: "
                             "--storepass-file FILE, or run it in a terminal to be asked");
}

/* ---- how much work ---- */

static enum og_code
spend_rounds(struct reading *self, const ASN1_INTEGER *rounds, struct og_err *err)
{
    long count = rounds ? ASN1_INTEGER_get(rounds) : 1;
    if (count < 0 || count > ROUNDS_MAX || self->rounds + count > ROUNDS_MAX) {
        return refuse(err, OG_E_UNPROCESSABLE, "file",
                      "the key store wants its password hashed more than a million times");
    }
    self->rounds += count;
    return OG_OK;
}

static void *
unpack(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
    const void *value = NULL;
    int type = 0;
    const ASN1_OBJECT *name = NULL;
    X509_ALGOR_get0(&name, &type, &value, algorithm);
    return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

/* The rounds of PBES2, whose key comes from PBKDF2; other ways to a key are refused. */
static enum og_code
spend_pbes2(struct reading *self, const X509_ALGOR *algorithm, struct og_err *err)
{
    PBE2PARAM *scheme = unpack(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
    PBKDF2PARAM *derive = NULL;
    enum og_code code = OG_OK;
    if (scheme && OBJ_obj2nid(scheme->keyfunc->algorithm) == NID_id_pbkdf2) {
        derive = unpack(scheme->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
    }
    code = derive ? spend_rounds(self, derive->iter, err)
                  : refuse(err, OG_E_UNPROCESSABLE, "file",
                           "the key store is encrypted in a way that is not known here");
    PBKDF2PARAM_free(derive);
    PBE2PARAM_free(scheme);
    return code;
}

static enum og_code
spend_cipher(struct reading *self, const X509_ALGOR *algorithm, struct og_err *err)
{
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2) {
        return spend_pbes2(self, algorithm, err);
    }
    PBEPARAM *param = unpack(algorithm, ASN1_ITEM_rptr(PBEPARAM));
    enum og_code code = param ? spend_rounds(self, param->iter, err) : damaged(err);
    PBEPARAM_free(param);
    return code;
}

/* ---- bags ---- */

static struct og_str
copy_octets(struct reading *self, const ASN1_TYPE *attribute)
{
    if (!attribute || attribute->type != V_ASN1_OCTET_STRING) {
        return OG_STR("");
    }
    const ASN1_OCTET_STRING *octets = attribute->value.octet_string;
    return og_str_dup(self->mem, (struct og_str){(const char *)ASN1_STRING_get0_data(octets),
                                                 (size_t)ASN1_STRING_length(octets)});
}

static struct og_str
copy_alias(struct reading *self, PKCS12_SAFEBAG *bag)
{
    char *name = PKCS12_get_friendlyname(bag);
    struct og_str alias = og_str_slice(og_str_from(name), 0, ALIAS_BYTES_MAX);
    alias = name && og_str_is_utf8(alias) ? og_str_dup(self->mem, alias) : OG_STR("");
    OPENSSL_free(name);
    return alias;
}

static enum og_code
read_certificate(struct reading *self, PKCS12_SAFEBAG *bag, struct og_err *err)
{
    unsigned char *bytes = NULL;
    X509 *certificate = PKCS12_SAFEBAG_get1_cert(bag);
    int len = certificate ? i2d_X509(certificate, &bytes) : 0;
    X509_free(certificate);
    if (len <= 0) {
        return damaged(err);
    }
    struct og_str der = og_str_dup(self->mem, (struct og_str){(char *)bytes, (size_t)len});
    OPENSSL_free(bytes);
    enum og_code code =
        og_signing_add(self->out, der, copy_alias(self, bag), OG_ROLE_TRUSTED, err);
    if (code == OG_OK) {
        self->cert_ids[self->out->count - 1] =
            copy_octets(self, PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID));
    }
    return code;
}

static enum og_code
read_bag(struct reading *self, PKCS12_SAFEBAG *bag, struct og_err *err)
{
    int kind = PKCS12_SAFEBAG_get_nid(bag);
    if (kind == NID_certBag && PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate) {
        return read_certificate(self, bag, err);
    }
    if ((kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag) &&
        self->key_count < OG_SIGNING_CERTS_MAX) {
        struct og_str id = copy_octets(self, PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID));
        if (id.len > 0) {
            self->key_ids[self->key_count++] = id;
        }
    }
    return OG_OK;
}

/* The bags of a safe: in clear or encrypted. NULL, with the reason, when there are none to have. */
static STACK_OF(PKCS12_SAFEBAG) *
open_safe(struct reading *self, PKCS7 *safe, struct og_err *err)
{
    if (PKCS7_type_is_data(safe)) {
        STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data(safe);
        if (!bags) {
            damaged(err);
        }
        return bags;
    }
    if (!PKCS7_type_is_encrypted(safe) || !safe->d.encrypted || !safe->d.encrypted->enc_data) {
        damaged(err);
        return NULL;
    }
    if (spend_cipher(self, safe->d.encrypted->enc_data->algorithm, err) != OG_OK) {
        return NULL;
    }
    STACK_OF(PKCS12_SAFEBAG) *bags =
        PKCS12_unpack_p7encdata(safe, self->password, self->password_len);
    if (!bags) {
        refuse(err, OG_E_UNAUTHORIZED, "storepass",
               "the key store cannot be decrypted: the password is wrong, or this OpenSSL has no "
               "legacy provider for an old file");
    }
    return bags;
}

static enum og_code
read_safe(struct reading *self, PKCS7 *safe, struct og_err *err)
{
    struct og_err why = {.code = OG_E_INVALID};
    STACK_OF(PKCS12_SAFEBAG) *bags = open_safe(self, safe, &why);
    if (!bags) {
        return og_fail(err, why.code, why.field, "%s", why.text);
    }
    int count = sk_PKCS12_SAFEBAG_num(bags);
    enum og_code code = count <= BAGS_MAX ? OG_OK : damaged(err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        code = read_bag(self, sk_PKCS12_SAFEBAG_value(bags, i), err);
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return code;
}

static enum og_code
read_safes(struct reading *self, const PKCS12 *store, struct og_err *err)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(store);
    int count = safes ? sk_PKCS7_num(safes) : 0;
    enum og_code code = safes && count <= SAFES_MAX ? OG_OK : damaged(err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        code = read_safe(self, sk_PKCS7_value(safes, i), err);
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return code;
}

/* ---- the file ---- */

/* Is the password right, by the file's own MAC? Sets what to decrypt with. A file without a MAC
 * tells by being decrypted. */
static enum og_code
check_mac(struct reading *self, PKCS12 *store, const struct og_secret *password,
          struct og_err *err)
{
    const ASN1_INTEGER *rounds = NULL;
    self->password = password ? password->bytes : NULL;
    self->password_len = password ? (int)password->len : 0;
    if (!PKCS12_mac_present(store)) {
        return OG_OK;
    }
    PKCS12_get0_mac(NULL, NULL, NULL, &rounds, store);
    enum og_code code = spend_rounds(self, rounds, err);
    if (code != OG_OK) {
        return code;
    }
    bool is_right = PKCS12_verify_mac(store, self->password, self->password_len) == 1;
    if (!is_right && !password && spend_rounds(self, rounds, NULL) == OG_OK) {
        self->password = "";
        is_right = PKCS12_verify_mac(store, "", 0) == 1;
    }
    self->out->is_integrity_known = is_right;
    return is_right ? OG_OK : wrong_password(password, err);
}

/* Certificates that belong to a key are keys; where there is one, the others are only its chain
 * unless they have a name. */
static void
name_roles(struct reading *self)
{
    struct og_signing *out = self->out;
    size_t kept = 0, keys = 0;
    for (size_t i = 0; i < out->count; i++) {
        for (size_t k = 0; self->cert_ids[i].len > 0 && k < self->key_count; k++) {
            if (og_str_eq(self->cert_ids[i], self->key_ids[k])) {
                out->certs[i].role = OG_ROLE_KEY;
            }
        }
        keys += out->certs[i].role == OG_ROLE_KEY;
    }
    for (size_t i = 0; i < out->count; i++) {
        if (keys == 0 || out->certs[i].role == OG_ROLE_KEY || out->certs[i].alias.len > 0) {
            out->certs[kept++] = out->certs[i];
        }
    }
    out->count = kept;
}

static enum og_code
read_store(struct reading *self, struct og_str whole, OSSL_LIB_CTX *context,
           const struct og_secret *password, struct og_err *err)
{
    const unsigned char *at = (const unsigned char *)whole.ptr;
    PKCS12 *store = PKCS12_init_ex(NID_pkcs7_data, context, NULL);
    PKCS12 *read = store ? d2i_PKCS12(&store, &at, (long)whole.len) : NULL;
    enum og_code code = read ? check_mac(self, read, password, err) : damaged(err);
    if (code == OG_OK) {
        code = read_safes(self, read, err);
    }
    PKCS12_free(read);
    if (code == OG_OK && self->out->count == 0) {
        code = refuse(err, OG_E_INVALID, "file", "the key store holds no certificate");
    }
    return code;
}

enum og_code
og_pkcs12_read(struct og_str whole, const struct og_secret *password, struct og_arena *mem,
               struct og_signing *out, struct og_err *err)
{
    struct reading *self = OG_ARENA_NEW(mem, struct reading);
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *standard = OSSL_PROVIDER_load(context, "default");
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(context, "legacy"); /* NULL where it is not there */
    self->mem = mem;
    self->out = out;
    enum og_code code = read_store(self, whole, context, password, err);
    if (code == OG_OK) {
        name_roles(self);
    }
    if (legacy) {
        OSSL_PROVIDER_unload(legacy);
    }
    if (standard) {
        OSSL_PROVIDER_unload(standard);
    }
    OSSL_LIB_CTX_free(context);
    ERR_clear_error();
    return code;
}
