/*
 * Secrets are drawn from the services' source of randomness without bias, and only their keyed
 * digests are kept, so that a copied database opens nothing.
 */
#include "service/account/token.h"

#define TOKEN_RANDOM_BYTES 32 /* 43 characters of base64url */
#define DRAW_BLOCK_BYTES 32

static const char *const digest_labels[] = {
    [OG_TOKEN_CREDENTIAL] = "credential",
    [OG_TOKEN_LOGIN_CODE] = "login-code",
};

void
og_token_digest(const struct og_keys *keys, enum og_token_kind kind, struct og_str token,
                char out[OG_DIGEST_HEX_CHARS + 1])
{
    struct og_str parts[] = {og_str_from(digest_labels[kind]), token};
    uint8_t digest[OG_DIGEST_BYTES];
    og_mac_parts(&keys->token, parts, 2, digest);
    og_hex(digest, sizeof digest, out);
}

enum og_code
og_token_draw(const struct og_rng *rng, const char *prefix, struct og_secret *out,
              struct og_err *err)
{
    uint8_t random[TOKEN_RANDOM_BYTES];
    enum og_code code = rng->bytes(rng->ctx, random, sizeof random, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_buf text;
    og_buf_init(&text, OG_SECRET_MAX_BYTES);
    og_buf_add_cstr(&text, prefix);
    og_base64_encode((struct og_str){(const char *)random, sizeof random}, true, &text);
    og_secret_set(out, og_buf_str(&text));
    og_buf_finish(&text);
    og_wipe(random, sizeof random);
    return OG_OK;
}

/*
 * `chars` characters of `alphabet` (at most 32), all equally likely: five bits at a time, and
 * what lies beyond the alphabet is drawn again.
 */
static enum og_code
draw(const struct og_rng *rng, const char *alphabet, size_t chars, char *out, struct og_err *err)
{
    size_t alphabet_chars = strlen(alphabet);
    uint8_t random[DRAW_BLOCK_BYTES];
    size_t have = 0;
    while (have < chars) {
        enum og_code code = rng->bytes(rng->ctx, random, sizeof random, err);
        if (code != OG_OK) {
            return code;
        }
        for (size_t i = 0; i < sizeof random && have < chars; i++) {
            size_t value = random[i] & 31u;
            if (value < alphabet_chars) {
                out[have++] = alphabet[value];
            }
        }
    }
    out[chars] = '\0';
    og_wipe(random, sizeof random);
    return OG_OK;
}

static enum og_code
draw_secret(const struct og_rng *rng, const char *alphabet, size_t chars, struct og_secret *out,
            struct og_err *err)
{
    enum og_code code = draw(rng, alphabet, chars, out->bytes, err);
    out->len = code == OG_OK ? chars : 0;
    return code;
}

enum og_code
og_login_draw(const struct og_rng *rng, char out[OG_LOGIN_CHARS + 1], struct og_err *err)
{
    return draw(rng, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", OG_LOGIN_CHARS, out, err);
}

enum og_code
og_password_draw(const struct og_rng *rng, struct og_secret *out, struct og_err *err)
{
    return draw_secret(rng, "23456789abcdefghijkmnpqrstuvwxyz", OG_PASSWORD_CHARS, out, err);
}

enum og_code
og_login_code_draw(const struct og_rng *rng, struct og_secret *out, struct og_err *err)
{
    return draw_secret(rng, "23456789abcdefghjkmnpqrstuvwxyz", OG_LOGIN_CODE_CHARS, out, err);
}
