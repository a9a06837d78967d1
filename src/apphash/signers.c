/*
 * Length-prefixed lists in lists. Digests, signatures and public keys are stepped over: who signed
 * is asked here, not whether the signature is good.
 */
#include "apphash/signers.h"

#include "apphash/cursor.h"

#define ATTRIBUTE_LINEAGE 0x3ba06f8cu
#define LINEAGE_VERSION 1
#define CHAIN_MAX 16
#define ATTRIBUTES_MAX 64

static enum og_code
damaged(struct og_err *err, const char *what)
{
    return og_fail(err, OG_E_INVALID, "file", "the app's signature is damaged: %s", what);
}

static struct og_cursor
sized(struct og_cursor *in)
{
    return og_cursor_over(og_cursor_sized(in));
}

static void
read_node(struct og_str node, struct og_signer *out, bool *failed)
{
    struct og_cursor in = og_cursor_over(node);
    struct og_cursor signed_data = sized(&in);
    struct og_str certificate = og_cursor_sized(&signed_data);
    *failed |= in.failed || signed_data.failed || out->lineage_count == OG_LINEAGE_MAX;
    if (!*failed) {
        out->lineage[out->lineage_count++] = certificate;
    }
}

static enum og_code
read_lineage(struct og_cursor in, struct og_signer *out, struct og_err *err)
{
    bool failed = out->lineage_count > 0 || og_cursor_u32le(&in) != LINEAGE_VERSION;
    while (!failed && og_cursor_has_more(&in)) {
        read_node(og_cursor_sized(&in), out, &failed);
    }
    if (failed || in.failed || out->lineage_count == 0) {
        return damaged(err, "its lineage of rotated keys cannot be read");
    }
    if (!og_str_eq(out->lineage[out->lineage_count - 1], out->certificate)) {
        return damaged(err, "its lineage of rotated keys does not end with the one that signs");
    }
    return OG_OK;
}

static enum og_code
read_attributes(struct og_cursor in, struct og_signer *out, struct og_err *err)
{
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && og_cursor_has_more(&in); i++) {
        struct og_cursor attribute = sized(&in);
        uint32_t id = og_cursor_u32le(&attribute);
        if (in.failed || attribute.failed || i == ATTRIBUTES_MAX) {
            return damaged(err, "an attribute cannot be read");
        }
        if (id == ATTRIBUTE_LINEAGE) {
            code = read_lineage(attribute, out, err);
        }
    }
    return code;
}

static enum og_code
read_signer(struct og_cursor in, bool is_v3, struct og_signer *out, struct og_err *err)
{
    struct og_cursor data = sized(&in);
    *out = (struct og_signer){0};
    og_cursor_sized(&data); /* digests */
    struct og_cursor certificates = sized(&data);
    out->certificate = og_cursor_sized(&certificates);
    for (int i = 1; og_cursor_has_more(&certificates); i++) {
        og_cursor_sized(&certificates);
        certificates.failed |= i == CHAIN_MAX;
    }
    if (is_v3) {
        out->min_sdk = og_cursor_u32le(&data);
        out->max_sdk = og_cursor_u32le(&data);
    }
    struct og_cursor attributes = sized(&data);
    if (in.failed || data.failed || certificates.failed || out->min_sdk > out->max_sdk) {
        return damaged(err, "a signer cannot be read");
    }
    return is_v3 ? read_attributes(attributes, out, err) : OG_OK;
}

enum og_code
og_signers_read(struct og_str value, bool is_v3, struct og_signers *out, struct og_err *err)
{
    struct og_cursor in = og_cursor_over(value);
    struct og_cursor list = sized(&in);
    enum og_code code = OG_OK;
    out->count = 0;
    while (code == OG_OK && og_cursor_has_more(&list)) {
        if (out->count == OG_SIGNERS_MAX) {
            return damaged(err, "it has more than ten signers");
        }
        code = read_signer(sized(&list), is_v3, &out->items[out->count++], err);
    }
    if (code == OG_OK && (in.failed || list.failed || out->count == 0)) {
        code = damaged(err, "it has no signer");
    }
    return code;
}
