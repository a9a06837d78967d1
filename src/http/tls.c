/*
 * The door to OpenSSL's SSL. Sessions read from and write to memory through a BIO of our own, which
 * copies nothing that OpenSSL does not copy anyway and holds no buffer between two calls.
 */
#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/files.h"

#define SESSION_LIFE_S (12 * 3600)
#define CLIENT_CA_BYTES_MAX (1024 * 1024)

struct og_tls_context {
    SSL_CTX *ctx;
};

struct og_tls {
    SSL *ssl;
    struct og_str in;    /* what the BIO may read, during a call */
    struct og_buf *send; /* where the BIO writes, during a call */
    const char *failure;
};

/* The BIO */

static int
bio_read(BIO *bio, char *out, size_t size, size_t *taken)
{
    struct og_tls *self = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (self->in.len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *taken = size < self->in.len ? size : self->in.len;
    memcpy(out, self->in.ptr, *taken);
    self->in = og_str_slice(self->in, *taken, self->in.len);
    return 1;
}

static int
bio_write(BIO *bio, const char *bytes, size_t size, size_t *taken)
{
    struct og_tls *self = BIO_get_data(bio);
    og_buf_add(self->send, (struct og_str){bytes, size});
    *taken = size;
    return !self->send->full;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

static void
make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "otpgate");
    BIO_meth_set_read_ex(bio_method, bio_read);
    BIO_meth_set_write_ex(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

/* Contexts */

static enum og_code
fail_file(struct og_err *err, const char *field, const char *path)
{
    unsigned long number = ERR_get_error();
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    ERR_clear_error();
    return og_fail(err, OG_E_INVALID, field, "cannot use %s: %s", path,
                   reason ? reason : "not a usable PEM file");
}

static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                const unsigned char *offered, unsigned int offered_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    int status = SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, offered,
                                       offered_len);
    if (status != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool
set_algorithms(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_CLEANSE_PLAINTEXT); /* it decrypts in its own buffer */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                         "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

static enum og_code
load_client_ca(SSL_CTX *ctx, const char *path, uint8_t digest[OG_DIGEST_BYTES],
               struct og_err *err)
{
    struct og_buf content;
    og_buf_init(&content, CLIENT_CA_BYTES_MAX);
    enum og_code code = og_file_read(path, &content, NULL);
    og_sha256(og_buf_str(&content), digest);
    og_buf_finish(&content);
    STACK_OF(X509_NAME) *names = code == OG_OK ? SSL_load_client_CA_file(path) : NULL;
    if (!names || SSL_CTX_load_verify_locations(ctx, path, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return fail_file(err, "client_ca_file", path);
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return OG_OK;
}

/* Sessions are kept in tickets only. Their keys outlive a restart; a session made under one client
 * CA file is not resumed under another. */
static enum og_code
set_sessions(SSL_CTX *ctx, const struct og_tls_files *files, struct og_err *err)
{
    uint8_t digest[OG_DIGEST_BYTES] = {0};
    uint8_t key[OG_TICKET_KEY_BYTES];
    if (files->client_ca_file) {
        enum og_code code = load_client_ca(ctx, files->client_ca_file, digest, err);
        if (code != OG_OK) {
            return code;
        }
    }
    memcpy(key, files->ticket_key, sizeof(key));
    bool ok = SSL_CTX_set_session_id_context(ctx, digest, sizeof(digest)) == 1 &&
              SSL_CTX_set_tlsext_ticket_keys(ctx, key, sizeof(key)) == 1;
    og_wipe(key, sizeof(key));
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, SESSION_LIFE_S);
    SSL_CTX_set_num_tickets(ctx, 1);
    return ok ? OG_OK : og_fail(err, OG_E_INTERNAL, "", "cannot set up TLS sessions");
}

static enum og_code
load_files(SSL_CTX *ctx, const struct og_tls_files *files, struct og_err *err)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, files->cert_file) != 1) {
        return fail_file(err, "cert_file", files->cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, files->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        return fail_file(err, "key_file", files->key_file);
    }
    return set_sessions(ctx, files, err);
}

enum og_code
og_tls_context_create(const struct og_tls_files *files, struct og_tls_context **out,
                      struct og_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_bio_method);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx || !set_algorithms(ctx)) {
        SSL_CTX_free(ctx);
        return og_fail(err, OG_E_INTERNAL, "", "cannot set up TLS");
    }
    enum og_code code = load_files(ctx, files, err);
    if (code != OG_OK) {
        SSL_CTX_free(ctx);
        return code;
    }
    *out = og_xalloc(sizeof(**out));
    (*out)->ctx = ctx;
    return OG_OK;
}

void
og_tls_context_destroy(struct og_tls_context *self)
{
    if (self) {
        SSL_CTX_free(self->ctx); /* counted: sessions hold it too */
        free(self);
    }
}

enum og_code
og_tls_ticket_key(const char *path, uint8_t out[OG_TICKET_KEY_BYTES], struct og_err *err)
{
    struct og_buf content;
    enum og_code code = OG_E_NOT_FOUND;
    if (path) {
        og_buf_init(&content, OG_TICKET_KEY_BYTES);
        code = og_file_read(path, &content, err);
        bool is_whole = content.len == OG_TICKET_KEY_BYTES;
        if (code == OG_OK && is_whole) {
            memcpy(out, content.ptr, OG_TICKET_KEY_BYTES);
        }
        og_buf_finish(&content);
        if (code == OG_E_TOO_LARGE || (code == OG_OK && !is_whole)) {
            return og_fail(err, OG_E_INVALID, "ticket_key_file", "%s does not hold 80 bytes", path);
        }
    }
    if (code != OG_E_NOT_FOUND) {
        return code;
    }
    code = og_random_bytes(out, OG_TICKET_KEY_BYTES, err);
    if (code != OG_OK || !path) {
        return code;
    }
    return og_file_write(path, (struct og_str){(const char *)out, OG_TICKET_KEY_BYTES}, 0600, err);
}

/* Sessions */

/* SSL_get_error wants the thread's queue of errors empty before the call that it explains. */
static void
forget_errors(void)
{
    if (ERR_peek_error()) {
        ERR_clear_error();
    }
}

struct og_tls *
og_tls_create(struct og_tls_context *context)
{
    struct og_tls *self = og_xalloc(sizeof(*self));
    BIO *bio = BIO_new(bio_method);
    self->ssl = SSL_new(context->ctx);
    self->failure = "";
    if (!bio || !self->ssl) {
        BIO_free(bio);
        SSL_free(self->ssl);
        free(self);
        return NULL;
    }
    BIO_set_data(bio, self);
    BIO_set_init(bio, 1);
    SSL_set_bio(self->ssl, bio, bio);
    SSL_set_accept_state(self->ssl);
    return self;
}

void
og_tls_destroy(struct og_tls *self)
{
    if (self) {
        SSL_free(self->ssl);
        free(self);
    }
}

static enum og_tls_result
explain(struct og_tls *self, int status)
{
    switch (SSL_get_error(self->ssl, status)) {
    case SSL_ERROR_WANT_READ:
        return OG_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return OG_TLS_CLOSED;
    default: {
        const char *reason = ERR_reason_error_string(ERR_peek_error());
        self->failure = reason ? reason : "broken session";
        ERR_clear_error();
        return OG_TLS_FAILED;
    }
    }
}

enum og_tls_result
og_tls_read(struct og_tls *self, struct og_str *in, char *out, size_t cap, size_t *len,
            struct og_buf *send)
{
    self->in = *in;
    self->send = send;
    forget_errors();
    int status = SSL_read_ex(self->ssl, out, cap, len);
    enum og_tls_result result = status == 1 ? OG_TLS_OK : explain(self, status);
    *in = self->in;
    self->in = (struct og_str){NULL, 0};
    self->send = NULL;
    return result;
}

bool
og_tls_write(struct og_tls *self, struct og_str plain, struct og_buf *send)
{
    size_t written;
    self->send = send;
    forget_errors();
    bool ok = plain.len == 0 || SSL_write_ex(self->ssl, plain.ptr, plain.len, &written) == 1;
    self->send = NULL;
    return ok;
}

void
og_tls_end(struct og_tls *self, struct og_buf *send)
{
    self->send = send;
    if (SSL_is_init_finished(self->ssl)) {
        forget_errors();
        SSL_shutdown(self->ssl);
    }
    self->send = NULL;
}

bool
og_tls_is_established(const struct og_tls *self)
{
    return SSL_is_init_finished(self->ssl);
}

char *
og_tls_client_subject(const struct og_tls *self)
{
    X509 *certificate = SSL_get0_peer_certificate(self->ssl);
    BIO *text = certificate ? BIO_new(BIO_s_mem()) : NULL;
    char *subject = NULL;
    if (text && X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
                                   XN_FLAG_RFC2253) >= 0) {
        char *bytes;
        long len = BIO_get_mem_data(text, &bytes);
        subject = og_xalloc((size_t)len + 1);
        memcpy(subject, bytes, (size_t)len);
    }
    BIO_free(text);
    return subject ? subject : og_xstrdup("");
}

const char *
og_tls_failure(const struct og_tls *self)
{
    return self->failure;
}
