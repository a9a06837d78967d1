/*
 * What a phone says of itself when it registers: name and SIM cards.
 *
 * Pure and thread-safe. Source: wire/smsgate.md section 2.4. The phone has masked the strings.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_DEVICE_NAME_MAX_CHARS 128
#define OG_DEVICE_MAX_SIMS 3 /* messages may name SIM 1 to 3 */
#define OG_SIM_TEXT_MAX_CHARS 64

struct og_sim {
    int slot_index;           /* from 0 */
    int sim_number;           /* from 1 */
    struct og_str phone;      /* empty: not said; likewise the next two */
    struct og_str carrier;
    struct og_str iccid;
};

/* Name: one line, at most 128 characters, empty allowed. OG_E_UNPROCESSABLE, field "name". */
OG_MUST_CHECK enum og_code og_device_check_name(struct og_str name, struct og_err *err);

/* At most 3 SIMs, numbers 1 to 3 and slots 0 to 2 without repeats, short one-line texts.
 * OG_E_UNPROCESSABLE with the member at fault ("simCards[1].simNumber"). */
OG_MUST_CHECK enum og_code og_sim_list_check(const struct og_sim *sims, size_t count,
                                             struct og_err *err);
