/*
 * The MAC covers account and text, so that neither end nor bits can be chosen by the client.
 */
#include "abuse/challenge.h"

#include <stdio.h>

#include "base/id.h"

#define VERSION "v1"
#define RANDOM_CHARS 16
#define SOLUTION_CHARS_MAX 64
#define MAC_TEXT_BYTES 44

static void
sign(const struct og_key *key, struct og_str account, struct og_str text,
     char out[MAC_TEXT_BYTES])
{
    const struct og_str parts[] = {OG_STR("challenge"), account, text};
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_buf encoded;
    og_mac_parts(key, parts, 3, digest);
    og_buf_init(&encoded, MAC_TEXT_BYTES);
    og_base64_encode((struct og_str){(const char *)digest, sizeof digest}, true, &encoded);
    snprintf(out, MAC_TEXT_BYTES, "%" OG_STR_FMT, OG_STR_ARG(og_buf_str(&encoded)));
    og_buf_finish(&encoded);
}

void
og_challenge_make(const struct og_key *key, struct og_str account, int bits, int64_t now_ms,
                  char out[OG_CHALLENGE_BYTES])
{
    char random[RANDOM_CHARS + 1], mac[MAC_TEXT_BYTES];
    og_token_make(RANDOM_CHARS, random);
    const int len = snprintf(out, OG_CHALLENGE_BYTES, VERSION ".%d.%lld.%s", bits,
                             (long long)(now_ms + OG_CHALLENGE_TTL_MS), random);
    sign(key, account, (struct og_str){out, (size_t)len}, mac);
    snprintf(out + len, OG_CHALLENGE_BYTES - (size_t)len, ".%s", mac);
}

/* The part up to the next dot, taken off the front. */
static struct og_str
next_part(struct og_str *rest)
{
    const size_t dot = og_str_find(*rest, '.');
    const struct og_str part = og_str_slice(*rest, 0, dot);
    *rest = og_str_slice(*rest, dot + 1, rest->len);
    return part;
}

static bool
is_in_time(struct og_str challenge, int bits, int64_t now_ms, int64_t *bits_out)
{
    int64_t end_ms;
    struct og_str rest = challenge;
    return og_str_eq(next_part(&rest), OG_STR(VERSION)) &&
           og_str_to_i64(next_part(&rest), bits_out) && *bits_out >= bits &&
           og_str_to_i64(next_part(&rest), &end_ms) && end_ms > now_ms &&
           end_ms <= now_ms + OG_CHALLENGE_TTL_MS;
}

static bool
is_ours(const struct og_key *key, struct og_str account, struct og_str challenge)
{
    char mac[MAC_TEXT_BYTES];
    const size_t mac_chars = MAC_TEXT_BYTES - 1;
    if (challenge.len <= mac_chars || challenge.len >= OG_CHALLENGE_BYTES) {
        return false;
    }
    const size_t dot = challenge.len - mac_chars - 1;
    sign(key, account, og_str_slice(challenge, 0, dot), mac);
    return challenge.ptr[dot] == '.' &&
           og_equal_const_time(challenge.ptr + dot + 1, mac, mac_chars);
}

static bool
begins_with_zeros(const uint8_t *digest, int64_t bits)
{
    for (int64_t i = 0; i < bits && i < OG_DIGEST_BYTES * 8; i++) {
        if (digest[i / 8] & (0x80 >> (i % 8))) {
            return false;
        }
    }
    return true;
}

bool
og_challenge_is_solved(const struct og_key *key, struct og_str account, int bits, int64_t now_ms,
                       struct og_str challenge, struct og_str solution, uint64_t *id_out)
{
    char text[OG_CHALLENGE_BYTES + SOLUTION_CHARS_MAX + 2];
    uint8_t digest[OG_DIGEST_BYTES];
    int64_t its_bits;
    if (solution.len > SOLUTION_CHARS_MAX || !og_id_is_plain(solution) ||
        !is_ours(key, account, challenge) || !is_in_time(challenge, bits, now_ms, &its_bits)) {
        return false;
    }
    const int len = snprintf(text, sizeof text, "%" OG_STR_FMT ":%" OG_STR_FMT,
                             OG_STR_ARG(challenge), OG_STR_ARG(solution));
    og_sha256((struct og_str){text, (size_t)len}, digest);
    if (!begins_with_zeros(digest, its_bits)) {
        return false;
    }
    og_sha256(challenge, digest);
    memcpy(id_out, digest, sizeof *id_out);
    return true;
}
