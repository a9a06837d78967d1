/*
 * The chain and its tree. Entries are numbered from 1; each holds the hash of the one before it,
 * and all hashes are the leaves of one Merkle tree, whose root a checkpoint signs.
 *
 *   hash of an entry   SHA-256(0x00 | line)               the leaf hash of RFC 9162 section 2.1.1
 *   node               SHA-256(0x01 | left | right)
 *
 * What must be kept to go on is the hash of the last entry and the roots of the complete subtrees:
 * at most 63 of 32 bytes. So adding an entry costs two hashes, however many there are.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"

#define OG_AUDIT_PEAKS_MAX 63

struct og_audit_chain {
    int64_t size; /* entries */
    uint8_t last[OG_DIGEST_BYTES]; /* hash of the last entry; zeros when there is none */
    uint8_t peaks[OG_AUDIT_PEAKS_MAX][OG_DIGEST_BYTES]; /* largest subtree first; popcount(size) */
};

/* The hash of an entry's line. */
void og_audit_hash(struct og_str line, uint8_t out[OG_DIGEST_BYTES]);

/* An entry with this hash follows. An empty chain is all zeros. */
void og_audit_chain_add(struct og_audit_chain *self, const uint8_t hash[OG_DIGEST_BYTES]);
/* The tree's root; of no entries: SHA-256 of nothing. */
void og_audit_chain_root(const struct og_audit_chain *self, uint8_t out[OG_DIGEST_BYTES]);

/* The used peaks, to be stored with size and last; and back. */
struct og_str og_audit_chain_peaks(const struct og_audit_chain *self);
/* False when the count does not fit the size. */
bool og_audit_chain_restore(struct og_audit_chain *self, int64_t size, struct og_str last,
                            struct og_str peaks);
