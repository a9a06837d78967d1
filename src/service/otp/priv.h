/* What the files about verifications share. */
#pragma once

#include "base/metrics.h"
#include "service/otp/otp_service.h"

/* Consecutive ones, whatever is configured: NIST SP 800-63B-4 section 3.2.2. */
#define OG_OTP_FAILURES_MAX 100

static inline struct og_otp_base *
og_otp_base_of(struct og_code_ask *ask)
{
    return (struct og_otp_base *)((char *)ask - offsetof(struct og_otp_base, ask));
}

/* The digest of a context, in the operation's arena. */
struct og_str og_otp_context_of(const struct og_otp_base *base,
                                const struct og_otp_context *context);

static inline struct og_code_name
og_otp_code_name(const struct og_otp_base *base, struct og_str id)
{
    return (struct og_code_name){base->account_id, id};
}

/* Put the code into the store: its digest under the present key, and a sealed copy.
 * subjects  of og_abuse_share_pack, sealed with it for a resend; "" : none
 * ask       NULL: nobody waits for the answer */
void og_otp_put(struct og_otp_base *base, const struct og_otp_binding *binding,
                const struct og_secret *code, struct og_str subjects, int attempts,
                int64_t ttl_ms, struct og_code_ask *ask);
/* Digests of a typed code under every key in use. */
void og_otp_guess(struct og_otp_base *base, const struct og_otp_binding *binding,
                  const struct og_secret *code, struct og_code_guess *out);
/* False when the copy is not ours or was changed; `out` is then empty.
 * started  the case of its start, as far as gateways share it */
bool og_otp_unseal(const struct og_services *svc, struct og_str id, struct og_str sealed,
                   struct og_secret *out, struct og_abuse_case *started);

/* Queue it: before all others, and not after the code's end. Then og_message_accepted. */
OG_MUST_CHECK enum og_code og_otp_send(struct og_otp_base *base, struct og_tx *tx,
                                       const struct og_verification *v,
                                       const struct og_secret *text, struct og_message *out);
/* How long after this send (from 1) the next may follow. */
int64_t og_otp_wait_after(const struct og_otp_policy *policy, int sends);
/* Whole seconds until `until_ms`, at least 1. */
int og_otp_seconds_until(int64_t until_ms, int64_t now_ms);
/* The pseudonym of a number, as hex. */
struct og_str og_otp_digest(const struct og_services *svc, struct og_str number,
                            struct og_arena *mem);

enum og_otp_metric {
    OG_OTP_M_START_NEW,
    OG_OTP_M_START_ACTIVE,
    OG_OTP_M_START_REPLAYED,
    OG_OTP_M_CHECK, /* and the verdicts after it, in the order of og_check_verdict */
    OG_OTP_M_LOCKS = OG_OTP_M_CHECK + OG_CHECK_VERDICTS,
    OG_OTP_M_RESENDS,
    OG_OTP_M_CANCELS,
    OG_OTP_M_EXPIRED,
    OG_OTP_M_CODES,
    OG_OTP_M_CODE_BYTES,
    OG_OTP_M_STORE_UP,
    OG_OTP_METRICS
};
extern struct og_metric og_otp_metrics[OG_OTP_METRICS];
