/*
 * Digests and MACs: the one door to OpenSSL's EVP_MD and EVP_MAC. They are on the path of every
 * request, several times, so each thread keeps its contexts: one for SHA-256, and some for HMAC,
 * each with the key that it was given last.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/crypto_priv.h"
#include "base/log.h"

#define MACS_PER_THREAD 16 /* more than a thread has keys in use */
#define GATHERED_BYTES 256

static EVP_MAC *mac_algorithm;
static pthread_key_t thread_key; /* frees a thread's contexts when the thread ends */
static bool is_ready;

struct keyed {
    EVP_MAC_CTX *ctx; /* NULL: not used yet */
    uint8_t key[OG_KEY_BYTES];
};

static _Thread_local struct {
    EVP_MD_CTX *sha256;
    struct keyed macs[MACS_PER_THREAD];
    unsigned mac_turn; /* whose key goes next */
} contexts;

static void
free_contexts(void *unused)
{
    (void)unused;
    EVP_MD_CTX_free(contexts.sha256);
    for (int i = 0; i < MACS_PER_THREAD; i++) {
        EVP_MAC_CTX_free(contexts.macs[i].ctx);
    }
    og_wipe(&contexts, sizeof contexts);
}

static void
init(void)
{
    mac_algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    is_ready = mac_algorithm && pthread_key_create(&thread_key, free_contexts) == 0;
}

bool
og_digest_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init);
    return is_ready;
}

static void
expect(bool is_right, const char *what)
{
    if (!is_right) {
        og_log_error("base", "a digest is not usable", "name=%s", what);
        abort();
    }
}

/* This thread gets its first context, or another one. */
static void
expect_thread(void)
{
    expect(og_digest_init() && pthread_setspecific(thread_key, &contexts) == 0, "any");
}

/* ---- HMAC ---- */

static EVP_MAC_CTX *
make_mac(void)
{
    static char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
        OSSL_PARAM_construct_end(),
    };
    expect_thread();
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(mac_algorithm);
    expect(mac && EVP_MAC_CTX_set_params(mac, params) == 1, "HMAC-SHA-256");
    return mac;
}

/* The one with this key, or one for it. */
static struct keyed *
find_mac(const uint8_t key[OG_KEY_BYTES], bool *is_same)
{
    for (int i = 0; i < MACS_PER_THREAD; i++) {
        struct keyed *mac = &contexts.macs[i];
        if (mac->ctx && memcmp(key, mac->key, OG_KEY_BYTES) == 0) {
            *is_same = true;
            return mac;
        }
    }
    *is_same = false;
    return &contexts.macs[contexts.mac_turn++ % MACS_PER_THREAD];
}

/* A context that is ready for this key. Giving a key costs two hashes, so it is kept. */
static EVP_MAC_CTX *
mac_start(const uint8_t key[OG_KEY_BYTES])
{
    bool is_same;
    struct keyed *self = find_mac(key, &is_same);
    if (!self->ctx) {
        self->ctx = make_mac();
    }
    expect(EVP_MAC_init(self->ctx, is_same ? NULL : key, is_same ? 0 : OG_KEY_BYTES, NULL) == 1,
           "HMAC-SHA-256");
    if (!is_same) {
        memcpy(self->key, key, OG_KEY_BYTES);
    }
    return self->ctx;
}

static void
mac_add(EVP_MAC_CTX *mac, const void *bytes, size_t size_bytes)
{
    expect(size_bytes == 0 || EVP_MAC_update(mac, bytes, size_bytes) == 1, "HMAC-SHA-256");
}

static void
mac_end(EVP_MAC_CTX *mac, uint8_t out[OG_DIGEST_BYTES])
{
    size_t len = 0;
    expect(EVP_MAC_final(mac, out, &len, OG_DIGEST_BYTES) == 1 && len == OG_DIGEST_BYTES,
           "HMAC-SHA-256");
}

/* What is to be digested, in pieces that are worth a call. */
struct gather {
    EVP_MAC_CTX *mac;
    size_t len;
    uint8_t bytes[GATHERED_BYTES];
};

static void
gather_flush(struct gather *self)
{
    mac_add(self->mac, self->bytes, self->len);
    self->len = 0;
}

static void
gather_add(struct gather *self, const void *bytes, size_t size_bytes)
{
    if (size_bytes > sizeof self->bytes - self->len) {
        gather_flush(self);
    }
    if (size_bytes > sizeof self->bytes) {
        mac_add(self->mac, bytes, size_bytes);
    } else if (size_bytes > 0) {
        memcpy(self->bytes + self->len, bytes, size_bytes);
        self->len += size_bytes;
    }
}

void
og_mac_parts(const struct og_key *key, const struct og_str *parts, size_t count,
             uint8_t out[OG_DIGEST_BYTES])
{
    struct gather input;
    input.mac = mac_start(key->bytes);
    input.len = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t len[8];
        og_put_be(parts[i].len, len, sizeof(len));
        gather_add(&input, len, sizeof(len));
        gather_add(&input, parts[i].ptr, parts[i].len);
    }
    gather_flush(&input);
    mac_end(input.mac, out);
    og_wipe(input.bytes, sizeof input.bytes);
}

void
og_key_derive(const struct og_key *master, const char *label, struct og_key *out)
{
    uint8_t bytes[OG_DIGEST_BYTES];
    EVP_MAC_CTX *mac = mac_start(master->bytes);
    mac_add(mac, label, strlen(label));
    mac_end(mac, bytes);
    og_key_from_bytes(bytes, out);
    og_wipe(bytes, sizeof(bytes));
}

/* ---- without a key ---- */

/* The first start names the digest; later ones keep it, which spares looking it up. */
static EVP_MD_CTX *
sha256_start(void)
{
    bool is_new = !contexts.sha256;
    if (is_new) {
        expect_thread();
        contexts.sha256 = EVP_MD_CTX_new();
    }
    expect(contexts.sha256 &&
               EVP_DigestInit_ex2(contexts.sha256, is_new ? EVP_sha256() : NULL, NULL) == 1,
           "SHA-256");
    return contexts.sha256;
}

static void
sha256_end(EVP_MD_CTX *md, struct og_str data, uint8_t out[OG_DIGEST_BYTES])
{
    expect(EVP_DigestUpdate(md, data.ptr, data.len) == 1 &&
               EVP_DigestFinal_ex(md, out, NULL) == 1,
           "SHA-256");
}

void
og_sha256(struct og_str data, uint8_t out[OG_DIGEST_BYTES])
{
    sha256_end(sha256_start(), data, out);
}

void
og_sha256_tagged(uint8_t tag, struct og_str data, uint8_t out[OG_DIGEST_BYTES])
{
    EVP_MD_CTX *md = sha256_start();
    expect(EVP_DigestUpdate(md, &tag, 1) == 1, "SHA-256");
    sha256_end(md, data, out);
}

void
og_sha1(struct og_str data, uint8_t out[OG_SHA1_BYTES])
{
    expect(EVP_Digest(data.ptr, data.len, out, NULL, EVP_sha1(), NULL) == 1, "SHA-1");
}
