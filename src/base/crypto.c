/*
 * Randomness, sealing, signatures and passwords: the one door to libsodium. Random bytes are asked
 * of the kernel in blocks, and no process has those of another.
 */
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/bcrypt.h"
#include "base/crypto_priv.h"
#include "base/log.h"

#define KEY_ID_BYTES 4
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define RANDOM_BLOCK_BYTES 2048
#define PASSWORD_PASSES 2
#define PASSWORD_MEMORY_BYTES (19u * 1024 * 1024)

_Static_assert(KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES == OG_SEAL_OVERHEAD_BYTES, "box layout");
_Static_assert(OG_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(OG_DIGEST_BYTES == crypto_hash_sha256_BYTES, "digest size");
_Static_assert(OG_PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "encoded hash size");

/* Randomness */

static bool
kernel_random(void *out, size_t size_bytes)
{
    uint8_t *to = out;
    while (size_bytes > 0) {
        ssize_t got = getrandom(to, size_bytes, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        to += got;
        size_bytes -= (size_t)got;
    }
    return true;
}

static bool (*random_source)(void *out, size_t size_bytes) = kernel_random;

void
og_random_set_source(bool (*source)(void *out, size_t size_bytes))
{
    random_source = source ? source : kernel_random;
}

enum og_code
og_random_bytes(void *out, size_t size_bytes, struct og_err *err)
{
    if (!random_source(out, size_bytes)) {
        og_wipe(out, size_bytes);
        return og_fail(err, OG_E_UNAVAILABLE, "", "the random generator failed");
    }
    return OG_OK;
}

static _Thread_local struct {
    size_t left; /* unused bytes, at the end of the block */
    uint8_t bytes[RANDOM_BLOCK_BYTES];
} random_block;

/* In the child only the thread that forked goes on; its block must not repeat the parent's. */
static void
drop_random_block(void)
{
    og_wipe(&random_block, sizeof(random_block));
}

static void
fill_random(void *out, size_t size_bytes)
{
    if (!kernel_random(out, size_bytes)) {
        og_log_error("base", "the random generator failed", "");
        abort();
    }
}

void
og_random_fast(void *out, size_t size_bytes)
{
    if (size_bytes > RANDOM_BLOCK_BYTES / 4) {
        fill_random(out, size_bytes);
        return;
    }
    if (random_block.left < size_bytes) {
        fill_random(random_block.bytes, RANDOM_BLOCK_BYTES);
        random_block.left = RANDOM_BLOCK_BYTES;
    }
    uint8_t *from = random_block.bytes + (RANDOM_BLOCK_BYTES - random_block.left);
    memcpy(out, from, size_bytes);
    og_wipe(from, size_bytes);
    random_block.left -= size_bytes;
}

/* HMAC with keys of any length */

void
og_hmac_sha256(struct og_str key, const struct og_str *parts, size_t count,
               uint8_t out[OG_DIGEST_BYTES])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
    for (size_t i = 0; i < count; i++) {
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)parts[i].ptr, parts[i].len);
    }
    crypto_auth_hmacsha256_final(&state, out);
    og_wipe(&state, sizeof state);
}

/* Start */

static pthread_once_t init_once = PTHREAD_ONCE_INIT;
static bool init_done;

static void
init_libraries(void)
{
    init_done = sodium_init() >= 0 && og_digest_init() &&
                pthread_atfork(NULL, NULL, drop_random_block) == 0;
}

enum og_code
og_crypto_init(struct og_err *err)
{
    uint8_t probe[16];
    if (!kernel_random(probe, sizeof(probe))) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "no source of randomness");
    }
    pthread_once(&init_once, init_libraries);
    if (!init_done) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "the cryptographic libraries do not start");
    }
    return OG_OK;
}

/* Keys and boxes */

void
og_key_from_bytes(const uint8_t bytes[OG_KEY_BYTES], struct og_key *out)
{
    uint8_t digest[OG_DIGEST_BYTES];
    memmove(out->bytes, bytes, OG_KEY_BYTES);
    og_sha256((struct og_str){(const char *)out->bytes, OG_KEY_BYTES}, digest);
    out->id = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
              digest[3];
    og_wipe(digest, sizeof(digest));
}

void
og_seal(const struct og_key *key, struct og_str context, struct og_str plain, struct og_buf *out)
{
    size_t box_bytes = plain.len + OG_SEAL_OVERHEAD_BYTES;
    uint8_t *box = (uint8_t *)og_buf_reserve(out, box_bytes);
    if (!box) {
        return;
    }
    uint8_t *nonce = box + KEY_ID_BYTES;
    og_put_be(key->id, box, KEY_ID_BYTES);
    og_random_fast(nonce, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + NONCE_BYTES, NULL, (const unsigned char *)plain.ptr, plain.len,
        (const unsigned char *)context.ptr, context.len, NULL, nonce, key->bytes);
    og_buf_commit(out, box_bytes);
}

static enum og_code
fail_box(struct og_err *err)
{
    return og_fail(err, OG_E_INVALID, "", "a sealed value does not open with this key");
}

enum og_code
og_unseal(const struct og_key *key, struct og_str context, struct og_str box, struct og_buf *out,
          struct og_err *err)
{
    uint8_t id[KEY_ID_BYTES];
    og_put_be(key->id, id, sizeof(id));
    if (box.len < OG_SEAL_OVERHEAD_BYTES || memcmp(box.ptr, id, sizeof(id)) != 0) {
        return fail_box(err);
    }
    size_t plain_bytes = box.len - OG_SEAL_OVERHEAD_BYTES;
    const unsigned char *nonce = (const unsigned char *)box.ptr + KEY_ID_BYTES;
    unsigned char *plain = (unsigned char *)og_buf_reserve(out, plain_bytes);
    if (!plain) {
        return og_fail(err, OG_E_TOO_LARGE, "", "a sealed value is longer than expected");
    }
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, NULL, NULL, nonce + NONCE_BYTES, plain_bytes + TAG_BYTES,
            (const unsigned char *)context.ptr, context.len, nonce, key->bytes) != 0) {
        og_wipe(plain, plain_bytes);
        return fail_box(err);
    }
    og_buf_commit(out, plain_bytes);
    return OG_OK;
}

/* Signatures */

_Static_assert(OG_KEY_BYTES == crypto_sign_SEEDBYTES, "a seed is a key");
_Static_assert(OG_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "public key size");
_Static_assert(OG_SIGNATURE_BYTES == crypto_sign_BYTES, "signature size");
_Static_assert(sizeof(struct og_signing_key) == crypto_sign_SECRETKEYBYTES, "seed, public key");

void
og_signing_key_make(const struct og_key *seed, struct og_signing_key *out)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(out->public_key, secret, seed->bytes);
    memcpy(out->seed, seed->bytes, sizeof(out->seed));
    og_wipe(secret, sizeof(secret));
}

/* The library's secret key is the seed with the public key behind it. */
void
og_sign(const struct og_signing_key *key, struct og_str text, uint8_t out[OG_SIGNATURE_BYTES])
{
    crypto_sign_detached(out, NULL, (const unsigned char *)text.ptr, text.len,
                         (const unsigned char *)key);
}

bool
og_sign_is_right(const uint8_t public_key[OG_PUBLIC_KEY_BYTES], struct og_str text,
                 const uint8_t signature[OG_SIGNATURE_BYTES])
{
    return crypto_sign_verify_detached(signature, (const unsigned char *)text.ptr, text.len,
                                       public_key) == 0;
}

/* Passwords */

enum og_code
og_password_hash(struct og_str password, char out[OG_PASSWORD_HASH_BYTES], struct og_err *err)
{
    if (crypto_pwhash_str(out, password.ptr ? password.ptr : "", password.len, PASSWORD_PASSES,
                          PASSWORD_MEMORY_BYTES) != 0) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "not enough memory to hash a password");
    }
    return OG_OK;
}

bool
og_password_is_foreign(const char *encoded)
{
    return og_bcrypt_is_hash(og_str_from(encoded));
}

bool
og_password_matches(struct og_str password, const char *encoded)
{
    if (og_password_is_foreign(encoded)) {
        return og_bcrypt_matches(password, encoded);
    }
    return crypto_pwhash_str_verify(encoded, password.ptr ? password.ptr : "", password.len) == 0;
}

/* Bytes as text */

void
og_hex(const void *bytes, size_t size_bytes, char *out)
{
    sodium_bin2hex(out, size_bytes * 2 + 1, bytes, size_bytes);
}

bool
og_unhex(struct og_str hex, void *out, size_t size_bytes)
{
    size_t got = 0;
    return hex.len == size_bytes * 2 &&
           sodium_hex2bin(out, size_bytes, hex.len ? hex.ptr : "", hex.len, NULL, &got, NULL) ==
               0 &&
           got == size_bytes;
}

static int
base64_variant(bool url)
{
    return url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
}

void
og_base64_encode(struct og_str bytes, bool url, struct og_buf *out)
{
    /* the size counts the NUL, for which a buffer always has room */
    size_t text_bytes = sodium_base64_encoded_len(bytes.len, base64_variant(url)) - 1;
    char *to = og_buf_reserve(out, text_bytes);
    if (to) {
        sodium_bin2base64(to, text_bytes + 1, (const unsigned char *)bytes.ptr, bytes.len,
                          base64_variant(url));
        og_buf_commit(out, text_bytes);
    }
}

/* libsodium 1.0.18 takes some bytes above 0x7F for digits. */
static bool
is_ascii(struct og_str text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all = (unsigned char)(all | (unsigned char)text.ptr[i]);
    }
    return all < 0x80;
}

bool
og_base64_decode(struct og_str text, bool url, struct og_buf *out)
{
    if (!is_ascii(text)) {
        return false;
    }
    size_t most_bytes = text.len / 4 * 3 + 3;
    size_t room = out->max_bytes - out->len;
    most_bytes = most_bytes < room ? most_bytes : room;
    char *to = og_buf_reserve(out, most_bytes);
    size_t got = 0;
    if (!to || sodium_base642bin((unsigned char *)to, most_bytes, text.len ? text.ptr : "",
                                 text.len, NULL, &got, NULL, base64_variant(url)) != 0) {
        return false;
    }
    og_buf_commit(out, got);
    return true;
}
