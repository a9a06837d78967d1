/*
 * Entries in a row, big endian, without an index: each must be read to find the next. The digest is
 * SHA-1 because the format says so; it guards against damage, and is asked for nothing else.
 */
#include "apphash/jks.h"

#include "apphash/cursor.h"
#include "apphash/java_object.h"
#include "apphash/signing_priv.h"
#include "base/crypto.h"

#define MAGIC_BYTES 4
#define ENTRIES_MAX 1024
#define CHAIN_MAX 16
#define ALIAS_BYTES_MAX 1024
#define SALT "Mighty Aphrodite"

enum tag {
    TAG_KEY = 1,
    TAG_TRUSTED = 2,
    TAG_SECRET = 3, /* JCEKS only; a serialised object */
};

bool
og_jks_is(struct og_str whole)
{
    return og_str_starts(whole, OG_STR("\xFE\xED\xFE\xED"));
}

bool
og_jceks_is(struct og_str whole)
{
    return og_str_starts(whole, OG_STR("\xCE\xCE\xCE\xCE"));
}

/* ---- the digest ---- */

/* The password as Java has it, UTF-16 big endian. False when it is not UTF-8. */
static bool
add_utf16(struct og_buf *out, struct og_str text)
{
    while (text.len > 0) {
        uint32_t point = 0;
        size_t used = og_utf8_next(text, &point);
        if (used == 0) {
            return false;
        }
        if (point > 0xFFFF) {
            uint32_t high = 0xD800 + ((point - 0x10000) >> 10);
            og_buf_add_byte(out, (char)(high >> 8));
            og_buf_add_byte(out, (char)high);
            point = 0xDC00 + ((point - 0x10000) & 0x3FF);
        }
        og_buf_add_byte(out, (char)(point >> 8));
        og_buf_add_byte(out, (char)point);
        text = og_str_slice(text, used, text.len);
    }
    return true;
}

static enum og_code
check_digest(struct og_str body, struct og_str digest, const struct og_secret *password,
             struct og_err *err)
{
    struct og_buf text;
    uint8_t is[OG_SHA1_BYTES];
    og_buf_init(&text, body.len + 4 * OG_SECRET_MAX_BYTES + sizeof SALT);
    bool is_text = add_utf16(&text, og_secret_str(password));
    og_buf_add(&text, OG_STR(SALT));
    og_buf_add(&text, body);
    og_sha1(og_buf_str(&text), is);
    og_buf_finish(&text);
    if (!is_text || !og_equal_const_time(is, digest.ptr, sizeof is)) {
        return og_fail(err, OG_E_UNAUTHORIZED, "storepass",
                       "the key store's password is wrong, or the file was changed");
    }
    return OG_OK;
}

/* ---- entries ---- */

static struct og_str
take_certificate(struct og_cursor *in, uint32_t version)
{
    if (version > 1) {
        og_cursor_take(in, og_cursor_u16be(in)); /* "X.509" */
    }
    return og_cursor_take(in, og_cursor_u32be(in));
}

/* The first certificate of the chain; "" when the key has none. */
static struct og_str
take_key(struct og_cursor *in, uint32_t version)
{
    struct og_str first = OG_STR("");
    og_cursor_take(in, og_cursor_u32be(in)); /* the key itself, encrypted */
    uint32_t chain = og_cursor_u32be(in);
    in->failed |= chain > CHAIN_MAX;
    for (uint32_t i = 0; i < chain && !in->failed; i++) {
        struct og_str certificate = take_certificate(in, version);
        first = i == 0 ? certificate : first;
    }
    return first;
}

static enum og_code
read_entry(struct og_cursor *in, uint32_t version, struct og_signing *out, struct og_err *err)
{
    struct og_str der = OG_STR("");
    uint32_t tag = og_cursor_u32be(in);
    struct og_str alias = og_cursor_take(in, og_cursor_u16be(in));
    og_cursor_take(in, 8); /* when it was made */
    in->failed |= alias.len > ALIAS_BYTES_MAX;
    if (tag == TAG_KEY) {
        der = take_key(in, version);
    } else if (tag == TAG_TRUSTED) {
        der = take_certificate(in, version);
    } else if (tag != TAG_SECRET || !og_java_object_skip(in)) {
        in->failed = true;
    }
    if (in->failed || der.len == 0) {
        return OG_OK; /* the caller looks at the cursor */
    }
    if (!og_str_is_utf8(alias)) {
        alias = OG_STR("?"); /* Java's own form of UTF-8 has what ours refuses */
    }
    return og_signing_add(out, der, alias, tag == TAG_KEY ? OG_ROLE_KEY : OG_ROLE_TRUSTED, err);
}

enum og_code
og_jks_read(struct og_str whole, const struct og_secret *password, struct og_arena *mem,
            struct og_signing *out, struct og_err *err)
{
    (void)mem;
    size_t body_bytes = whole.len > OG_SHA1_BYTES ? whole.len - OG_SHA1_BYTES : 0;
    struct og_str body = og_str_slice(whole, 0, body_bytes);
    enum og_code code = OG_OK;
    if (password && body.len > 0) {
        code = check_digest(body, og_str_slice(whole, body.len, whole.len), password, err);
        out->is_integrity_known = code == OG_OK;
    }
    struct og_cursor in = og_cursor_over(body);
    og_cursor_take(&in, MAGIC_BYTES);
    uint32_t version = og_cursor_u32be(&in);
    uint32_t count = og_cursor_u32be(&in);
    in.failed |= version < 1 || version > 2 || count > ENTRIES_MAX;
    for (uint32_t i = 0; code == OG_OK && i < count && !in.failed; i++) {
        code = read_entry(&in, version, out, err);
    }
    if (code == OG_OK && (in.failed || in.left > 0)) {
        code = og_fail(err, OG_E_INVALID, "file", "the key store is cut off or damaged");
    }
    if (code == OG_OK && out->count == 0) {
        code = og_fail(err, OG_E_INVALID, "file", "the key store holds no certificate");
    }
    return code;
}
