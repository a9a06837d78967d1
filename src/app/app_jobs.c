/*
 * Copying settings.
 */
#include "app/app_jobs.h"

#include "app/app_settings.h"
#include "base/files.h"
#include "jobs/checkpointer.h"
#include "jobs/purger.h"
#include "jobs/sweeper.h"
#include "jobs/webhook_sender.h"
#include "service/audit/audit.h"

#define SWEEP_EVERY_MS 500
#define PURGE_EVERY_MS (30 * 60 * 1000)
#define CHECKPOINT_TICK_MS 1000

static const char *
in_data(const struct og_app_jobs_room *room, const char *name)
{
    return og_str_printf(room->mem, "%s/%s", room->config->data.dir, name).ptr;
}

static enum og_code
make_sweeper(struct og_app_jobs *self, const struct og_app_jobs_room *room,
             struct og_err *err)
{
    struct og_sweeper_config config = {
        .services = room->services,
        .lanes = room->lanes,
        .every_ms = SWEEP_EVERY_MS,
        .gone_after_ms = room->config->phone.gone_after_ms,
    };
    return og_sweeper_create(&config, room->loop, &self->sweeper, err);
}

static enum og_code
make_purger(struct og_app_jobs *self, const struct og_app_jobs_room *room,
           struct og_err *err)
{
    struct og_purger_config config = {
        .services = room->services, .lanes = room->lanes, .every_ms = PURGE_EVERY_MS};
    og_app_retention(room->config, &config.retention);
    return og_purger_create(&config, room->loop, &self->purger, err);
}

static enum og_code
make_webhooks(struct og_app_jobs *self, const struct og_app_jobs_room *room,
              struct og_err *err)
{
    struct og_webhook_sender_config config = {
        .services = room->services,
        .lanes = room->lanes,
        .ca_file = room->config->webhook.ca_file,
        .allow_private = room->config->webhook.allow_private,
        .first_wait_ms = room->config->webhook.first_retry_ms,
    };
    return og_webhook_sender_create(&config, &self->webhooks, err);
}

/* What checks the checkpoints, for those who keep copies elsewhere. */
static enum og_code
write_audit_key(const struct og_app_jobs_room *room, struct og_err *err)
{
    struct og_buf text;
    og_buf_init(&text, 512);
    og_audit_key_write(og_audit_signer(room->services->lane.audit), &text);
    og_buf_add_byte(&text, '\n');
    enum og_code code =
        og_file_write(in_data(room, "audit-key.pub"), og_buf_str(&text), 0644, err);
    og_buf_finish(&text);
    return code;
}

static enum og_code
make_checkpointer(struct og_app_jobs *self, const struct og_app_jobs_room *room,
                  struct og_err *err)
{
    const struct og_config_audit *audit = &room->config->audit;
    const char *file = audit->checkpoint_file;
    struct og_checkpointer_config config = {
        .services = room->services,
        .lanes = room->lanes,
        .file = file[0] ? file : in_data(room, "audit-checkpoints"),
        .syslog = audit->checkpoint_syslog,
        .url = audit->checkpoint_url,
        .ca_file = audit->checkpoint_ca_file,
        .tick_ms = CHECKPOINT_TICK_MS,
    };
    if (!audit->enabled) {
        return OG_OK;
    }
    enum og_code code = og_checkpointer_create(&config, room->loop,
                                               &self->checkpointer, err);
    return code == OG_OK ? write_audit_key(room, err) : code;
}

void
og_app_jobs_metrics(void)
{
    og_webhook_sender_metrics();
    og_alert_sender_metrics();
}

enum og_code
og_app_jobs_open(struct og_app_jobs *self, const struct og_app_jobs_room *room,
                 struct og_err *err)
{
    enum og_code code = make_sweeper(self, room, err);
    if (code == OG_OK) {
        code = make_purger(self, room, err);
    }
    if (code == OG_OK) {
        code = make_checkpointer(self, room, err);
    }
    if (code == OG_OK) {
        code = make_webhooks(self, room, err);
    }
    return code == OG_OK ? og_app_alerts_open(&self->alerts, room->config, room->services,
                                              room->lanes, room->mem, err)
                         : code;
}

enum og_code
og_app_jobs_start(struct og_app_jobs *self, struct og_err *err)
{
    enum og_code code = og_webhook_sender_start(self->webhooks, err);
    return code == OG_OK ? og_alert_sender_start(self->alerts.sender, err) : code;
}

void
og_app_jobs_stop(struct og_app_jobs *self)
{
    og_sweeper_stop(self->sweeper);
    og_purger_stop(self->purger);
    og_webhook_sender_stop(self->webhooks);
    og_alert_sender_stop(self->alerts.sender);
    if (self->checkpointer) {
        og_checkpointer_stop(self->checkpointer);
    }
}

void
og_app_jobs_end(struct og_app_jobs *self)
{
    if (self->checkpointer) {
        og_checkpointer_end(self->checkpointer);
    }
}

void
og_app_jobs_close(struct og_app_jobs *self)
{
    og_app_alerts_close(&self->alerts);
    og_sweeper_destroy(self->sweeper);
    og_purger_destroy(self->purger);
    og_checkpointer_destroy(self->checkpointer);
    og_webhook_sender_destroy(self->webhooks);
}
