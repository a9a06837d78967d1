/*
 * Alerts to those who are to hear of them: Alertmanager, a webhook, mail. In a thread of its own,
 * so that it speaks when lanes and loops are in trouble.
 *
 * Each channel is told of each alert and its end, and again while it lasts. A channel is also asked
 * for a sign of life now and then; when it does not take what it is sent twice in a row it is dead,
 * which is an alert for the others, /health and the log.
 */
#pragma once

#include "alert/outcomes.h"
#include "base/secret.h"
#include "lane/lanes.h"
#include "service/services.h"

struct og_alert_sender;

/* Texts are "" where nothing was said. Borrowed for the sender's life. */
struct og_alert_sender_config {
    struct og_services *services;
    struct og_lanes *lanes;
    const char *instance;         /* whose alerts */
    const char *alertmanager_url; /* http://host:9093/api/v2/alerts */
    const char *webhook_url;
    const char *ca_file;          /* PEM; "" : the system's */
    const char *mail_url;         /* smtp://host:587, smtps://host:465 */
    bool mail_starttls;
    const char *mail_user;
    const struct og_secret *mail_password;
    const char *mail_from;
    struct og_str_list mail_to;
    int64_t remind_ms;
    int64_t probe_ms; /* between signs of life */
    int64_t offline_after_ms, code_wait_ms; /* service/alert/watch.h; likewise: */
    struct og_outcomes_policy failures;
    int64_t commit_slow_ms;       /* of the write lane */
    int64_t tick_ms;  /* how often to look: 500 */
};

OG_MUST_CHECK enum og_code og_alert_sender_create(const struct og_alert_sender_config *config,
                                                  struct og_alert_sender **out,
                                                  struct og_err *err);
/* Once, before threads. */
void og_alert_sender_metrics(void);
OG_MUST_CHECK enum og_code og_alert_sender_start(struct og_alert_sender *self,
                                                 struct og_err *err);
/* Nothing is sent any more. Takes NULL. */
void og_alert_sender_stop(struct og_alert_sender *self);
/* When the lanes have stopped, before they go. Takes NULL. */
void og_alert_sender_destroy(struct og_alert_sender *self);
