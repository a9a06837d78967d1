/*
 * Hashing entries into the tree. The peaks are a stack: as in a binary counter, adding one merges
 * as many of them as the size has trailing ones.
 */
#include "audit/chain.h"

#include <string.h>

enum { TAG_LEAF = 0x00, TAG_NODE = 0x01 };

static void
hash_node(const uint8_t left[OG_DIGEST_BYTES], const uint8_t right[OG_DIGEST_BYTES],
          uint8_t out[OG_DIGEST_BYTES])
{
    uint8_t both[2 * OG_DIGEST_BYTES];
    memcpy(both, left, OG_DIGEST_BYTES);
    memcpy(both + OG_DIGEST_BYTES, right, OG_DIGEST_BYTES);
    og_sha256_tagged(TAG_NODE, (struct og_str){(const char *)both, sizeof both}, out);
}

void
og_audit_hash(struct og_str line, uint8_t out[OG_DIGEST_BYTES])
{
    og_sha256_tagged(TAG_LEAF, line, out);
}

static int
count_peaks(int64_t size)
{
    return __builtin_popcountll((unsigned long long)size);
}

void
og_audit_chain_add(struct og_audit_chain *self, const uint8_t hash[OG_DIGEST_BYTES])
{
    uint8_t node[OG_DIGEST_BYTES];
    int peaks = count_peaks(self->size);
    memcpy(node, hash, sizeof node);
    for (int64_t rest = self->size; rest & 1; rest >>= 1) {
        hash_node(self->peaks[--peaks], node, node);
    }
    memcpy(self->peaks[peaks], node, sizeof node);
    memcpy(self->last, hash, sizeof self->last);
    self->size++;
}

void
og_audit_chain_root(const struct og_audit_chain *self, uint8_t out[OG_DIGEST_BYTES])
{
    int peaks = count_peaks(self->size);
    if (peaks == 0) {
        og_sha256(OG_STR(""), out);
        return;
    }
    memcpy(out, self->peaks[--peaks], OG_DIGEST_BYTES);
    while (peaks > 0) {
        hash_node(self->peaks[--peaks], out, out);
    }
}

struct og_str
og_audit_chain_peaks(const struct og_audit_chain *self)
{
    return (struct og_str){(const char *)self->peaks,
                           (size_t)count_peaks(self->size) * OG_DIGEST_BYTES};
}

bool
og_audit_chain_restore(struct og_audit_chain *self, int64_t size, struct og_str last,
                       struct og_str peaks)
{
    *self = (struct og_audit_chain){.size = size};
    if (size < 0 || last.len != OG_DIGEST_BYTES ||
        peaks.len != (size_t)count_peaks(size) * OG_DIGEST_BYTES) {
        return false;
    }
    memcpy(self->last, last.ptr, last.len);
    memcpy(self->peaks, peaks.ptr ? peaks.ptr : "", peaks.len);
    return true;
}
