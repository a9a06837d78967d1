/*
 * bcrypt hashes that other programs made: we check them, and never make one. The one door to
 * libcrypt.
 *
 * Thread-safe. A hash of the usual cost 10 takes about 60 ms; slow lane only.
 */
#pragma once

#include "base/str.h"

#define OG_BCRYPT_COST_MAX 14 /* a second or so; each step more doubles it */

/* "$2a$10$" or with b or y, a cost of 4 to OG_BCRYPT_COST_MAX, and 53 characters: one that
 * og_bcrypt_matches can check. */
bool og_bcrypt_is_hash(struct og_str text);
/* encoded  one that og_bcrypt_is_hash. Only the first 72 bytes of the password count, as
 *          everywhere. */
bool og_bcrypt_matches(struct og_str password, const char *encoded);
