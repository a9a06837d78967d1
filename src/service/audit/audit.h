/*
 * The audit log: what applies tell it, written in the transaction of what it describes.
 *
 * An apply calls og_audit_add, one line; nothing is written then. When all operations of a batch
 * have been applied, the journal numbers, chains and inserts what they left, in one pass just
 * before the commit. The chain's head in memory changes only after the commit, so that a lost batch
 * leaves it as it was. The format and how to check it: docs/audit.md.
 */
#pragma once

#include "audit/checkpoint.h"
#include "audit/event.h"
#include "lane/lanes.h"
#include "service/services.h"

struct og_audit;

/* Reads where the chain goes on. On the write connection, before the lanes run.
 * origin  whose log it is; public_key  of who signs its checkpoints
 * Errors  OG_E_CONFLICT (entries stand behind the head: the file was changed from outside),
 *         OG_E_INVALID (origin) */
OG_MUST_CHECK enum og_code og_audit_create(struct og_db *db, struct og_str origin,
                                           const uint8_t public_key[OG_PUBLIC_KEY_BYTES],
                                           struct og_audit **out, struct og_err *err);
void og_audit_destroy(struct og_audit *self); /* takes NULL */
/*
 * How many entries the log may hold, once, before the lanes run. When it does, a request that would
 * add one fails with OG_E_UNAVAILABLE; by best effort it goes on, and its entries are counted
 * instead. The gateway's own work goes on, its few entries go over the limit, and the first of them
 * is behind an audit.dropped with the count.
 * entries_max  0: as many as the disk takes
 */
void og_audit_limit(struct og_audit *self, int64_t entries_max, bool is_best_effort);
/* How full it is, 0 without a limit. Write lane. */
int og_audit_use_percent(const struct og_audit *self);
/* Retention has removed the entries up to this one, in the present batch. */
void og_audit_begins_after(struct og_audit *self, int64_t seq);
/* Origin and public half of the key that signs its checkpoints. */
const struct og_audit_key *og_audit_signer(const struct og_audit *self);
/* For og_lanes_config; lives as long as `self`. */
const struct og_lane_journal *og_audit_journal(struct og_audit *self);
/* Once, before threads. */
void og_audit_register_metrics(void);

/*
 * Tell the audit log. Write lane only: in apply, or in committed (then it goes with the next
 * batch). Actor, IP and request are those of the operation's origin where the event has none.
 * event  copied. `subject` is the digest of the number (og_otp_digest) and becomes its pseudonym.
 * Forgotten when the operation fails. Nothing happens where the log is off.
 */
void og_audit_add(const struct og_services *svc, const struct og_audit_event *event);
/* The same for why an operation is refused: it stays when the operation fails. */
void og_audit_add_refusal(const struct og_services *svc, const struct og_audit_event *event);

/*
 * From any thread, for what happens outside of operations (a refused credential): in a batch of its
 * own or with others. What came from an `ip` is counted only when the log is full.
 * OG_E_BUSY when the lane is full, OG_E_UNAVAILABLE when it stops.
 */
OG_MUST_CHECK enum og_code og_audit_note(const struct og_services *svc, struct og_lanes *lanes,
                                         const struct og_audit_event *event);

/*
 * Forget who a number was: the row that leads from it to its pseudonym is removed, the entries stay
 * and the chain still verifies. Adds the entry privacy.erase. In an apply of the write lane.
 * number     E.164
 * found_out  there was something to forget
 */
OG_MUST_CHECK enum og_code og_audit_erase(struct og_services *svc, struct og_tx *tx,
                                          struct og_str number, bool *found_out,
                                          struct og_err *err);

/* Entries since the last checkpoint, those about checkpoints not counted, lost ones counted. Write lane, or when the
 * lanes have stopped. */
int64_t og_audit_fresh(const struct og_audit *self);
/* A checkpoint of what is on disk, and the entry that says so. As og_audit_add. */
void og_audit_take(const struct og_services *svc, struct og_audit_checkpoint *out);
