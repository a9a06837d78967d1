/*
 * Under which addresses this machine is reached from its network: phones need one that is not
 * loopback.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* Addresses of the interfaces that are up, IPv4 first, without loopback and link-local ones; at
 * most `max`. */
struct og_str_list og_app_addresses(struct og_arena *mem, size_t max);
