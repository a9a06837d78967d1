/*
 * The whole life of a message or a verification, step by step, and what it waits for now: told from
 * its row, the routes that it took, what was noted (service/timeline/note.h) and the outbox.
 *
 * Never a code, a text or a whole number: reasons of phones come with their digits covered. Read in
 * the write lane, because only its memory knows what waits, and why.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"
#include "store/message_store.h"
#include "store/otp_store.h"

#define OG_TIMELINE_STEPS_MAX 400 /* what is beyond is left out */

enum og_step_what {
    OG_STEP_STARTED, /* verifications: it and the next nine */
    OG_STEP_RESENT,
    OG_STEP_CHECKED,
    OG_STEP_APPROVED,
    OG_STEP_REFUSED, /* too many wrong checks */
    OG_STEP_OUT_OF_TIME,
    OG_STEP_CALLED_OFF,
    OG_STEP_LOCKED,
    OG_STEP_ACCEPTED, /* messages from here on */
    OG_STEP_SCHEDULED,
    OG_STEP_RELEASED,
    OG_STEP_REPLANNED,
    OG_STEP_WAITED,
    OG_STEP_PUSHED,
    OG_STEP_HANDED,
    OG_STEP_PROCESSED,
    OG_STEP_FAILED_OVER,
    OG_STEP_CLAIMED,
    OG_STEP_SENT,
    OG_STEP_DELIVERED,
    OG_STEP_CANCEL_ASKED,
    OG_STEP_CANCELLED,
    OG_STEP_GIVEN_UP, /* later withdrawn */
    OG_STEP_WITHDRAWN,
    OG_STEP_FAILED,
    OG_STEP_UNDELIVERABLE,
    OG_STEP_EXPIRED,
    OG_STEP_CLOSED,
    OG_STEP_WEBHOOK, /* of both */
    OG_STEP_COUNT
};

/* "accepted", ... Static storage; part of the API. */
const char *og_step_name(enum og_step_what what);
/* Is it a step of the verification, not of one of its messages? */
bool og_step_is_of_verification(enum og_step_what what);

/* Texts are "" and numbers 0 where they say nothing. */
struct og_timeline_step {
    enum og_step_what what;
    int64_t at, until;
    const char *state; /* after it; static storage */
    int64_t send;      /* of a verification's messages: which */
    struct og_str device_id, device_name, from_id, from_name;
    int64_t sim, parts, recipients, route;
    bool is_possible_duplicate;
    bool is_assumed;   /* concluded without the phone's word */
    struct og_str reason;
    struct og_str event, webhook_id; /* of OG_STEP_WEBHOOK, with the next two */
    int64_t tries;
    const char *result; /* also of OG_STEP_CHECKED; static storage */
};

struct og_timeline {
    bool is_verification;
    struct og_str id, account_id;
    const char *state; /* static storage */
    const char *class; /* "otp", ... */
    int64_t final_at;  /* 0: not yet */
    int64_t limit_at;  /* final by then at the latest */
    int64_t routes_max;
    struct og_timeline_step *steps; /* in order */
    size_t count;
    bool is_cut;
    struct {
        const char *reason; /* "fetch", "report", ...; "" : for nothing; static storage */
        const char *detail; /* of "sim_pace": "minute", ...; static storage */
        int64_t until;      /* 0: nobody can foretell */
        struct og_str device_id, device_name;
    } waits;
};

struct og_timeline_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* where either will do: id or name, "" : any; else its id */
    struct og_str id;         /* ours, or the client's */
    bool no_verifications, no_messages;
    struct og_timeline out;
};
/* Write lane; writes nothing. OG_E_NOT_FOUND. */
enum og_code og_timeline_apply(struct og_op *op, struct og_tx *tx);
