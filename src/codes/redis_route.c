/*
 * The room wants redirections to be read strictly: the address in one is where codes are sent next.
 */
#include "codes/redis_route.h"

/* CRC-16/XMODEM, bit by bit: forty bytes a key. */
static uint16_t
crc16(struct og_str bytes)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (uint16_t)((unsigned char)bytes.ptr[i] << 8);
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
        }
    }
    return crc;
}

int
og_redis_slot(struct og_str key)
{
    const size_t open = og_str_find(key, '{');
    const struct og_str rest = og_str_slice(key, open + 1, key.len);
    const size_t close = og_str_find(rest, '}');
    const bool has_tag = open < key.len && close < rest.len && close > 0;
    return crc16(has_tag ? og_str_slice(rest, 0, close) : key) % OG_REDIS_SLOTS;
}

/* An address of a cluster has its port behind the last colon, and no brackets. */
static bool
read_address(struct og_str text, struct og_host_port *out)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0 || colon - 1 >= sizeof(out->host)) {
        return false;
    }
    const struct og_str host = og_str_slice(text, 0, colon - 1);
    int64_t port;
    if (!og_str_to_i64(og_str_slice(text, colon, text.len), &port) || port < 1 || port > 65535) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] <= ' ' || host.ptr[i] > '~') {
            return false;
        }
    }
    if (host.len > 0) {
        memcpy(out->host, host.ptr, host.len);
    }
    out->host[host.len] = '\0';
    out->port = (int)port;
    return true;
}

/* " 3999 127.0.0.1:6381" */
static bool
read_redirect(struct og_str rest, struct og_redis_redirect *out)
{
    rest = og_str_trim(rest);
    const size_t space = og_str_find(rest, ' ');
    int64_t slot;
    if (space == rest.len || !og_str_to_i64(og_str_slice(rest, 0, space), &slot) || slot < 0 ||
        slot >= OG_REDIS_SLOTS) {
        return false;
    }
    out->slot = (int)slot;
    return read_address(og_str_slice(rest, space + 1, rest.len), &out->to);
}

enum og_redis_trouble
og_redis_trouble_of(struct og_str error, struct og_redis_redirect *out)
{
    static const struct {
        const char *word;
        enum og_redis_trouble trouble;
    } words[] = {
        {"MOVED", OG_REDIS_MOVED},       {"ASK", OG_REDIS_ASK},
        {"NOSCRIPT", OG_REDIS_NOSCRIPT}, {"TRYAGAIN", OG_REDIS_WAIT},
        {"CLUSTERDOWN", OG_REDIS_WAIT},  {"LOADING", OG_REDIS_WAIT},
        {"BUSY", OG_REDIS_WAIT},         {"READONLY", OG_REDIS_READONLY},
        {"MASTERDOWN", OG_REDIS_READONLY}, {"NOAUTH", OG_REDIS_NOAUTH},
        {"WRONGPASS", OG_REDIS_NOAUTH},  {"NOPERM", OG_REDIS_NOAUTH},
        {"OOM", OG_REDIS_FULL},
    };
    const size_t end = og_str_find(error, ' ');
    const struct og_str word = og_str_slice(error, 0, end);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (og_str_eq(word, og_str_from(words[i].word))) {
            const bool is_redirect = words[i].trouble <= OG_REDIS_ASK;
            const struct og_str rest = og_str_slice(error, end, error.len);
            return is_redirect && !read_redirect(rest, out) ? OG_REDIS_OTHER : words[i].trouble;
        }
    }
    return OG_REDIS_OTHER;
}
