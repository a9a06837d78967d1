/*
 * The room wants bytes from outside to be a whole record or nothing: every length and range is
 * checked, and what is left over is a fault.
 */
#include "codes/code_pack.h"

#include "codes/pack_number.h"

#define VERSION 1
#define HEAD_BYTES 51

_Static_assert(HEAD_BYTES + OG_CODE_SEALED_MAX_BYTES == OG_CODE_PACK_MAX_BYTES, "the head's size");

size_t
og_code_pack(const struct og_code_body *body, int64_t ends_at, char out[OG_CODE_PACK_MAX_BYTES])
{
    char *at = og_pack_number(out, VERSION, 1);
    at = og_pack_number(at, body->mac.key_id, 4);
    memcpy(at, body->mac.bytes, OG_DIGEST_BYTES);
    at += OG_DIGEST_BYTES;
    at = og_pack_number(at, body->shape.length, 1);
    at = og_pack_number(at, body->shape.has_letters, 1);
    at = og_pack_number(at, (uint64_t)body->attempts_left, 2);
    at = og_pack_number(at, (uint64_t)ends_at, 8);
    at = og_pack_number(at, body->sealed_len, 2);
    memcpy(at, body->sealed, body->sealed_len);
    return (size_t)(at - out) + body->sealed_len;
}

bool
og_code_unpack(struct og_str bytes, struct og_code_body *out, int64_t *ends_at)
{
    const char *at = bytes.ptr;
    if (bytes.len < HEAD_BYTES || og_unpack_number(&at, 1) != VERSION) {
        return false;
    }
    out->mac.key_id = (uint32_t)og_unpack_number(&at, 4);
    memcpy(out->mac.bytes, at, OG_DIGEST_BYTES);
    at += OG_DIGEST_BYTES;
    out->shape.length = (uint8_t)og_unpack_number(&at, 1);
    const uint64_t letters = og_unpack_number(&at, 1);
    out->shape.has_letters = letters == 1;
    out->attempts_left = (int)og_unpack_number(&at, 2);
    *ends_at = (int64_t)og_unpack_number(&at, 8);
    out->sealed_len = (uint16_t)og_unpack_number(&at, 2);
    if (letters > 1 || out->attempts_left < 1 || out->attempts_left > OG_CODE_ATTEMPTS_MAX ||
        *ends_at < 0 || out->sealed_len > OG_CODE_SEALED_MAX_BYTES ||
        bytes.len != HEAD_BYTES + (size_t)out->sealed_len) {
        return false;
    }
    memcpy(out->sealed, at, out->sealed_len);
    return true;
}
