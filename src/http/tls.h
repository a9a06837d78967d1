/*
 * TLS 1.2 and 1.3 for the server's side, over bytes in memory: no socket in here. The one door to
 * OpenSSL's SSL functions.
 *
 * A context holds certificate, key and settings and is shared by reference count, so that new
 * certificates reach new sessions while the old ones live on. A session belongs to one loop.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define OG_TICKET_KEY_BYTES 80

struct og_tls_files {
    const char *cert_file;      /* PEM chain */
    const char *key_file;       /* PEM */
    const char *client_ca_file; /* NULL: no client certificate is asked for; else one is required */
    uint8_t ticket_key[OG_TICKET_KEY_BYTES];
};

struct og_tls_context;

/* Errors: OG_E_INVALID with the option at fault (cert_file, key_file, client_ca_file). */
OG_MUST_CHECK enum og_code og_tls_context_create(const struct og_tls_files *files,
                                                 struct og_tls_context **out, struct og_err *err);
void og_tls_context_destroy(struct og_tls_context *self); /* takes NULL; its sessions live on */

/* The file's 80 bytes; made with mode 0600 when missing. path NULL: made up for this process. */
OG_MUST_CHECK enum og_code og_tls_ticket_key(const char *path, uint8_t out[OG_TICKET_KEY_BYTES],
                                             struct og_err *err);

enum og_tls_result {
    OG_TLS_OK,
    OG_TLS_MORE,   /* needs more bytes from the peer */
    OG_TLS_CLOSED, /* the peer ended the session properly */
    OG_TLS_FAILED, /* not TLS, no common ground, bad or missing client certificate, broken record */
};

struct og_tls;

/* NULL only when memory is short. */
struct og_tls *og_tls_create(struct og_tls_context *context);
void og_tls_destroy(struct og_tls *self); /* takes NULL */

/*
 * Decrypt. The handshake happens in here.
 * in   what came from the peer; what was used is taken from the front, on MORE that is all
 * out  plain bytes, at most cap (16 KiB take a whole record); *len of them on OK
 * send bytes for the peer (handshake, alerts) are appended; send them whatever the result
 */
enum og_tls_result og_tls_read(struct og_tls *self, struct og_str *in, char *out, size_t cap,
                               size_t *len, struct og_buf *send);
/* Encrypt; appended to `send`. */
OG_MUST_CHECK bool og_tls_write(struct og_tls *self, struct og_str plain, struct og_buf *send);
/* Append our goodbye. */
void og_tls_end(struct og_tls *self, struct og_buf *send);

bool og_tls_is_established(const struct og_tls *self);
/* Subject of the verified client certificate (RFC 2253), "" for none. Gives: free it. */
char *og_tls_client_subject(const struct og_tls *self);
/* Why it failed: a short static text, for the log. */
const char *og_tls_failure(const struct og_tls *self);
