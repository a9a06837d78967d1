/*
 * Which addresses the server may call when somebody else names the URL: a guard against being made
 * to call what only it can reach.
 *
 * Pure and thread-safe. Sources: IANA's registries of special-purpose addresses (RFC 6890), and the
 * metadata services of cloud providers.
 */
#pragma once

#include <stdbool.h>

struct sockaddr;

enum og_address_reach {
    OG_ADDRESS_PUBLIC,
    OG_ADDRESS_PRIVATE, /* this machine and private networks: for who allows them */
    OG_ADDRESS_NEVER,   /* link-local, metadata services, multicast, reserved, no IP at all */
};

/* IPv4 addresses inside IPv6 ones (mapped, NAT64, 6to4) count as what they are. */
enum og_address_reach og_address_reach(const struct sockaddr *address);
