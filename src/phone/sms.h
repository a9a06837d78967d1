/*
 * One message as the phone keeps it, with a state for each recipient.
 *
 * Owned by struct og_known. Times are UTC milliseconds as the phone's own (perhaps wrong) clock
 * tells them. Source: wire/smsgate.md sections 2.2, 3.5 and 4.4.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* wire name, rank: a state is only ever replaced by one of a higher rank */
#define OG_SMS_STATES(X)                                                                           \
    X(PENDING, "Pending", 0)                                                                       \
    X(CANCELLING, "Cancelling", 1)                                                                 \
    X(PROCESSED, "Processed", 2)                                                                   \
    X(SENT, "Sent", 3)                                                                             \
    X(DELIVERED, "Delivered", 4)                                                                   \
    X(FAILED, "Failed", 5)                                                                         \
    X(CANCELLED, "Cancelled", 5)

#define OG_SMS_STATE_AS_ENUM(name, wire, rank) OG_SMS_##name,
enum og_sms_state { OG_SMS_STATES(OG_SMS_STATE_AS_ENUM) OG_SMS_STATE_COUNT };
#undef OG_SMS_STATE_AS_ENUM

const char *og_sms_state_name(enum og_sms_state state);
/* OG_SMS_STATE_COUNT when there is no state of that name. */
enum og_sms_state og_sms_state_of(struct og_str name);
int og_sms_state_rank(enum og_sms_state state);

#define OG_SMS_ID_CHARS 36
#define OG_SMS_ERROR_BYTES 64

struct og_sms_recipient {
    char *number; /* as it came and is reported; inside the message's own allocation */
    char *plain;  /* what an encrypted number is, once opened; NULL before, and for others */
    enum og_sms_state state;
    bool has_failed_part;
    bool is_on_air;
    char error[OG_SMS_ERROR_BYTES]; /* "" for none */
};

/* What a pull said about a message; see phone/protocol.h. */
struct og_pull_item;

struct og_sms {
    struct og_sms *next_same_hash; /* known only */
    struct og_sms *older, *newer;  /* known only: in order of arrival */
    uint64_t hash;
    char id[OG_SMS_ID_CHARS + 1];
    char *text; /* NUL behind its length; freed and NULL when nobody needs it any more */
    size_t text_len;
    bool is_data;
    bool want_report;
    bool is_encrypted;
    int priority;
    int sim; /* 1-based; 0: the phone's choice */
    int parts;
    uint64_t arrival; /* counts up */
    int64_t created_at, valid_until_at, schedule_at; /* 0: not given */
    enum og_sms_state state;
    int64_t state_at[OG_SMS_STATE_COUNT]; /* 0: not reached */
    int pins;                             /* radio events and reports that still point here */
    bool has_report;                      /* a report waits or is under way */
    enum og_sms_state reported;           /* as told in the last report */
    enum og_sms_state acked;              /* the server answered 2xx to this one */
    int64_t acked_us;                     /* monotonic */
    size_t queue_place; /* of phone/send_queue */
    size_t recipient_count;
    struct og_sms_recipient *recipients; /* behind the struct */
};

/* Gives a message in state Pending. */
struct og_sms *og_sms_create(const struct og_pull_item *item, int64_t now_ms);
void og_sms_destroy(struct og_sms *self); /* takes NULL; wipes the text */

/*
 * Open what is encrypted (wire/smsgate.md section 6), as the app does when the message is about to
 * go out; what is not encrypted stays as it is. The text's parts are counted again.
 * passphrase  NULL: the phone has none
 * Errors      OG_E_INVALID with what the app would report
 */
OG_MUST_CHECK enum og_code og_sms_open_text(struct og_sms *self, const char *passphrase,
                                            struct og_err *err);
OG_MUST_CHECK enum og_code og_sms_open_number(struct og_sms *self, size_t recipient,
                                              const char *passphrase, struct og_err *err);
/* The number to send to: `plain` when there is one. */
const char *og_sms_number(const struct og_sms_recipient *recipient);

/* Sent, Delivered, Failed or Cancelled: nothing more is to be done with it. */
bool og_sms_is_done(const struct og_sms *self);
/* The text is on the air or never will be. */
void og_sms_drop_text(struct og_sms *self);

/*
 * Move a recipient on and the message with it, as the app's database does. Steps back and changes
 * after Failed or Cancelled are ignored.
 * error   for Failed; borrowed, cut to fit, NULL for none
 * now_ms  the phone's wall clock
 * Returns true when something changed.
 */
bool og_sms_move(struct og_sms *self, size_t recipient, enum og_sms_state state, const char *error,
                 int64_t now_ms);
/* The same for all recipients. */
bool og_sms_move_all(struct og_sms *self, enum og_sms_state state, const char *error,
                     int64_t now_ms);
