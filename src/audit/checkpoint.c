/*
 * Signed notes, written and read. The text that is signed ends with the line feed before the empty
 * line.
 */
#include "audit/checkpoint.h"

#include <string.h>

#define ALGORITHM 0x01 /* Ed25519, of signed-note */
#define KEY_ID_BYTES 4
#define SIGNED_BYTES (KEY_ID_BYTES + OG_SIGNATURE_BYTES)
#define DASH "\xE2\x80\x94 "
#define NOTE_BYTES_MAX 8192
#define START_LINE "removed by retention"

/* ---- keys ---- */

static void
put_id(uint32_t id, uint8_t out[KEY_ID_BYTES])
{
    for (int i = 0; i < KEY_ID_BYTES; i++) {
        out[i] = (uint8_t)(id >> (8 * (KEY_ID_BYTES - 1 - i)));
    }
}

static uint32_t
key_id(struct og_str origin, const uint8_t public_key[OG_PUBLIC_KEY_BYTES])
{
    uint8_t text[OG_AUDIT_ORIGIN_MAX + 2 + OG_PUBLIC_KEY_BYTES], digest[OG_DIGEST_BYTES];
    size_t len = origin.len;
    memcpy(text, origin.ptr, len);
    text[len++] = '\n';
    text[len++] = ALGORITHM;
    memcpy(text + len, public_key, OG_PUBLIC_KEY_BYTES);
    og_sha256((struct og_str){(const char *)text, len + OG_PUBLIC_KEY_BYTES}, digest);
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
           digest[3];
}

static bool
is_origin(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '+') {
            return false;
        }
    }
    return text.len > 0 && text.len < OG_AUDIT_ORIGIN_MAX;
}

enum og_code
og_audit_key_make(struct og_str origin, const uint8_t public_key[OG_PUBLIC_KEY_BYTES],
                  struct og_audit_key *out, struct og_err *err)
{
    *out = (struct og_audit_key){0};
    if (!is_origin(origin)) {
        return og_fail(err, OG_E_INVALID, "origin",
                       "the origin of an audit log is 1 to 127 letters, digits and signs without "
                       "spaces and +");
    }
    memcpy(out->origin, origin.ptr, origin.len);
    memcpy(out->public_key, public_key, OG_PUBLIC_KEY_BYTES);
    out->id = key_id(origin, public_key);
    return OG_OK;
}

void
og_audit_key_write(const struct og_audit_key *key, struct og_buf *out)
{
    uint8_t typed[1 + OG_PUBLIC_KEY_BYTES] = {ALGORITHM};
    memcpy(typed + 1, key->public_key, OG_PUBLIC_KEY_BYTES);
    og_buf_printf(out, "%s+%08x+", key->origin, key->id);
    og_base64_encode((struct og_str){(const char *)typed, sizeof typed}, false, out);
}

/* Exactly `size` bytes from base64. */
static bool
decode_exactly(struct og_str text, uint8_t *out, size_t size)
{
    struct og_buf bytes;
    og_buf_init(&bytes, NOTE_BYTES_MAX);
    bool is_right = og_base64_decode(text, false, &bytes) && bytes.len == size;
    if (is_right) {
        memcpy(out, bytes.ptr, size);
    }
    og_buf_finish(&bytes);
    return is_right;
}

enum og_code
og_audit_key_read(struct og_str text, struct og_audit_key *out, struct og_err *err)
{
    uint8_t typed[1 + OG_PUBLIC_KEY_BYTES], id[KEY_ID_BYTES], own[KEY_ID_BYTES];
    text = og_str_slice(text, 0, og_str_find(text, '\n'));
    size_t first = og_str_find(text, '+');
    struct og_str rest = og_str_slice(text, first + 1, text.len);
    size_t second = og_str_find(rest, '+');
    if (!og_unhex(og_str_slice(rest, 0, second), id, sizeof id) ||
        !decode_exactly(og_str_slice(rest, second + 1, rest.len), typed, sizeof typed) ||
        typed[0] != ALGORITHM) {
        return og_fail(err, OG_E_INVALID, "key", "not a verifier key: origin+8 hex digits+base64");
    }
    enum og_code code = og_audit_key_make(og_str_slice(text, 0, first), typed + 1, out, err);
    put_id(out->id, own);
    return code == OG_OK && memcmp(own, id, sizeof id) != 0
               ? og_fail(err, OG_E_INVALID, "key", "the verifier key's digits do not fit it")
               : code;
}

/* ---- notes ---- */

void
og_audit_checkpoint_write(const struct og_audit_checkpoint *checkpoint,
                          const struct og_audit_key *key,
                          const struct og_signing_key *signer, struct og_buf *out)
{
    uint8_t signature[SIGNED_BYTES];
    size_t start = out->len;
    og_buf_printf(out, "%s\n%lld\n", key->origin, (long long)checkpoint->size);
    og_base64_encode((struct og_str){(const char *)checkpoint->root, OG_DIGEST_BYTES}, false, out);
    og_buf_add_cstr(out, checkpoint->is_start ? "\n" START_LINE "\n" : "\n");
    put_id(key->id, signature);
    og_sign(signer, (struct og_str){out->ptr + start, out->len - start}, signature + KEY_ID_BYTES);
    og_buf_printf(out, "\n" DASH "%s ", key->origin);
    og_base64_encode((struct og_str){(const char *)signature, sizeof signature}, false, out);
    og_buf_add_byte(out, '\n');
}

/* The next line, without its line feed. False at the end, or when the line has none. */
static bool
next_line(struct og_str text, size_t *at, struct og_str *out)
{
    struct og_str rest = og_str_slice(text, *at, text.len);
    size_t len = og_str_find(rest, '\n');
    *out = og_str_slice(rest, 0, len);
    bool is_whole = len < rest.len;
    *at += len + is_whole;
    return is_whole;
}

/* "1000", without sign and leading zeros. */
static bool
read_size(struct og_str text, int64_t *out)
{
    bool is_plain = text.len > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9' &&
                    (text.ptr[0] != '0' || text.len == 1);
    return is_plain && og_str_to_i64(text, out);
}

/* Is it a signature line of this key? Then *right_out says whether it is right. */
static bool
judge_signature(struct og_str line, struct og_str body, const struct og_audit_key *key,
                bool *right_out)
{
    uint8_t signature[SIGNED_BYTES], id[KEY_ID_BYTES];
    size_t name_len = strlen(key->origin);
    put_id(key->id, id);
    line = og_str_slice(line, sizeof(DASH) - 1, line.len);
    if (!og_str_eq(og_str_slice(line, 0, name_len), og_str_from(key->origin)) ||
        line.len <= name_len || line.ptr[name_len] != ' ' ||
        !decode_exactly(og_str_slice(line, name_len + 1, line.len), signature, sizeof signature) ||
        memcmp(signature, id, sizeof id) != 0) {
        return false;
    }
    *right_out = og_sign_is_right(key->public_key, body, signature + KEY_ID_BYTES);
    return true;
}

static enum og_code
check_signatures(struct og_str text, size_t body_len, const struct og_audit_key *key,
                 size_t *at, struct og_err *err)
{
    struct og_str line;
    bool is_ours = false, is_right = false;
    size_t end = *at;
    while (next_line(text, at, &line) && og_str_starts(line, OG_STR(DASH))) {
        is_ours |= judge_signature(line, og_str_slice(text, 0, body_len), key, &is_right);
        end = *at;
    }
    *at = end;
    if (!is_ours) {
        return og_fail(err, OG_E_UNAUTHORIZED, "signature", "no signature of the key %s+%08x",
                       key->origin, key->id);
    }
    return is_right ? OG_OK
                    : og_fail(err, OG_E_UNAUTHORIZED, "signature", "the signature is wrong");
}

enum og_code
og_audit_checkpoint_read(struct og_str text, const struct og_audit_key *key,
                         struct og_audit_checkpoint *out, size_t *used_out, struct og_err *err)
{
    struct og_str origin, size, root, line;
    size_t at = 0;
    *used_out = text.len;
    *out = (struct og_audit_checkpoint){0};
    if (!next_line(text, &at, &origin) || !next_line(text, &at, &size) ||
        !next_line(text, &at, &root) || !read_size(size, &out->size) ||
        !decode_exactly(root, out->root, sizeof out->root)) {
        return og_fail(err, OG_E_INVALID, "checkpoint", "not a checkpoint");
    }
    size_t body_len = at;
    while (next_line(text, &at, &line) && line.len > 0) { /* extensions: ours or unknown */
        out->is_start |= og_str_eq(line, OG_STR(START_LINE));
        body_len = at;
    }
    if (!og_str_eq(origin, og_str_from(key->origin))) {
        return og_fail(err, OG_E_INVALID, "origin", "a checkpoint of another log");
    }
    enum og_code code = check_signatures(text, body_len, key, &at, err);
    *used_out = at < text.len && text.ptr[at] == '\n' ? at + 1 : at;
    return code;
}
