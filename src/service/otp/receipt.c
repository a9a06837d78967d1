/*
 * One header, one set of claims, one algorithm: a token that says anything else is not ours.
 */
#include "service/otp/receipt.h"

#include "base/json.h"

#define KEY_ID_BYTES 8
#define SUBJECT_BYTES 16
#define ISSUER "otpgate"

/* ---- base64url ---- */

static struct og_str
encoded_bytes(const void *bytes, size_t size, struct og_arena *mem)
{
    struct og_buf out;
    og_buf_init(&out, OG_RECEIPT_MAX_BYTES * 2);
    og_base64_encode((struct og_str){bytes, size}, true, &out);
    const struct og_str kept = og_str_dup(mem, og_buf_str(&out));
    og_buf_finish(&out);
    return kept;
}

static bool
decoded(struct og_str text, struct og_arena *mem, struct og_str *out)
{
    struct og_buf plain;
    og_buf_init(&plain, OG_RECEIPT_MAX_BYTES);
    const bool is_good = og_base64_decode(text, true, &plain) && !plain.full;
    *out = og_str_dup(mem, og_buf_str(&plain));
    og_buf_finish(&plain);
    return is_good;
}

/* ---- keys ---- */

static struct og_str
key_id(const struct og_services *svc, struct og_arena *mem)
{
    uint8_t digest[OG_DIGEST_BYTES];
    og_sha256((struct og_str){(const char *)svc->keys.receipt.public_key, OG_PUBLIC_KEY_BYTES},
              digest);
    return encoded_bytes(digest, KEY_ID_BYTES, mem);
}

struct og_str
og_receipt_key_set(const struct og_services *svc, struct og_arena *mem)
{
    return og_str_printf(mem,
                         "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\","
                         "\"use\":\"sig\",\"kid\":\"%" OG_STR_FMT "\",\"x\":\"%" OG_STR_FMT
                         "\"}]}",
                         OG_STR_ARG(key_id(svc, mem)),
                         OG_STR_ARG(encoded_bytes(svc->keys.receipt.public_key, OG_PUBLIC_KEY_BYTES,
                                                  mem)));
}

struct og_str
og_receipt_subject(const struct og_services *svc, struct og_str account,
                   struct og_str recipient_digest, struct og_arena *mem)
{
    const struct og_str parts[] = {OG_STR("receipt"), account, recipient_digest};
    uint8_t digest[OG_DIGEST_BYTES];
    og_mac_parts(&svc->keys.number, parts, 3, digest);
    return encoded_bytes(digest, SUBJECT_BYTES, mem);
}

/* ---- writing ---- */

static struct og_str
header(const struct og_services *svc, struct og_arena *mem)
{
    return og_str_printf(mem,
                         "{\"alg\":\"EdDSA\",\"typ\":\"otp-receipt+jwt\",\"kid\":\"%" OG_STR_FMT
                         "\"}",
                         OG_STR_ARG(key_id(svc, mem)));
}

static void
add_known(struct og_json_writer *w, const char *name, struct og_str value)
{
    if (value.len) {
        og_json_add_str(w, name, value);
    }
}

static struct og_str
claims(const struct og_receipt *receipt, struct og_arena *mem)
{
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, OG_RECEIPT_MAX_BYTES);
    og_json_begin(&w, &out);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "iss", ISSUER);
    og_json_add_str(&w, "aud", receipt->account);
    og_json_add_str(&w, "jti", receipt->id);
    og_json_add_str(&w, "sub", receipt->subject);
    og_json_add_i64(&w, "iat", receipt->made_at);
    og_json_add_i64(&w, "exp", receipt->expires_at);
    og_json_add_str(&w, "purpose", receipt->purpose);
    add_known(&w, "amount", receipt->context.amount);
    add_known(&w, "payee", receipt->context.payee);
    add_known(&w, "reference", receipt->context.reference);
    og_json_end(&w);
    const struct og_str kept = og_str_dup(mem, og_buf_str(&out));
    og_buf_finish(&out);
    return kept;
}

struct og_str
og_receipt_write(const struct og_services *svc, const struct og_receipt *receipt,
                 struct og_arena *mem)
{
    uint8_t signature[OG_SIGNATURE_BYTES];
    struct og_buf out;
    og_buf_init(&out, OG_RECEIPT_MAX_BYTES * 2);
    og_base64_encode(header(svc, mem), true, &out);
    og_buf_add_byte(&out, '.');
    og_base64_encode(claims(receipt, mem), true, &out);
    og_sign(&svc->keys.receipt, og_buf_str(&out), signature);
    og_buf_add_byte(&out, '.');
    og_base64_encode((struct og_str){(const char *)signature, sizeof signature}, true, &out);
    const struct og_str kept = og_str_dup(mem, og_buf_str(&out));
    og_buf_finish(&out);
    return kept;
}

/* ---- reading ---- */

static bool
is_signed(const struct og_services *svc, struct og_str signed_part, struct og_str signature,
          struct og_arena *mem)
{
    struct og_str bytes;
    return decoded(signature, mem, &bytes) && bytes.len == OG_SIGNATURE_BYTES &&
           og_sign_is_right(svc->keys.receipt.public_key, signed_part, (const uint8_t *)bytes.ptr);
}

#define AT(member) offsetof(struct claim_set, member)

struct claim_set {
    struct og_str issuer;
    struct og_receipt receipt;
};

static const struct og_json_member claim_members[] = {
    {"iss", OG_JSON_STRING, AT(issuer), true},
    {"aud", OG_JSON_STRING, AT(receipt.account), true},
    {"jti", OG_JSON_STRING, AT(receipt.id), true},
    {"sub", OG_JSON_STRING, AT(receipt.subject), true},
    {"iat", OG_JSON_INT, AT(receipt.made_at), true},
    {"exp", OG_JSON_INT, AT(receipt.expires_at), true},
    {"purpose", OG_JSON_STRING, AT(receipt.purpose), true},
    {"amount", OG_JSON_STRING, AT(receipt.context.amount), false},
    {"payee", OG_JSON_STRING, AT(receipt.context.payee), false},
    {"reference", OG_JSON_STRING, AT(receipt.context.reference), false},
};

static bool
read_claims(struct og_str text, struct og_arena *mem, struct og_receipt *out)
{
    struct og_json_doc doc;
    struct claim_set set = {0};
    struct og_err unheard;
    if (og_json_parse(text, OG_JSON_DEPTH_DEFAULT, &doc, &unheard) != OG_OK) {
        return false;
    }
    const enum og_code code =
        og_json_decode(doc.root, claim_members, sizeof claim_members / sizeof claim_members[0],
                       OG_JSON_UNKNOWN_REFUSED, "", mem, &set, &unheard);
    og_json_doc_finish(&doc);
    *out = set.receipt;
    return code == OG_OK && og_str_eq(set.issuer, OG_STR(ISSUER));
}

enum og_code
og_receipt_read(const struct og_services *svc, struct og_str text, int64_t now_ms,
                struct og_arena *mem, struct og_receipt *out, struct og_err *err)
{
    static const char not_ours[] = "is none of ours, or was changed";
    const size_t first = og_str_find(text, '.');
    const struct og_str rest = og_str_slice(text, first + 1, text.len);
    const size_t second = og_str_find(rest, '.');
    const struct og_str signed_part = og_str_slice(text, 0, first + 1 + second);
    const struct og_str signature = og_str_slice(rest, second + 1, rest.len);
    struct og_str head, body;
    const bool is_ours =
        text.len <= OG_RECEIPT_MAX_BYTES && first < text.len && second < rest.len &&
        is_signed(svc, signed_part, signature, mem) &&
        decoded(og_str_slice(text, 0, first), mem, &head) &&
        og_str_eq(head, header(svc, mem)) && decoded(og_str_slice(rest, 0, second), mem, &body) &&
        read_claims(body, mem, out);
    if (!is_ours) {
        return og_fail(err, OG_E_UNPROCESSABLE, "receipt", "%s", not_ours);
    }
    return out->expires_at * 1000 > now_ms
               ? OG_OK
               : og_fail(err, OG_E_UNPROCESSABLE, "receipt", "is over: receipts live %d seconds",
                         OG_RECEIPT_LIFE_S);
}
