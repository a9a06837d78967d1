/* What the files about messages share. */
#pragma once

#include "base/metrics.h"
#include "route/table.h"
#include "service/message/message_service.h"

enum og_message_metric {
    OG_MESSAGE_M_CHANGED,
    OG_MESSAGE_M_REPEATED,
    OG_MESSAGE_M_IMPOSSIBLE,
    OG_MESSAGE_M_UNKNOWN,
    OG_MESSAGE_M_HANDED,
    OG_MESSAGE_M_REROUTED_FAILED,
    OG_MESSAGE_M_REROUTED_SILENT,
    OG_MESSAGE_M_UNDELIVERABLE,
    OG_MESSAGE_M_QUEUE_WAITING,
    OG_MESSAGE_M_QUEUE_HANDED,
    OG_MESSAGE_M_QUEUE_TAKEN,
    OG_MESSAGE_M_DEVICES_CONNECTED,
    OG_MESSAGE_M_DEVICES_AWAY,
};
extern struct og_metric og_message_metrics[];

#define OG_REASON_NO_ROUTE "undeliverable: no phone can take it"
#define OG_REASON_TOO_SLOW "undeliverable: no phone could send it in time"
#define OG_REASON_NO_RESULT "no result from the phone in time"

/* Is the phone that this new message is planned for in arrears? OG_E_BUSY with the reason in the
 * peer's words (wire/smsgate.md section 3.3). Inside an apply of the write lane. */
OG_MUST_CHECK enum og_code og_message_queue_check(const struct og_services *svc, struct og_tx *tx,
                                                  const struct og_message *m,
                                                  struct og_arena *mem, struct og_err *err);

/* How the row looks in the queue. */
struct og_dispatch_item og_message_as_item(const struct og_message *m);

/* When we stop to wait for a phone's word, whatever the client's validity. */
int64_t og_message_give_up_at(const struct og_services *svc, const struct og_message *m);

/* The message was never handed and its time is over: Failed, final. Changes the struct only. */
void og_message_end_unsent(struct og_message *m, int64_t now_ms);

/* Likewise, because no phone will do. */
void og_message_end_undeliverable(struct og_message *m, struct og_str reason, int64_t now_ms);

/* When somebody must look at it (service/message/attend.c); 0: never. */
int64_t og_message_attend_at(const struct og_services *svc, const struct og_message *m,
                             int64_t now_ms);

/* Set final_at if nothing more is to come. True when the text must be erased now. */
bool og_message_settle(const struct og_services *svc, struct og_message *m, int64_t now_ms);

/* Bring the gauges of queue and phones up to date. Write lane. */
void og_message_measure(const struct og_services *svc);

/* What a phone was given was sent, or failed or is lost in silence: for the alerts. Write lane. */
void og_message_outcome(const struct og_services *svc, const struct og_route_phone *phone,
                        bool is_failed);

/* Is there still somebody who waits for the code? Not once it was used, cancelled or is over: then
 * it must not go out again. True of what carries no code. */
OG_MUST_CHECK enum og_code og_message_is_wanted(struct og_tx *tx, const struct og_message *m,
                                                struct og_arena *mem, bool *out,
                                                struct og_err *err);
