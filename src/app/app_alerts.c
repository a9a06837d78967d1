/*
 * Copying settings, and the mail password.
 */
#include "app/app_alerts.h"

#include <unistd.h>

#include "alert/board.h"
#include "alert/outcomes.h"
#include "app/app_settings.h"
#include "app/password.h"

#define TICK_MS 500

void
og_app_alerts_board(const struct og_config *config, struct og_services *svc)
{
    const struct og_alert_board_config board = {svc->clock, config->alert.keep_ms};
    svc->alerts = og_alert_board_create(&board);
    svc->lane.outcomes = og_outcomes_create();
}

enum og_code
og_app_alerts_open(struct og_app_alerts *self, const struct og_config *config,
                   struct og_services *svc, struct og_lanes *lanes, struct og_arena *mem,
                   struct og_err *err)
{
    const struct og_config_alert *alert = &config->alert;
    (void)!gethostname(self->instance, sizeof self->instance - 1);
    enum og_code code = og_app_password("alert.mail_password_file", "", alert->mail_password_file,
                                        &self->mail_password, err);
    const struct og_alert_sender_config sender = {
        .services = svc,
        .lanes = lanes,
        .instance = self->instance,
        .alertmanager_url = alert->alertmanager_url,
        .webhook_url = alert->webhook_url,
        .ca_file = alert->ca_file,
        .mail_url = alert->mail_url,
        .mail_starttls = alert->mail_starttls,
        .mail_user = alert->mail_user,
        .mail_password = &self->mail_password,
        .mail_from = alert->mail_from,
        .mail_to = og_app_texts(&alert->mail_to, mem),
        .remind_ms = alert->remind_every_ms,
        .probe_ms = alert->probe_every_ms,
        .offline_after_ms = alert->offline_after_ms,
        .code_wait_ms = alert->code_wait_ms,
        .failures = {alert->failure_percent, alert->failure_least},
        .commit_slow_ms = alert->commit_slow_ms,
        .tick_ms = TICK_MS,
    };
    return code == OG_OK ? og_alert_sender_create(&sender, &self->sender, err) : code;
}

void
og_app_alerts_close(struct og_app_alerts *self)
{
    og_alert_sender_destroy(self->sender);
    og_secret_finish(&self->mail_password);
}
