/*
 * Two tables of networks; the first row that holds the address says what it is.
 */
#include "net/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const struct {
    const char *net;
    int bits;
    enum og_address_reach reach;
} v4[] = {
    {"0.0.0.0", 8, OG_ADDRESS_NEVER},
    {"10.0.0.0", 8, OG_ADDRESS_PRIVATE},
    {"100.100.100.200", 32, OG_ADDRESS_NEVER}, /* metadata service */
    {"100.64.0.0", 10, OG_ADDRESS_PRIVATE},
    {"127.0.0.0", 8, OG_ADDRESS_PRIVATE},
    {"168.63.129.16", 32, OG_ADDRESS_NEVER}, /* metadata service */
    {"169.254.0.0", 16, OG_ADDRESS_NEVER},   /* link-local, and metadata services */
    {"172.16.0.0", 12, OG_ADDRESS_PRIVATE},
    {"192.0.0.0", 24, OG_ADDRESS_NEVER},
    {"192.0.2.0", 24, OG_ADDRESS_NEVER},
    {"192.88.99.0", 24, OG_ADDRESS_NEVER},
    {"192.168.0.0", 16, OG_ADDRESS_PRIVATE},
    {"198.18.0.0", 15, OG_ADDRESS_PRIVATE},
    {"198.51.100.0", 24, OG_ADDRESS_NEVER},
    {"203.0.113.0", 24, OG_ADDRESS_NEVER},
    {"224.0.0.0", 3, OG_ADDRESS_NEVER}, /* multicast, reserved, broadcast */
}, v6[] = {
    {"::1", 128, OG_ADDRESS_PRIVATE},
    {"::", 96, OG_ADDRESS_NEVER},
    {"64:ff9b:1::", 48, OG_ADDRESS_NEVER},
    {"100::", 64, OG_ADDRESS_NEVER},
    {"2001::", 23, OG_ADDRESS_NEVER}, /* Teredo and other protocols */
    {"2001:db8::", 32, OG_ADDRESS_NEVER},
    {"fd00:ec2::254", 128, OG_ADDRESS_NEVER}, /* metadata service */
    {"fd20:ce::254", 128, OG_ADDRESS_NEVER},  /* metadata service */
    {"fc00::", 7, OG_ADDRESS_PRIVATE},
    {"2000::", 3, OG_ADDRESS_PUBLIC},
    {"::", 0, OG_ADDRESS_NEVER},
};

/* Where an IPv4 address stands inside an IPv6 one. */
static const struct {
    const char *net;
    int bits;
    int offset; /* of its bytes */
} inside[] = {
    {"::ffff:0:0", 96, 12},
    {"64:ff9b::", 96, 12},
    {"2002::", 16, 2},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_in(int family, const unsigned char *address, const char *net, int bits)
{
    unsigned char want[16];
    if (inet_pton(family, net, want) != 1 ||
        memcmp(address, want, (size_t)bits / 8) != 0) {
        return false;
    }
    unsigned char mask = (unsigned char)(0xff00 >> bits % 8);
    return bits % 8 == 0 || (address[bits / 8] & mask) == (want[bits / 8] & mask);
}

static enum og_address_reach
reach_v4(const unsigned char *address)
{
    for (size_t i = 0; i < COUNT(v4); i++) {
        if (is_in(AF_INET, address, v4[i].net, v4[i].bits)) {
            return v4[i].reach;
        }
    }
    return OG_ADDRESS_PUBLIC;
}

static enum og_address_reach
reach_v6(const unsigned char *address)
{
    for (size_t i = 0; i < COUNT(inside); i++) {
        if (is_in(AF_INET6, address, inside[i].net, inside[i].bits)) {
            return reach_v4(address + inside[i].offset);
        }
    }
    size_t row = 0;
    while (!is_in(AF_INET6, address, v6[row].net, v6[row].bits)) {
        row++; /* the last row holds all */
    }
    return v6[row].reach;
}

enum og_address_reach
og_address_reach(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return reach_v4((const unsigned char *)&in.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return reach_v6(in.sin6_addr.s6_addr);
    }
    return OG_ADDRESS_NEVER;
}
