/*
 * Shapes of the sms-gate.app API, shared by its handlers (wire/smsgate.md section 2).
 */
#pragma once

#include "base/json.h"
#include "core/device.h"
#include "service/device/route_service.h"
#include "store/device_store.h"
#include "store/message_store.h"

/* MessageState (2.2): what applications see. */
/* wait: what it waits for, where that is known; NULL */
void og_smsgate_write_state(struct og_json_writer *w, const struct og_message *m,
                            bool with_content,
                            const struct og_wait *wait);
/* MobileMessage (2.3): what phones see. now_ms gives the seconds of ttl left. */
void og_smsgate_write_mobile(struct og_json_writer *w, const struct og_message *m, int64_t now_ms);
/* Device (2.4); name: of the member, NULL in an array. */
void og_smsgate_write_device(struct og_json_writer *w, const char *name,
                             const struct og_device *d);

/*
 * A `simCards` array of a phone: checked, and written again in our own spelling, ready for the row.
 * Members that we do not know are dropped. Errors: OG_E_INVALID or OG_E_UNPROCESSABLE naming the
 * member.
 */
OG_MUST_CHECK enum og_code og_smsgate_read_sims(const struct og_json *array, struct og_arena *mem,
                                                struct og_str *out, struct og_err *err);
