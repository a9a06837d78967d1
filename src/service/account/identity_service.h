/*
 * Who is it? Looks a credential up and says whom it stands for. Used by the gate; applies run in
 * lanes.
 *
 * An unknown, wrong, expired or disabled credential is a result (identity.kind OG_IDENTITY_NONE),
 * an error is not being able to tell.
 */
#pragma once

#include "cache/credential_cache.h"
#include "lane/op.h"
#include "service/services.h"

enum og_lookup_what {
    OG_LOOKUP_BASIC,  /* login and secret; slow lane, because it hashes */
    OG_LOOKUP_BEARER, /* secret: API key, join token or the operator's; read lane */
    OG_LOOKUP_DEVICE, /* secret: a phone's token; read lane */
    OG_LOOKUP_CODE,   /* secret: a one-time code, which is used up; write lane */
    OG_LOOKUP_TOKEN,  /* secret: jti of a JWT whose signature was checked; read lane */
};

struct og_lookup_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    enum og_lookup_what what;
    struct og_str login;
    struct og_secret secret; /* the caller wipes it */
    /*
     * Only for OG_LOOKUP_BASIC, to renew what was verified before: the digest that it gave then.
     * In the read lane nothing is hashed: a different stored hash sets `must_hash`.
     */
    bool has_proof;
    uint8_t proof[OG_DIGEST_BYTES];
    /* out */
    struct og_identity identity;
    bool must_hash;
    bool is_shut; /* right, but disabled or over, itself or its account: nobody, yet no guess */
    struct og_str foreign_hash; /* bcrypt, where the password was right by it; else "" */
    char new_hash[OG_PASSWORD_HASH_BYTES]; /* then: ours of the same password */
};

enum og_code og_lookup_apply(struct og_op *op, struct og_tx *tx);

/* Write lane, after such a lookup: our hash in the place of the foreign one, unless the password
 * was changed meanwhile. Does no harm when it fails: the next login tries again. */
struct og_rehash_op {
    struct og_op op;
    struct og_arena mem;
    struct og_str credential_id;
    struct og_str foreign_hash;
    struct og_str new_hash;
};
/* On the heap; NULL when there is nothing to replace. The caller sets its kind and submits it. */
struct og_rehash_op *og_rehash_create(const struct og_lookup_op *found);
void og_rehash_destroy(struct og_rehash_op *self);
enum og_code og_rehash_apply(struct og_op *op, struct og_tx *tx);
