/*
 * Alerts as the configuration wants them: the board, and who is told.
 */
#pragma once

#include "base/secret.h"
#include "config/config.h"
#include "jobs/alert_sender.h"

struct og_app_alerts {
    struct og_alert_sender *sender;
    struct og_secret mail_password;
    char instance[256]; /* this machine's name */
};

/* Makes svc->alerts and svc->lane.outcomes. Before anything that raises one. */
void og_app_alerts_board(const struct og_config *config, struct og_services *svc);
/* Errors: the mail password's file, alert.ca_file. */
OG_MUST_CHECK enum og_code og_app_alerts_open(struct og_app_alerts *self,
                                              const struct og_config *config,
                                              struct og_services *svc, struct og_lanes *lanes,
                                              struct og_arena *mem, struct og_err *err);
/* When the lanes have stopped, and before they go. The board stays. Takes zeroed. */
void og_app_alerts_close(struct og_app_alerts *self);
