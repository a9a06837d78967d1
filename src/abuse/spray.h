/*
 * The spray alarm: somebody tries codes, a few on each of many recipients. Watches all checks, and
 * which recipients fail from one network (/24 of IPv4, /48 of IPv6). Bounded; pure.
 * Source: domain/otp.md requirement 72.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct og_spray_policy {
    int checks_min;      /* fewer checks in 10 minutes tell nothing */
    int failing_percent; /* more than this share of them: alarm */
    int recipients_max;  /* so many recipients failing from one network: alarm; at most 64 */
};

struct og_spray;

struct og_spray *og_spray_create(const struct og_spray_policy *policy);
void og_spray_destroy(struct og_spray *self); /* takes NULL */

/* What a check began: an alarm is told once, when it begins. figure: percent, or recipients. */
struct og_spray_finding {
    bool is_checks, is_network;
    int percent, recipients;
};

/* network   0: not known; else a keyed digest
 * recipient a keyed digest */
void og_spray_checked(struct og_spray *self, int64_t now_ms, uint64_t network, uint64_t recipient,
                      bool has_failed, struct og_spray_finding *out);
/* Does an alarm hold? */
bool og_spray_is_on(const struct og_spray *self, int64_t now_ms);
