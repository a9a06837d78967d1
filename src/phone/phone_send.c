/* From the pull to the air: each id once, in the app's order, and what the radio says of it. */
#include "phone/phone_priv.h"

#include <stdio.h>

static void
count_received(struct og_vphone *self, const struct og_sms *sms)
{
    const struct og_vphone_listener *listener = self->world->listener;
    self->world->counts->received++;
    if (sms->created_at > 0) {
        og_phone_counts_lag(self->world->counts, sms->created_at, og_now_ms(self->world->clock));
    }
    if (listener->on_received) {
        listener->on_received(listener->ctx, self, sms);
    }
}

static void
cancel_sms(struct og_vphone *self, struct og_sms *sms)
{
    if (og_sms_move_all(sms, OG_SMS_CANCELLED, NULL, og_vphone_wall(self))) {
        og_sms_drop_text(sms);
        self->world->counts->cancelled++;
    }
    og_vphone_tell(self, sms);
}

/* A message that we know: it may have been cancelled meanwhile; else the server missed our
 * report. */
static void
take_again(struct og_vphone *self, struct og_sms *sms, const struct og_pull_item *item)
{
    self->world->counts->repeats++;
    if (item->state == OG_SMS_CANCELLING && og_send_queue_remove(&self->queue, sms)) {
        cancel_sms(self, sms);
    } else if (sms->state != OG_SMS_PENDING) {
        og_vphone_tell(self, sms);
    }
}

void
og_vphone_take(struct og_vphone *self, const struct og_pull_item *item)
{
    struct og_sms *sms = og_known_find(&self->known, item->id);
    if (sms) {
        take_again(self, sms, item);
        return;
    }
    sms = og_sms_create(item, og_vphone_wall(self));
    og_known_add(&self->known, sms);
    count_received(self, sms);
    if (item->state == OG_SMS_CANCELLING) {
        cancel_sms(self, sms);
        return;
    }
    og_send_queue_add(&self->queue, sms);
    og_vphone_due(self, DUE_SEND, og_vphone_mono(self));
}

void
og_vphone_cancel_message(struct og_vphone *self, struct og_str id)
{
    struct og_sms *sms = og_known_find(&self->known, id);
    if (sms && og_send_queue_remove(&self->queue, sms)) {
        cancel_sms(self, sms);
    }
}

static int
choose_sim(struct og_vphone *self, const struct og_sms *sms)
{
    int count = (int)self->world->profile->sims;
    if (sms->sim > 0) {
        return sms->sim - 1;
    }
    switch (self->settings.sim_selection) {
    case OG_SIM_ROUND_ROBIN:
        return self->next_sim++ % count;
    case OG_SIM_RANDOM:
        return (int)og_dice_between(&self->dice, 0, count - 1);
    default:
        return 0;
    }
}

static void
fail_all(struct og_vphone *self, struct og_sms *sms, const char *error)
{
    og_sms_move_all(sms, OG_SMS_FAILED, error, og_vphone_wall(self));
    og_sms_drop_text(sms);
    self->world->counts->failed += (int64_t)sms->recipient_count;
    og_vphone_tell(self, sms);
}

static bool
is_all_on_air(const struct og_sms *sms)
{
    for (size_t i = 0; i < sms->recipient_count; i++) {
        if (!sms->recipients[i].is_on_air && !sms->recipients[i].has_failed_part) {
            return false;
        }
    }
    return true;
}

static bool
open_text(struct og_vphone *self, struct og_sms *sms)
{
    struct og_err err;
    char error[OG_SMS_ERROR_BYTES];
    if (og_sms_open_text(sms, self->world->passphrase, &err) == OG_OK) {
        return true;
    }
    snprintf(error, sizeof(error), "Can't send message: %.40s", err.text);
    fail_all(self, sms, error);
    return false;
}

/* One recipient to the radio; it fails alone when its number cannot be read. */
static void
submit_to(struct og_vphone *self, struct og_sms *sms, size_t recipient)
{
    struct og_err err;
    char error[OG_SMS_ERROR_BYTES];
    int64_t wall_ms = og_vphone_wall(self);
    if (og_sms_open_number(sms, recipient, self->world->passphrase, &err) != OG_OK) {
        snprintf(error, sizeof(error), "sendSMS: %.50s", err.text);
        sms->recipients[recipient].has_failed_part = true;
        og_sms_move(sms, recipient, OG_SMS_FAILED, error, wall_ms);
        self->world->counts->failed++;
        return;
    }
    struct og_radio_job job = {sms, recipient, sms->parts, sms->sim - 1, sms->want_report};
    sms->pins++;
    og_radio_submit(&self->radio, &job, og_vphone_mono(self));
    og_sms_move(sms, recipient, OG_SMS_PROCESSED, NULL, wall_ms);
}

static void
submit(struct og_vphone *self, struct og_sms *sms)
{
    int64_t wall_ms = og_vphone_wall(self);
    int sim = choose_sim(self, sms);
    if (sms->valid_until_at > 0 && wall_ms > sms->valid_until_at) {
        self->world->counts->expired++;
        fail_all(self, sms, "TTL expired");
        return;
    }
    if (sim >= self->world->profile->sims) {
        fail_all(self, sms, "Can't send message: SIM not found");
        return;
    }
    if (!open_text(self, sms)) {
        return;
    }
    sms->sim = sim + 1;
    for (size_t i = 0; i < sms->recipient_count; i++) {
        submit_to(self, sms, i);
    }
    if (is_all_on_air(sms)) {
        og_sms_drop_text(sms); /* no number could be read */
    }
    og_vphone_tell(self, sms);
}

void
og_vphone_send(struct og_vphone *self)
{
    struct og_sms *sms;
    int64_t mono_ms = og_vphone_mono(self);
    int64_t wall_ms = og_vphone_wall(self);
    while ((sms = og_send_queue_take(&self->queue, mono_ms, wall_ms, &self->dice))) {
        submit(self, sms);
    }
    og_vphone_due(self, DUE_SEND, og_send_queue_next_at(&self->queue, mono_ms, wall_ms));
    og_vphone_listen(self);
}

/* ---- what the radio says ---- */

static void
on_aired(struct og_vphone *self, struct og_sms *sms, struct og_sms_recipient *to)
{
    const struct og_vphone_listener *listener = self->world->listener;
    self->world->counts->sms++;
    to->is_on_air = true;
    if (listener->on_sms) {
        listener->on_sms(listener->ctx, self, &(struct og_aired_sms){sms, og_sms_number(to), sms->sim});
    }
}

static void
on_result(struct og_vphone *self, struct og_sms *sms, const struct og_radio_event *event)
{
    struct og_sms_recipient *to = &sms->recipients[event->job.recipient];
    char error[OG_SMS_ERROR_BYTES];
    bool has_changed = false;
    if (event->result != OG_RADIO_OK) {
        snprintf(error, sizeof(error), "Send result: %s",
                 og_radio_result_name((enum og_radio_result)event->result));
        to->has_failed_part = true;
        has_changed = og_sms_move(sms, event->job.recipient, OG_SMS_FAILED, error,
                                  og_vphone_wall(self));
        self->world->counts->failed += has_changed;
    } else if (event->part == event->job.parts - 1 && !to->has_failed_part) {
        has_changed =
            og_sms_move(sms, event->job.recipient, OG_SMS_SENT, NULL, og_vphone_wall(self));
    }
    if (has_changed) {
        og_vphone_tell(self, sms);
    }
}

/* TP-ST below 0x20 is delivered, below 0x40 still tried, above for ever failed. */
static void
on_delivery(struct og_vphone *self, struct og_sms *sms, const struct og_radio_event *event)
{
    char error[OG_SMS_ERROR_BYTES];
    bool is_delivered = event->tp_status < 0x20;
    if (!is_delivered && event->tp_status < 0x40) {
        return;
    }
    snprintf(error, sizeof(error), "Delivery result: 0x%02x", (unsigned)event->tp_status);
    if (og_sms_move(sms, event->job.recipient, is_delivered ? OG_SMS_DELIVERED : OG_SMS_FAILED,
                    is_delivered ? NULL : error, og_vphone_wall(self))) {
        self->world->counts->delivered += is_delivered;
        self->world->counts->failed += !is_delivered;
        og_vphone_tell(self, sms);
    }
}

void
og_vphone_listen(struct og_vphone *self)
{
    struct og_radio_event event;
    while (og_radio_step(&self->radio, og_vphone_mono(self), &event)) {
        struct og_sms *sms = event.job.owner;
        switch (event.kind) {
        case OG_RADIO_AIRED:
            on_aired(self, sms, &sms->recipients[event.job.recipient]);
            break;
        case OG_RADIO_RESULT:
            on_result(self, sms, &event);
            break;
        case OG_RADIO_DELIVERY:
            on_delivery(self, sms, &event);
            break;
        case OG_RADIO_OVER:
            sms->pins--;
            break;
        }
        if (is_all_on_air(sms)) {
            og_sms_drop_text(sms);
        }
    }
    og_vphone_due(self, DUE_RADIO, og_radio_next_at(&self->radio));
}
