/*
 * Identifiers that we make.
 */
#pragma once

#include "base/str.h"

#define OG_ID_CHARS 21          /* like the peer's nanoids: A-Z a-z 0-9 _ - */
#define OG_ID_BYTES (OG_ID_CHARS + 1)
#define OG_ID_TIME_CHARS 8 /* of these, the first are the time */
#define OG_LONG_ID_CHARS 30     /* 48 time bits and 132 random bits: cannot be guessed */
#define OG_LONG_ID_BYTES (OG_LONG_ID_CHARS + 1)

/*
 * A time-ordered id: 8 characters of UTC milliseconds, then 13 random ones (78 bits). Ids sort as
 * they were made, to the millisecond, in plain byte order, so that indexes only grow at their end.
 * Ids made in one millisecond by one thread also sort in the order of making.
 * Random bytes come from the operating system through base/crypto. Thread-safe.
 */
void og_id_make(int64_t now_ms, char out[OG_ID_BYTES]);

/* The first 8 characters of such an id: those made before `at_ms` sort before it, later ones
 * behind. */
void og_id_floor(int64_t at_ms, char out[OG_ID_TIME_CHARS + 1]);

/* The same with 22 random characters (132 bits), for ids that are capabilities. Within one
 * millisecond they sort in no particular order: one must not tell the next. */
void og_long_id_make(int64_t now_ms, char out[OG_LONG_ID_BYTES]);

/* A wholly random token of `chars` characters from the same alphabet (6 bits each). `out` has
 * chars + 1 bytes. */
void og_token_make(size_t chars, char *out);

/* Is every character from the alphabet A-Z a-z 0-9 _ - ? False for the empty string. */
bool og_id_is_plain(struct og_str id);
