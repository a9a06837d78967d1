/*
 * The phone's side of the sms-gate.app protocol: what it writes and how it reads the answers.
 *
 * Pure. Reads with the strictness of the app's parser (wire/smsgate.md section 4.5) and tells what
 * a server did wrong through struct og_notes, even where the app would get away with it.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "phone/app_profile.h"
#include "phone/sms.h"

/* name, what it does to a real phone */
#define OG_VIOLATIONS(X)                                                                           \
    X(NOT_JSON, "the answer is no JSON of the kind asked for: it is lost whole")                   \
    X(CONTENT_TYPE, "the answer's content type is not the one the app can read")                   \
    X(WRONG_TYPE, "a member has another JSON type: the answer is lost whole")                      \
    X(MISSING, "a member is missing that the app or its protocol counts on")                       \
    X(DATE_MISREAD, "a date has other than 0 or 3 fraction digits: the app reads another time")    \
    X(DATE_ZONE, "a date is not in UTC")                                                           \
    X(DATE_REFUSED, "a date cannot be read: the answer is lost whole")                             \
    X(ID_FORM, "an id is empty, too long or holds '|': its result is never reported")              \
    X(UNKNOWN_STATE, "a state is unknown: the app takes it for Pending and sends")                 \
    X(PRIORITY, "a priority is beyond -128..127: it wraps, or the answer is lost")                 \
    X(NUMBER_REPEATED, "a recipient stands twice: the app can never store the message")            \
    X(NO_CONTENT, "a message has neither text nor data, or both")                                  \
    X(TEXTS_DIFFER, "message and textMessage.text are not the same")                               \
    X(TOO_MANY, "more than 100 messages in one pull")                                              \
    X(ORDER, "a message stands behind one of lower priority")                                      \
    X(EXPIRED, "a message was handed out after its end")                                           \
    X(OFFERED_AGAIN, "a message was handed out again after its result was accepted")               \
    X(UNKNOWN_EVENT, "an event of unknown type")                                                   \
    X(EVENT_DATA, "an event's data is missing or malformed: the app may crash")                    \
    X(EVENT_DATALESS, "an event without a data line: the app never sees it")                       \
    X(STREAM_SILENT, "no byte on the stream for more than 20 s")                                   \
    X(WEBHOOK, "a webhook has an unknown event or lacks a member: no hook is synchronised")        \
    X(SETTINGS, "a settings section or value that the app cannot take: no setting is applied")     \
    X(STATUS, "a status that the protocol does not know for this call")

#define OG_VIOLATION_AS_ENUM(name, what) OG_VIOLATION_##name,
enum og_violation { OG_VIOLATIONS(OG_VIOLATION_AS_ENUM) OG_VIOLATION_COUNT };
#undef OG_VIOLATION_AS_ENUM

const char *og_violation_name(enum og_violation violation); /* "date_misread" */
const char *og_violation_what(enum og_violation violation); /* the sentence above */

struct og_notes {
    /* about  a message id or member name; borrowed, foreign bytes */
    void (*note)(void *ctx, enum og_violation violation, struct og_str about);
    void *ctx;
};

/* ---- what the phone writes; appended to `out` ---- */

struct og_proto_sim {
    int number; /* 1-based */
    const char *carrier;
    const char *iccid;
};

struct og_proto_device {
    const char *id;   /* NULL when registering */
    const char *name; /* "<MANUFACTURER>/<PRODUCT>"; NULL when known already */
    const struct og_proto_sim *sims;
    int sim_count;
};

/* POST and PATCH /device. SIM texts are masked as the app does. No pushToken: it uses the
 * stream. */
void og_proto_write_device(struct og_buf *out, const struct og_proto_device *device);

struct og_proto_report {
    const struct og_sms *sms;
    enum og_sms_state as; /* tell nothing beyond this state; OG_SMS_STATE_COUNT for all */
};

/* PATCH /message: one item for each report. */
void og_proto_write_reports(struct og_buf *out, const struct og_proto_report *reports, size_t count,
                            int64_t zone_minutes);

/* ---- what it reads; strings live in `mem` or in the text ---- */

struct og_proto_identity {
    struct og_str id, token, login, password; /* password may be "" */
};

/* The answer to POST /device. False when id, token or login is missing. */
bool og_proto_read_identity(struct og_str body, struct og_arena *mem, const struct og_notes *notes,
                            struct og_proto_identity *out);

struct og_pull_item {
    struct og_str id;
    enum og_sms_state state; /* Pending or Cancelling */
    struct og_str text;      /* or base64, when is_data */
    bool is_data;
    bool want_report;
    bool is_encrypted;
    int priority;
    int sim_number; /* 0: not given */
    struct og_str_list numbers;
    int64_t created_at, valid_until_at, schedule_at; /* 0: not given */
};

struct og_pull {
    struct og_pull_item *items; /* those that the app can take */
    size_t count;
};

/* The answer to GET /message. False when the app's parser would throw: nothing of it is used. */
bool og_proto_read_pull(struct og_str body, struct og_arena *mem, const struct og_notes *notes,
                        struct og_pull *out);

#define OG_SIGNING_KEY_BYTES 257

/* What the app takes from GET /settings; -1 or false where nothing was said. */
struct og_phone_settings {
    int64_t send_interval_min_s, send_interval_max_s;
    int64_t limit_period_ms, limit_value;
    int64_t sim_selection; /* enum og_sim_selection */
    int64_t order;         /* enum og_order */
    int64_t ping_interval_s;
    char signing_key[OG_SIGNING_KEY_BYTES]; /* of webhooks; "" : none */
};

enum og_sim_selection { OG_SIM_OS_DEFAULT, OG_SIM_ROUND_ROBIN, OG_SIM_RANDOM };

void og_phone_settings_clear(struct og_phone_settings *self);
bool og_proto_read_settings(struct og_str body, const struct og_app_profile *app,
                            const struct og_notes *notes, struct og_phone_settings *out);
/* GET /webhooks: checks and counts. False when the app would throw. */
bool og_proto_read_webhooks(struct og_str body, const struct og_app_profile *app,
                            const struct og_notes *notes, size_t *count_out);

struct og_proto_webhook {
    const char *id, *url, *event;
};

/* The same list once it was checked, in `mem`. */
void og_proto_list_webhooks(struct og_str body, struct og_arena *mem,
                            struct og_proto_webhook **items_out, size_t *count_out);

enum og_event {
    OG_EVENT_ENQUEUED, /* also when the frame named no event */
    OG_EVENT_CANCELLED,
    OG_EVENT_WEBHOOKS,
    OG_EVENT_SETTINGS,
    OG_EVENT_EXPORT,
    OG_EVENT_UNKNOWN,
};

/* message_id_out  for CANCELLED, in mem; "" when the data is malformed (noted) */
enum og_event og_proto_read_event(struct og_str type, struct og_str data, struct og_arena *mem,
                                  const struct og_notes *notes, struct og_str *message_id_out);
