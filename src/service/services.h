/*
 * What the use cases share. One of these exists per program; services are functions over it.
 *
 * Fields are grouped by who may touch them: constants by everyone, `lane` by the write lane's
 * thread only (before it starts: by the main thread).
 */
#pragma once

#include "base/clock.h"
#include "base/crypto.h"
#include "core/otp.h"
#include "core/otp_test_number.h"
#include "core/phone_number.h"
#include "route/dispatch.h"

struct og_alert_board;
struct og_outcomes;
struct og_audit;
struct og_code_store;
struct og_shield;
struct og_hub;
struct og_route_table;

/* Subkeys of the server's master key, one per use (base/crypto.h og_key_derive). */
struct og_keys {
    struct og_key seal;   /* rows at rest */
    struct og_key token;  /* digests of device tokens, API keys, join tokens, login codes */
    struct og_key number; /* pseudonyms of phone numbers */
    struct og_key text;   /* digests of texts whose retention is over */
    struct og_key otp;    /* MAC of codes */
    struct og_key otp_seal; /* the sealed copy of a code, for a resend */
    struct og_key otp_before;      /* the two above before the last rotation: codes made with them */
    struct og_key otp_seal_before; /* are good until they expire */
    bool has_otp_before;
    struct og_key context; /* digests of what codes are for */
    struct og_signing_key receipt; /* signs receipts */
    struct og_key codes;  /* codes in memory over a planned restart */
    struct og_key shared; /* pseudonyms that other gateways know, too; of abuse.shared_secret */
    struct og_key cache;  /* MAC of verified Basic credentials, made anew at each start */
    struct og_signing_key audit;   /* signs the audit log's checkpoints */
    struct og_key idempotency; /* digests of keys and requests */
    struct og_key jwt;    /* from it the keys that sign tokens, one per period */
};

struct og_message_policy {
    int64_t max_age_ms;        /* a message without validity is final after this */
    int recipients_max;
    int text_chars_max;
    int queue_max_pending;            /* of one phone; 0: no limit, likewise the next two */
    int64_t queue_max_pending_age_ms;
    int queue_max_failed;             /* in a row */
    int64_t queue_max_failed_age_ms;  /* how far back the row is looked at */
    int64_t text_kept_ms;      /* of a final message; 0: as long as its row */
    char default_region[3];    /* "" : numbers must be E.164 */
};

struct og_otp_policy {
    int length;
    bool allow_weak;           /* 4 and 5 digits */
    int64_t ttl_ms;
    int attempts;
    int sends_max;
    int64_t resend_wait_ms[8]; /* before the 2nd, 3rd, ... send; the last repeats */
    int resend_wait_count;
    bool rotates;              /* a resend carries a new code */
    int lock_after;            /* consecutive failures of (recipient, purpose) */
    int64_t lock_ms;           /* how long the lock holds */
    char brand[64];            /* "" : none; an account's own wins */
    char text[161];            /* "" : the built-in sentences */
    char locale[36];           /* of these when the application says none; "auto": by the number */
    bool verbose_errors;
    struct og_otp_test_number test_numbers[OG_OTP_TEST_NUMBERS_MAX];
    int test_number_count;
};

struct og_abuse_policy {
    struct og_str_list servers;  /* networks of applications' servers: no users' addresses */
    int64_t shield_offset_ms;    /* from the monotonic clock to the shield's time, near UTC */
};

/* What phones receive. */
struct og_inbox_policy {
    bool is_on;      /* they tell us; else /inbox stays empty */
    int64_t keep_ms; /* removed so long after they told */
};

struct og_services {
    struct og_keys keys;
    struct og_message_policy message;
    struct og_otp_policy otp;
    struct og_abuse_policy abuse;
    struct og_shield *shield; /* NULL: none; judges in the write lane, its rules are constant */
    struct og_inbox_policy inbox;
    const struct og_phone_plan *plan; /* NULL: E.164 only */
    int64_t plan_age_max_ms;          /* older is said to be old; 0: never */
    const struct og_rng *rng;         /* codes are drawn from it */
    struct og_code_store *codes;      /* live one-time codes; used on event loops */
    const struct og_clock *clock;
    struct og_alert_board *alerts;    /* thread-safe; NULL: nobody is told */
    _Atomic bool has_webhook_news; /* something was put into the outbox; jobs/webhook_sender clears it */
    struct {
        struct og_dispatch *dispatch; /* open messages per phone */
        struct og_route_table *routes; /* what is known of phones, and rules of accounts */
        int64_t webhook_count;        /* all accounts': without any, nobody looks for some */
        struct og_hub *hub;           /* hints to phones' streams; flushed after each batch */
        struct og_outcomes *outcomes; /* how messages ended lately; NULL: nobody counts */
        int64_t clock_ahead_ms;       /* wall clock before monotonic, when last looked at; 0: never */
        int64_t unreadable_seen;      /* rows that did not open, when last looked at */
        struct og_audit *audit;       /* what applies tell the audit log (service/audit/audit.h); NULL: off */
    } lane;
};
