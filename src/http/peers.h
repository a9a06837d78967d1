/*
 * How many connections each peer address has, over all loops of a server. Thread-safe.
 */
#pragma once

#include <stdbool.h>

struct og_peers;

struct og_peers *og_peers_create(void);
void og_peers_destroy(struct og_peers *self); /* takes NULL */
/* Count one more. False, and nothing counted, when the address has `max` already. */
bool og_peers_enter(struct og_peers *self, const char *address, int max);
void og_peers_leave(struct og_peers *self, const char *address);
