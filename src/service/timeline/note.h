/*
 * Steps that no row tells, noted with the transaction that makes them. Inside applies of the write
 * lane.
 *
 * An ordinary life, accepted, handed, sent, delivered, costs nothing here: it is in the message's
 * row.
 */
#pragma once

#include "lane/op.h"
#include "route/table.h"
#include "service/services.h"
#include "store/message_store.h"
#include "store/otp_store.h"
#include "store/timeline_store.h"

/* Nobody has it, and it goes from the line of item->device to that of `device`. */
OG_MUST_CHECK enum og_code og_timeline_replanned(struct og_tx *tx,
                                                 const struct og_dispatch_item *item,
                                                 struct og_str device,
                                                 enum og_dispatch_why why, struct og_err *err);
/* It ends and nobody had it: does the queue know of another line than the row? */
OG_MUST_CHECK enum og_code og_timeline_moved(const struct og_services *svc, struct og_tx *tx,
                                             const struct og_message *m, struct og_err *err);

/* When the phone was woken for this message; 0: it was not. */
int64_t og_timeline_hinted_at(const struct og_route_phone *phone,
                              const struct og_dispatch_item *item);
/* It was handed: what the queue knew and the row did not, and whether it had had to wait. */
OG_MUST_CHECK enum og_code og_timeline_handed(struct og_tx *tx, const struct og_message *m,
                                              const struct og_dispatch_item *item,
                                              const struct og_route_phone *phone,
                                              struct og_err *err);
/* `device`, which had it before, says that it went out. m as it was. */
OG_MUST_CHECK enum og_code og_timeline_claimed(struct og_tx *tx, const struct og_message *m,
                                               struct og_str device, struct og_err *err);
/* We had given it up at `failed_at`. */
OG_MUST_CHECK enum og_code og_timeline_withdrawn(struct og_tx *tx, const struct og_message *m,
                                                 int64_t failed_at, struct og_err *err);
/* It is held no longer. before: the phone that was planned when it was accepted */
OG_MUST_CHECK enum og_code og_timeline_released(struct og_tx *tx, const struct og_message *m,
                                                struct og_str before, struct og_err *err);
/* Its recipient is locked. */
OG_MUST_CHECK enum og_code og_timeline_locked(const struct og_services *svc, struct og_tx *tx,
                                              const struct og_verification *v,
                                              struct og_err *err);
