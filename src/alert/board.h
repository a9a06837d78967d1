/*
 * The board of alerts: what is wrong, since when and until when, and which channel was told.
 *
 * An alert is one kind about one subject. Raising it again while it lasts changes its figure only;
 * clearing it ends it once it has stayed clear for a while, so that what flaps is one alert.
 * Nothing survives a restart: what is still wrong is raised again.
 *
 * Thread-safe: a short lock, nothing called and nothing logged under it. Bounded: OG_ALERTS_MAX,
 * the ended ones make room first.
 */
#pragma once

#include "alert/kinds.h"
#include "base/clock.h"
#include "base/str.h"

#define OG_ALERTS_MAX 256
#define OG_ALERT_SUBJECT_BYTES 64
#define OG_ALERT_CHANNELS_MAX 4

struct og_alert {
    enum og_alert_kind kind;
    char subject[OG_ALERT_SUBJECT_BYTES]; /* an id or a word, never a number or a name; "" : none */
    int64_t figure;
    int64_t started_at; /* UTC */
    int64_t ended_at;   /* UTC, 0: it lasts */
};

struct og_alert_board;

struct og_alert_board_config {
    const struct og_clock *clock;
    int64_t keep_ms; /* so long must an alert stay clear to end */
};

struct og_alert_board *og_alert_board_create(const struct og_alert_board_config *config);
void og_alert_board_destroy(struct og_alert_board *self); /* takes NULL */
/* Once, before threads. */
void og_alert_register_metrics(void);

/* Something is wrong, still or again. A longer subject is cut. Takes NULL: nobody is told. */
void og_alert_raise(struct og_alert_board *self, enum og_alert_kind kind, struct og_str subject,
                    int64_t figure);
/* It is well again; fine when it was. Takes NULL. */
void og_alert_clear(struct og_alert_board *self, enum og_alert_kind kind, struct og_str subject);

/* One or the other, where there is no figure. */
void og_alert_set(struct og_alert_board *self, enum og_alert_kind kind, struct og_str subject,
                  bool is_wrong);

/*
 * For who looks at everything now and then: begin, raise what is wrong, and end, which clears all
 * alerts of a kind that were not raised in between. One such look at a time. Takes NULL.
 */
void og_alert_look_begin(struct og_alert_board *self);
void og_alert_look_end(struct og_alert_board *self, enum og_alert_kind kind);

/* End what is over; log and tell what began and ended, each once. Each second or so, by one thread.
 * told  NULL: nobody; called without the lock */
void og_alert_tick(struct og_alert_board *self,
                   void (*told)(void *ctx, const struct og_alert *alert), void *ctx);

/* ---- who is told ---- */

/*
 * What a channel is to be told: alerts it has not heard of, their ends if it has heard of them, and
 * again those that last since remind_ms. Oldest first; returns how many.
 * about  an alert that a channel is dead is not due on the channel of this name
 */
int og_alert_due(struct og_alert_board *self, int channel, struct og_str about, int64_t remind_ms,
                 struct og_alert *out, int max);
/* It was told. */
void og_alert_told(struct og_alert_board *self, int channel, const struct og_alert *alerts,
                   int count);

/* ---- reading ---- */

/* Those that last, then the ended ones that are remembered, newest first. */
int og_alert_list(struct og_alert_board *self, struct og_alert *out, int max);
/* How many last, by kind. */
void og_alert_counts(struct og_alert_board *self, int out[OG_ALERT_KINDS]);
