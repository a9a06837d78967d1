/*
 * Counters of one rule: how much each subject (a recipient, an address, ...) had in the window.
 *
 * Bounded: at most keys_max subjects. A new one beyond that makes the subject forgotten whose last
 * count is longest ago; which one that is depends on the history only. Subjects whose window is
 * over go by the way. One thread at a time; time never goes backwards.
 */
#pragma once

#include "base/window.h"

struct og_counters;

struct og_counters *og_counters_create(int64_t span_ms, int keys_max);
void og_counters_destroy(struct og_counters *self); /* takes NULL */

int64_t og_counters_sum(const struct og_counters *self, uint64_t key, int64_t now_ms);
/* As og_window_wait_ms. */
int64_t og_counters_wait_ms(const struct og_counters *self, uint64_t key, int64_t now_ms,
                            int64_t limit, int64_t amount);
void og_counters_add(struct og_counters *self, uint64_t key, int64_t at_ms, int64_t amount);
void og_counters_forget(struct og_counters *self, uint64_t key);
int og_counters_count(const struct og_counters *self);
/* Subjects that were forgotten before their time, since create. */
int64_t og_counters_evicted(const struct og_counters *self);
