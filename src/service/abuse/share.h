/*
 * What an operation takes of the counts that gateways share (codes/count_store.h, abuse.shared):
 * asked on the loop, before the lane; the answer is part of the case that the shield judges in
 * apply; given back on the loop when nothing came of it. Without abuse.shared all of this does
 * nothing at once.
 */
#pragma once

#include "abuse/shield.h"
#include "codes/count_store.h"
#include "service/services.h"

/* Do gateways count together? */
bool og_abuse_is_shared(const struct og_services *svc);

/* Embedded in operations, zeroed. */
struct og_abuse_share {
    struct og_count_ask ask;
    enum og_abuse_rule rules[OG_COUNT_ITEMS_MAX]; /* of its items */
    void (*ready)(struct og_abuse_share *self);   /* set by the caller, as is the next */
    void *ctx;
};

/*
 * Take a place of all that the cases need, or of none. `ready` is called exactly once, on the loop,
 * perhaps before this returns; ask.code is OG_OK or OG_E_UNAVAILABLE then. That a limit is full is
 * no error: the shield will say so. Of several cases (a message to several numbers) only what is
 * not of a number is taken.
 */
void og_abuse_share_take(struct og_abuse_share *self, const struct og_services *svc,
                         struct og_loop *loop, const struct og_abuse_case *cases, int count);
/* Tell a case what was heard. */
void og_abuse_share_show(const struct og_abuse_share *self, struct og_abuse_case *out);
/* After the lane, or without it. is_used false: it is given back. */
void og_abuse_share_end(struct og_abuse_share *self, const struct og_services *svc, bool is_used);

/* Count it together without a question: it is done already. Any thread. */
void og_abuse_share_tell(const struct og_services *svc, const struct og_abuse_case *cases,
                         int count);
/* Forget a subject on all gateways. Any thread. key: of og_shield_shared_key. */
void og_abuse_share_forget(const struct og_services *svc, enum og_abuse_subject subject,
                           uint64_t key);

/* The subjects of a case as bytes, for its resend; none where nothing is shared. */
#define OG_ABUSE_SHARE_PACKED_MAX_BYTES (2 + 9 * OG_SUBJECT_COUNT)
void og_abuse_share_pack(const struct og_abuse_case *c, struct og_buf *out);
/* A case of that. What cannot be read has no subjects. */
void og_abuse_share_unpack(struct og_str bytes, struct og_abuse_case *out);
