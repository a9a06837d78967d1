/*
 * Checking the log: entries in their order, the hashes, and the checkpoints that were signed. Reads
 * what it is fed; where rows and checkpoints come from is the caller's business.
 *
 * What it finds, and what shows it:
 *   a changed entry        its hash no longer fits, or the next entry's `prev`
 *   a removed one          a number is missing
 *   an inserted one        numbers and `prev` no longer fit
 *   another order          the number inside the line
 *   a cut end              the head row, and every checkpoint that counts more entries
 *   a chain made anew      every checkpoint: its root differs
 *   a start removed        the note that retention signs is missing, or an entry that says the same
 */
#pragma once

#include "audit/chain.h"
#include "audit/checkpoint.h"
#include "base/arena.h"
#include "base/err.h"

struct og_audit_verifier {
    struct og_audit_chain chain; /* of the entries so far */
    struct og_audit_chain start; /* of those that retention has removed */
    int64_t at_ms;               /* of the last entry */
    int64_t purged;              /* up to where the entries say that it did */
    const struct og_audit_checkpoint *checkpoints; /* by size */
    int checkpoint_count;
    int checkpoints_met;
    struct og_arena mem;
};

/* Where it is wrong. */
struct og_audit_fault {
    int64_t seq;    /* the first entry that is wrong */
    char text[200]; /* what is wrong with it */
};

/* checkpoints  verified already, any order; sorted in place and borrowed. May be none. */
void og_audit_verifier_init(struct og_audit_verifier *self,
                            struct og_audit_checkpoint *checkpoints, int count);
void og_audit_verifier_finish(struct og_audit_verifier *self);

/*
 * Before the first row: the log begins behind these entries. False: the note is not one that the
 * gateway signed for them when it removed them.
 */
bool og_audit_verifier_start(struct og_audit_verifier *self, const struct og_audit_chain *start,
                             struct og_str note, const struct og_audit_key *key,
                             struct og_audit_fault *fault);

/* The next row. False: `fault` says what is wrong, and that is the end. */
bool og_audit_verifier_add(struct og_audit_verifier *self, int64_t seq, struct og_str hash,
                           struct og_str line, struct og_audit_fault *fault);
/* There are no more rows. head  the stored head of the chain, NULL: none is stored */
bool og_audit_verifier_end(struct og_audit_verifier *self, const struct og_audit_chain *head,
                           struct og_audit_fault *fault);
