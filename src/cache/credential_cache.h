/*
 * Credentials that were verified a moment ago, so that the hot path neither hashes a password nor
 * asks the database.
 *
 * One cache per event loop, without a lock; bounded, the least recently used entry goes first.
 * Keys are keyed MACs, never the credential. Any change of a credential, account or device moves
 * one atomic epoch for the whole process: entries of an older epoch count as stale. A stale entry
 * of a password keeps the digest of the stored hash that it was verified against, so that it is
 * renewed by reading a row, not by hashing again.
 */
#pragma once

#include "base/crypto.h"
#include "base/str.h"

enum og_identity_kind {
    OG_IDENTITY_NONE,
    OG_IDENTITY_BASIC,
    OG_IDENTITY_API_KEY,
    OG_IDENTITY_JOIN,
    OG_IDENTITY_CODE,
    OG_IDENTITY_DEVICE,
    OG_IDENTITY_OPERATOR,
    OG_IDENTITY_TOKEN, /* a JWT, issued to an account's credential */
};

/* Who a credential stands for. */
struct og_identity {
    enum og_identity_kind kind;
    uint32_t scopes;             /* enum og_scope */
    bool custom_code;            /* of the account */
    bool sandbox;                /* of the account */
    int64_t expires_at;          /* UTC ms, 0: never */
    struct og_str account_id;    /* "" for the operator */
    struct og_str account_name;  /* likewise */
    struct og_str credential_id; /* "" for phones and codes */
    struct og_str device_id;     /* "" unless a phone */
    struct og_str login;         /* the account's Basic login */
    struct og_str token_id;      /* jti of a JWT, "" */
    struct og_str brand;         /* of the account, "" */
};

/* Moves with every change. Any thread. Read it before reading the rows, give it to put. */
uint64_t og_credential_epoch(void);
/* Something changed; call it after the commit, before the answer. Any thread. */
void og_credential_epoch_bump(void);

struct og_credential_cache;

/* max_entries   at least 1
 * max_age_ms    an entry is stale after this, whatever happened */
struct og_credential_cache *og_credential_cache_create(int max_entries, int64_t max_age_ms);
void og_credential_cache_destroy(struct og_credential_cache *self); /* takes NULL */

enum og_cache_verdict { OG_CACHE_MISS, OG_CACHE_STALE, OG_CACHE_HIT };

/*
 * mono_ms, now_ms  monotonic and wall time
 * out    on a hit: strings borrowed until the next call
 * proof  on a stale entry that has one: the digest that was given to put; else untouched
 * An entry without proof that has become stale is dropped, and a miss.
 */
enum og_cache_verdict og_credential_cache_get(struct og_credential_cache *self,
                                              const uint8_t key[OG_DIGEST_BYTES], int64_t now_ms,
                                              int64_t mono_ms, struct og_identity *out,
                                              uint8_t proof[OG_DIGEST_BYTES]);
/*
 * epoch  as it was before the rows were read; an older one than now makes the entry stale from the
 *        start, or not kept at all without proof
 * proof  NULL: none
 */
void og_credential_cache_put(struct og_credential_cache *self, const uint8_t key[OG_DIGEST_BYTES],
                             const struct og_identity *identity, const uint8_t *proof,
                             uint64_t epoch, int64_t mono_ms);
void og_credential_cache_drop(struct og_credential_cache *self, const uint8_t key[OG_DIGEST_BYTES]);
int og_credential_cache_count(const struct og_credential_cache *self);
