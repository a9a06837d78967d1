/*
 * What phones do, as JSON lines in a file, for tests and benchmarks.
 *
 * Lines are gathered and written a few times a second or when flushed; each write ends with a whole
 * line. Every line has `event`, `at` (UTC) and `at_us` (the same in microseconds), `phone` (from
 * 1). The file holds message texts: it is made with mode 0600.
 */
#pragma once

#include "base/err.h"
#include "phone/phone.h"

struct og_recorder;

/* Appends to the file; "-" is standard output. Errors: OG_E_UNAVAILABLE */
OG_MUST_CHECK enum og_code og_recorder_open(const char *path, struct og_recorder **out,
                                            struct og_err *err);
void og_recorder_close(struct og_recorder *self); /* flushes; takes NULL */
bool og_recorder_is_dirty(const struct og_recorder *self);
void og_recorder_flush(struct og_recorder *self);

/* The lines: registered, received, sms, report, violation. */
void og_recorder_registered(struct og_recorder *self, const struct og_vphone *phone);
void og_recorder_received(struct og_recorder *self, const struct og_vphone *phone,
                          const struct og_sms *sms);
void og_recorder_sms(struct og_recorder *self, const struct og_vphone *phone,
                     const struct og_aired_sms *aired);
void og_recorder_report(struct og_recorder *self, const struct og_vphone *phone,
                        const struct og_sms *sms, enum og_sms_state as, int status);
void og_recorder_violation(struct og_recorder *self, const struct og_vphone *phone,
                           enum og_violation violation, struct og_str about);
