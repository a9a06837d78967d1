/* What the files of the abuse service share. */
#pragma once

#include "base/metrics.h"
#include "service/abuse/abuse_service.h"

#define OG_ABUSE_DAY_MS (24 * 60 * 60 * INT64_C(1000))
/* The longest window, and one step of it. */
#define OG_ABUSE_KEPT_MS (OG_ABUSE_DAY_MS + 60 * 60 * INT64_C(1000))

static inline bool
og_abuse_is_on(const struct og_services *svc)
{
    return svc->shield && og_shield_config(svc->shield)->mode != OG_SHIELD_OFF;
}

/* The shield's time. */
static inline int64_t
og_abuse_time(const struct og_services *svc, const struct og_tx *tx)
{
    return tx->mono_ms + svc->abuse.shield_offset_ms;
}

/* A case as a row; subjects are appended to `bytes`. */
void og_abuse_to_row(const struct og_abuse_case *c, struct og_str send_id, int n, int64_t at,
                     struct og_buf *bytes, struct og_abuse_send *out);
void og_abuse_from_row(const struct og_shield *shield, const struct og_abuse_send *row,
                       struct og_abuse_case *out);

/* For each decision as it is written. */
void og_abuse_count_decision(const struct og_decision *decision);
void og_abuse_count_usage(const struct og_shield *shield);
