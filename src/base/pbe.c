/*
 * Password-based encryption in the form that the phone app reads; numbers and texts alike. Keys and
 * plain texts are wiped on every way out.
 */
#include "base/pbe.h"

#include <openssl/evp.h>

#include "base/crypto.h"
#include "base/secret.h"

#define HEAD "$aes-256-cbc/pbkdf2-sha1$"
#define KEY_BYTES 32
#define BLOCK_BYTES 16
#define ITERATIONS_MIN 1

struct box {
    int iterations;
    uint8_t salt[OG_PBE_SALT_BYTES];
};

static enum og_code
derive_key(struct og_str passphrase, const struct box *box, uint8_t key[KEY_BYTES],
           struct og_err *err)
{
    if (passphrase.len == 0) {
        return og_fail(err, OG_E_INVALID, "passphrase", "the passphrase is empty");
    }
    return PKCS5_PBKDF2_HMAC_SHA1(passphrase.ptr, (int)passphrase.len, box->salt,
                                  OG_PBE_SALT_BYTES, box->iterations, KEY_BYTES, key) == 1
               ? OG_OK
               : og_fail(err, OG_E_INTERNAL, "", "PBKDF2 failed");
}

/* AES-256-CBC in either direction; appends. False: the padding is wrong. */
static bool
run_cipher(bool encrypt, const uint8_t key[KEY_BYTES], const struct box *box, struct og_str in,
           struct og_buf *out)
{
    int wrote = 0, rest = 0;
    char *at = og_buf_reserve(out, in.len + BLOCK_BYTES);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_done = at && ctx &&
                   EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, box->salt, encrypt) == 1 &&
                   EVP_CipherUpdate(ctx, (uint8_t *)at, &wrote, (const uint8_t *)in.ptr,
                                    (int)in.len) == 1 &&
                   EVP_CipherFinal_ex(ctx, (uint8_t *)at + wrote, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (is_done) {
        og_buf_commit(out, (size_t)(wrote + rest));
    } else if (at) {
        og_wipe(at, in.len + BLOCK_BYTES);
    }
    return is_done;
}

enum og_code
og_pbe_encrypt(struct og_str passphrase, struct og_str plain, struct og_buf *out,
               struct og_err *err)
{
    struct box box = {.iterations = OG_PBE_ITERATIONS};
    uint8_t key[KEY_BYTES];
    struct og_buf cipher;
    if (plain.len > OG_PBE_PLAIN_MAX_BYTES) {
        return og_fail(err, OG_E_TOO_LARGE, "", "the text is too long to be encrypted");
    }
    enum og_code code = og_random_bytes(box.salt, sizeof box.salt, err);
    if (code == OG_OK) {
        code = derive_key(passphrase, &box, key, err);
    }
    if (code != OG_OK) {
        return code;
    }
    og_buf_init(&cipher, plain.len + BLOCK_BYTES);
    if (run_cipher(true, key, &box, plain, &cipher)) {
        og_buf_printf(out, HEAD "i=%d$", box.iterations);
        og_base64_encode((struct og_str){(char *)box.salt, sizeof box.salt}, false, out);
        og_buf_add_byte(out, '$');
        og_base64_encode(og_buf_str(&cipher), false, out);
        code = out->full ? og_fail(err, OG_E_TOO_LARGE, "", "no room for the cipher text") : OG_OK;
    } else {
        code = og_fail(err, OG_E_INTERNAL, "", "AES-256-CBC failed");
    }
    og_buf_finish(&cipher);
    og_wipe(key, sizeof key);
    return code;
}

/* ---- reading ---- */

/* The text before the next '$', which is taken off `rest`. */
static struct og_str
next_part(struct og_str *rest)
{
    size_t end = og_str_find(*rest, '$');
    struct og_str part = og_str_slice(*rest, 0, end);
    *rest = og_str_slice(*rest, end + 1, rest->len);
    return part;
}

/* "i=75000", perhaps among others: "k=v,i=75000". */
static bool
read_iterations(struct og_str list, int *out)
{
    int64_t value = 0;
    while (list.len > 0) {
        size_t end = og_str_find(list, ',');
        struct og_str one = og_str_slice(list, 0, end);
        list = og_str_slice(list, end + 1, list.len);
        if (og_str_starts(one, OG_STR("i=")) &&
            !og_str_to_i64(og_str_slice(one, 2, one.len), &value)) {
            return false;
        }
    }
    *out = (int)value;
    return value >= ITERATIONS_MIN && value <= OG_PBE_ITERATIONS_MAX;
}

/* Exactly `sizeof box->salt` bytes behind the base64. */
static bool
read_salt(struct og_str base64, struct box *box)
{
    struct og_buf salt;
    og_buf_init(&salt, OG_PBE_SALT_BYTES);
    bool is_read = og_base64_decode(base64, false, &salt) && salt.len == sizeof box->salt;
    if (is_read) {
        memcpy(box->salt, salt.ptr, sizeof box->salt);
    }
    og_buf_finish(&salt);
    return is_read;
}

static enum og_code
read_box(struct og_str text, struct box *box, struct og_buf *cipher, struct og_err *err)
{
    if (!og_str_starts(text, OG_STR(HEAD))) {
        return og_fail(err, OG_E_INVALID, "",
                       "not of the form $aes-256-cbc/pbkdf2-sha1$i=...$salt$text");
    }
    struct og_str rest = og_str_slice(text, sizeof HEAD - 1, text.len);
    if (!read_iterations(next_part(&rest), &box->iterations)) {
        return og_fail(err, OG_E_INVALID, "", "the iteration count is not 1 to %d",
                       OG_PBE_ITERATIONS_MAX);
    }
    if (!read_salt(next_part(&rest), box)) {
        return og_fail(err, OG_E_INVALID, "", "the salt is not %d bytes of base64",
                       OG_PBE_SALT_BYTES);
    }
    bool is_read = og_base64_decode(next_part(&rest), false, cipher) && !cipher->full;
    return is_read && cipher->len > 0 && cipher->len % BLOCK_BYTES == 0
               ? OG_OK
               : og_fail(err, OG_E_INVALID, "", "the cipher text is not base64 of whole blocks");
}

enum og_code
og_pbe_decrypt(struct og_str passphrase, struct og_str text, struct og_buf *out,
               struct og_err *err)
{
    struct box box;
    uint8_t key[KEY_BYTES];
    struct og_buf cipher;
    og_buf_init(&cipher, OG_PBE_PLAIN_MAX_BYTES + BLOCK_BYTES);
    enum og_code code = read_box(text, &box, &cipher, err);
    if (code == OG_OK) {
        code = derive_key(passphrase, &box, key, err);
    }
    if (code == OG_OK && !run_cipher(false, key, &box, og_buf_str(&cipher), out)) {
        code = out->full ? og_fail(err, OG_E_TOO_LARGE, "", "no room for the plain text")
                         : og_fail(err, OG_E_INVALID, "passphrase",
                                   "it does not open with this passphrase");
    }
    og_buf_finish(&cipher);
    og_wipe(key, sizeof key);
    return code;
}
