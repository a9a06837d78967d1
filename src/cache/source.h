/*
 * Addresses of peers as keys and members of networks. Pure and thread-safe.
 */
#pragma once

#include "base/str.h"

#define OG_SOURCE_KEY_BYTES 48

/* Is the text an IPv4 or IPv6 address? */
bool og_address_is_one(struct og_str text);

/* What counts as one source: an IPv4 address (also one inside IPv6), or the /64 of an IPv6 one.
 * Text that is no address is its own key, cut. */
void og_source_key(struct og_str address, char out[OG_SOURCE_KEY_BYTES]);

/* The network of an address, as the users of one place share it: /24 of IPv4, /48 of IPv6. */
void og_source_network(struct og_str address, char out[OG_SOURCE_KEY_BYTES]);

/* Is the address in one of the networks ("10.0.0.0/8", "::1", "192.168.1.4")? Networks that cannot
 * be read contain nothing. */
bool og_address_in(struct og_str address, struct og_str_list networks);
