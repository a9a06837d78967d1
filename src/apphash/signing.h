/*
 * Who signs an app, as a file tells: an app (APK), a bundle (AAB), a key store, a certificate.
 *
 * Reading is not verifying: whether a signature is genuine is Android's question when it installs
 * the app. Every certificate handed out is a well-formed X.509 certificate of at most
 * OG_CERTIFICATE_BYTES_MAX. One thread at a time. Source: domain notes 1.5, 1.6.
 */
#pragma once

#include "apphash/input.h"
#include "base/secret.h"

#define OG_SIGNING_CERTS_MAX 256

enum og_signing_file {
    OG_SIGNING_APK,
    OG_SIGNING_BUNDLE,
    OG_SIGNING_JKS,
    OG_SIGNING_JCEKS,
    OG_SIGNING_PKCS12,
    OG_SIGNING_CERTIFICATE, /* PEM, DER or hex */
};

/* What a certificate is in its file. */
enum og_signing_role {
    OG_ROLE_SIGNER,  /* signs the app; after a rotation the oldest of the lineage */
    OG_ROLE_BETWEEN, /* in the lineage, neither oldest nor newest */
    OG_ROLE_NEWEST,  /* signs the app since the last rotation */
    OG_ROLE_PARTNER, /* one of several that sign the app together */
    OG_ROLE_KEY,     /* of a key in a key store */
    OG_ROLE_TRUSTED, /* in a key store without a key */
    OG_ROLE_ALONE,   /* the file is the certificate */
};

/* Signature schemes that were found, as bits. */
enum og_signing_scheme {
    OG_SCHEME_V1 = 1,
    OG_SCHEME_V2 = 2,
    OG_SCHEME_V3 = 4,
    OG_SCHEME_V31 = 8,
};

struct og_signing_cert {
    struct og_str der;
    struct og_str alias; /* of the key store's entry; "" : none */
    enum og_signing_role role;
};

struct og_signing {
    enum og_signing_file file;
    struct og_signing_cert certs[OG_SIGNING_CERTS_MAX];
    size_t count;
    unsigned schemes;        /* og_signing_scheme bits; 0 for what is no app */
    bool schemes_differ;     /* older schemes name another certificate; the newest was taken */
    bool is_integrity_known; /* the key store's own digest was checked with the password */
    struct og_str package;   /* from the app's manifest; "" : not known */
};

/* "apk", "aab", "jks", ... and for people "an app (APK)". Static storage. */
const char *og_signing_file_id(enum og_signing_file file);
const char *og_signing_file_name(enum og_signing_file file);
/* "signer", "newest", ... Static storage. */
const char *og_signing_role_id(enum og_signing_role role);

/*
 * Find out what the file is, and read it.
 *
 * password  of the key store; NULL: none is known, which is enough for all but most PKCS#12 files
 * out       borrows from `input` and `mem`
 * Errors    OG_E_UNAUTHORIZED "storepass": needed, wrong, or the key store was damaged;
 *           OG_E_INVALID, OG_E_TOO_LARGE "file" or "certificate", saying what to do instead
 */
OG_MUST_CHECK enum og_code og_signing_read(const struct og_input *input,
                                           const struct og_secret *password, struct og_arena *mem,
                                           struct og_signing *out, struct og_err *err);

/*
 * Which certificate Play services will use.
 *
 * alias   of a key store's entry, case ignored; "" : none given
 * out     NULL when several entries of a key store could be meant, which is no error
 * Errors  OG_E_NOT_FOUND "alias"; OG_E_UNPROCESSABLE "file": several sign the app together
 */
OG_MUST_CHECK enum og_code og_signing_choose(const struct og_signing *self, struct og_str alias,
                                             const struct og_signing_cert **out,
                                             struct og_err *err);
