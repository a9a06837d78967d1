/*
 * The built-in private CA: what makes `serve` in an empty folder speak TLS. The door to OpenSSL's
 * X.509 functions for making certificates.
 *
 * The folder holds ca.key (mode 0600), ca.pem (P-256, 10 years, may issue server certificates only
 * directly), server.key (0600) and server.pem. Phones and clients are given ca.pem or its
 * fingerprint. Main thread, before the server is made.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_CA_PATH_BYTES 1024
#define OG_FINGERPRINT_BYTES 96 /* "AB:CD:...": 32 bytes in hex with colons, and NUL */
#define OG_CA_SERVER_DAYS 397   /* browsers and Apple refuse more than 398 */
#define OG_CA_RENEW_DAYS 30     /* before the end of the server certificate */

struct og_ca_files {
    char ca_cert[OG_CA_PATH_BYTES];
    char server_cert[OG_CA_PATH_BYTES];
    char server_key[OG_CA_PATH_BYTES];
    bool made_ca;     /* just now: nobody trusts it yet */
    bool made_server; /* just now: new, near its end, other names, or of another CA */
};

/*
 * Make what is missing or due. The server certificate is for localhost, 127.0.0.1, ::1, this
 * machine's host name and `names`.
 *
 * dir    made (0700) when missing
 * names  DNS names and IP addresses, in any order, repeats allowed
 * now_ms UTC
 * Errors OG_E_INVALID: a name (field "names"), or files that are not what they should be;
 *        OG_E_UNAVAILABLE: cannot write, or the CA itself has expired
 */
OG_MUST_CHECK enum og_code og_ca_ensure(const char *dir, const struct og_str_list *names,
                                        int64_t now_ms, struct og_ca_files *out,
                                        struct og_err *err);

/* SHA-256 of the first certificate in a PEM file, as other tools print it. */
OG_MUST_CHECK enum og_code og_ca_fingerprint(const char *cert_file,
                                             char out[OG_FINGERPRINT_BYTES], struct og_err *err);
