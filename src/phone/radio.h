/*
 * Android's limit, the SIM and the network, as a model: what becomes of an SMS that an app sends.
 *
 * Pure: time comes in as an argument (monotonic ms) and chance from the phone's dice, so that days
 * pass in a test within milliseconds. Source: domain/phones.md sections 4.1 and 4.2.
 */
#pragma once

#include "phone/dice.h"
#include "base/heap.h"
#include "phone/profile.h"

#define OG_RADIO_SIMS_MAX 3
#define OG_RADIO_DIALOGS_MAX 5 /* messages that wait for a tap; beyond, they fail at once */
#define OG_NEVER INT64_MAX

/* Results of android.telephony.SmsManager. */
enum og_radio_result {
    OG_RADIO_OK = -1,
    OG_RADIO_GENERIC = 1,
    OG_RADIO_OFF = 2,
    OG_RADIO_NO_SERVICE = 4,
    OG_RADIO_LIMIT = 5,
    OG_RADIO_USER_NO = 28,
    OG_RADIO_RIL_SEND_RETRY = 101,
    OG_RADIO_RIL_RATE_LIMITED = 106,
};

/* "RESULT_ERROR_GENERIC_FAILURE", ... as the app reports it. */
const char *og_radio_result_name(enum og_radio_result result);

/* One SMS to one recipient. */
struct og_radio_job {
    void *owner; /* of whom the events speak; borrowed until OG_RADIO_OVER */
    size_t recipient;
    int parts;
    int sim; /* 0-based */
    bool want_report;
};

enum og_radio_event_kind {
    OG_RADIO_AIRED,    /* all parts went out: the recipient can have it, whatever is reported */
    OG_RADIO_RESULT,   /* of one part: result */
    OG_RADIO_DELIVERY, /* report for one part: tp_status */
    OG_RADIO_OVER,     /* no more of this job */
};

struct og_radio_event {
    enum og_radio_event_kind kind;
    struct og_radio_job job;
    int part;       /* 0-based */
    int result;     /* enum og_radio_result */
    int tp_status;  /* 3GPP TS 23.040 section 9.2.3.15 */
};

struct og_radio_queued;
struct og_radio_dialog;

struct og_radio {
    const struct og_radio_profile *profile;
    struct og_dice *dice;
    struct og_heap events; /* struct og_radio_queued */
    uint64_t sequence;
    int64_t sim_free_at[OG_RADIO_SIMS_MAX];
    int64_t *window; /* when each part of the last os_window_ms left: a ring, made at first use */
    size_t window_first, window_count;
    struct og_radio_dialog *dialogs; /* those that wait, oldest first */
    int dialog_count;
};

/* The profile and dice outlive it. */
void og_radio_init(struct og_radio *self, const struct og_radio_profile *profile,
                   struct og_dice *dice);
void og_radio_finish(struct og_radio *self); /* takes zeroed; no event comes any more */

/* Give an SMS to the system. What becomes of it comes as events, never from here. */
void og_radio_submit(struct og_radio *self, const struct og_radio_job *job, int64_t now_ms);

/* The next event that is due. False when none is. */
bool og_radio_step(struct og_radio *self, int64_t now_ms, struct og_radio_event *out);
/* When the next is due; OG_NEVER when nothing is under way. */
int64_t og_radio_next_at(const struct og_radio *self);
