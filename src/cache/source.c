/*
 * Addresses as keys: IPv6 peers own a whole /64, so that is what one source is; networks of trusted
 * proxies are compared bit by bit.
 */
#include "cache/source.h"

#include <arpa/inet.h>

struct address {
    int family; /* 0: not an address */
    uint8_t bytes[16];
};

static struct address
parse_address(struct og_str text)
{
    struct address out = {0};
    char copy[INET6_ADDRSTRLEN + 1];
    text = og_str_slice(text, 0, og_str_find(text, '%')); /* without the zone of a link-local one */
    if (text.len >= sizeof copy) {
        return out;
    }
    memcpy(copy, text.ptr ? text.ptr : "", text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, out.bytes) == 1) {
        out.family = AF_INET;
        return out;
    }
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (inet_pton(AF_INET6, copy, out.bytes) == 1) {
        out.family = AF_INET6;
        if (memcmp(out.bytes, mapped, sizeof mapped) == 0) {
            out.family = AF_INET;
            memmove(out.bytes, out.bytes + sizeof mapped, 4);
        }
    }
    return out;
}

bool
og_address_is_one(struct og_str text)
{
    return parse_address(text).family != 0;
}

/* `v4` and `v6` bytes of an address are kept. */
static void
write_key(struct og_str address, size_t v4, size_t v6, char out[OG_SOURCE_KEY_BYTES])
{
    struct address a = parse_address(address);
    const size_t kept = a.family == AF_INET6 ? v6 : v4;
    if (a.family == 0) {
        size_t len = address.len < OG_SOURCE_KEY_BYTES ? address.len : OG_SOURCE_KEY_BYTES - 1;
        memcpy(out, address.ptr ? address.ptr : "", len);
        out[len] = '\0';
        return;
    }
    memset(a.bytes + kept, 0, sizeof a.bytes - kept);
    inet_ntop(a.family, a.bytes, out, OG_SOURCE_KEY_BYTES);
}

void
og_source_key(struct og_str address, char out[OG_SOURCE_KEY_BYTES])
{
    write_key(address, 4, 8, out);
}

void
og_source_network(struct og_str address, char out[OG_SOURCE_KEY_BYTES])
{
    write_key(address, 3, 6, out);
}

static bool
shares_prefix(const uint8_t *a, const uint8_t *b, int64_t bits)
{
    size_t whole = (size_t)bits / 8;
    int rest = (int)(bits % 8);
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool
is_in(const struct address *address, struct og_str network)
{
    size_t slash = og_str_find(network, '/');
    struct address base = parse_address(og_str_slice(network, 0, slash));
    int64_t all = base.family == AF_INET ? 32 : 128;
    int64_t bits = all;
    if (slash < network.len &&
        !og_str_to_i64(og_str_slice(network, slash + 1, network.len), &bits)) {
        return false;
    }
    return base.family && base.family == address->family && bits >= 0 && bits <= all &&
           shares_prefix(base.bytes, address->bytes, bits);
}

bool
og_address_in(struct og_str address, struct og_str_list networks)
{
    struct address a = parse_address(address);
    if (a.family == 0) {
        return false;
    }
    for (size_t i = 0; i < networks.count; i++) {
        if (is_in(&a, networks.items[i])) {
            return true;
        }
    }
    return false;
}
