/*
 * The room wants bytes from outside to be a whole record or nothing: every length and range is
 * checked, and what is left over is a fault.
 */
#include "codes/code_pack.h"

#define VERSION 1
#define HEAD_BYTES 51

_Static_assert(HEAD_BYTES + OG_CODE_SEALED_MAX_BYTES == OG_CODE_PACK_MAX_BYTES, "the head's size");

static char *
put_number(char *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        *at++ = (char)(value >> (8 * i));
    }
    return at;
}

static uint64_t
take_number(const char **at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | (unsigned char)*(*at)++;
    }
    return value;
}

size_t
og_code_pack(const struct og_code_body *body, int64_t ends_at, char out[OG_CODE_PACK_MAX_BYTES])
{
    char *at = put_number(out, VERSION, 1);
    at = put_number(at, body->mac.key_id, 4);
    memcpy(at, body->mac.bytes, OG_DIGEST_BYTES);
    at += OG_DIGEST_BYTES;
    at = put_number(at, body->shape.length, 1);
    at = put_number(at, body->shape.has_letters, 1);
    at = put_number(at, (uint64_t)body->attempts_left, 2);
    at = put_number(at, (uint64_t)ends_at, 8);
    at = put_number(at, body->sealed_len, 2);
    memcpy(at, body->sealed, body->sealed_len);
    return (size_t)(at - out) + body->sealed_len;
}

bool
og_code_unpack(struct og_str bytes, struct og_code_body *out, int64_t *ends_at)
{
    const char *at = bytes.ptr;
    if (bytes.len < HEAD_BYTES || take_number(&at, 1) != VERSION) {
        return false;
    }
    out->mac.key_id = (uint32_t)take_number(&at, 4);
    memcpy(out->mac.bytes, at, OG_DIGEST_BYTES);
    at += OG_DIGEST_BYTES;
    out->shape.length = (uint8_t)take_number(&at, 1);
    const uint64_t letters = take_number(&at, 1);
    out->shape.has_letters = letters == 1;
    out->attempts_left = (int)take_number(&at, 2);
    *ends_at = (int64_t)take_number(&at, 8);
    out->sealed_len = (uint16_t)take_number(&at, 2);
    if (letters > 1 || out->attempts_left < 1 || out->attempts_left > OG_CODE_ATTEMPTS_MAX ||
        *ends_at < 0 || out->sealed_len > OG_CODE_SEALED_MAX_BYTES ||
        bytes.len != HEAD_BYTES + (size_t)out->sealed_len) {
        return false;
    }
    memcpy(out->sealed, at, out->sealed_len);
    return true;
}
