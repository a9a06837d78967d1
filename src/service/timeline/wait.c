/*
 * What a message waits for at this moment, and when it is over at the latest. The queue and what is
 * known of phones say so: write lane.
 */
#include "service/device/route_service.h"
#include "service/message/priv.h"
#include "service/timeline/priv.h"

int64_t
og_timeline_limit_of(const struct og_services *svc, const struct og_message *m)
{
    const bool is_silent = m->record.state == OG_MESSAGE_PENDING ||
                           m->record.state == OG_MESSAGE_CANCELLING;
    const int64_t give_up_at = og_message_give_up_at(svc, m);
    return is_silent || m->deadline_at > give_up_at ? m->deadline_at : give_up_at;
}

static void
set(struct og_timeline *out, const char *reason, struct og_str device, int64_t until)
{
    out->waits.reason = reason;
    out->waits.device_id = device;
    out->waits.until = until;
}

/* Nobody has it. */
static void
wait_in_line(const struct og_services *svc, const struct og_dispatch_item *item, int64_t now_ms,
             struct og_timeline *out, struct og_arena *mem)
{
    const struct og_route_phone *phone = og_route_table_find(svc->lane.routes, item->device);
    const struct og_str device = og_str_dup(mem, item->device);
    struct og_dispatch_device queue;
    struct og_route_fetch fetch;
    struct og_wait wait;
    int64_t sim;
    if (!phone ||
        !og_dispatch_device_find(svc->lane.dispatch, item->account, item->device, &queue)) {
        set(out, "no_phone", OG_STR(""), 0);
        return;
    }
    og_route_fetch_begin(svc, item->account, item->device, &fetch);
    if (!og_route_fetch_admit(svc, &fetch, item, NULL, now_ms, &sim, &wait)) {
        set(out, wait.reason, device, wait.until_ms);
        out->waits.detail = wait.detail ? wait.detail : "";
        return;
    }
    set(out, queue.is_connected ? "fetch" : "phone_offline", device, 0);
}

void
og_timeline_tell_wait(const struct og_services *svc, const struct og_message *m, int64_t now_ms,
                      struct og_arena *mem, struct og_timeline *out)
{
    struct og_dispatch_item item;
    const int64_t limit_at = og_timeline_limit_of(svc, m);
    if (m->final_at) {
        return;
    }
    if (m->held && m->schedule_at) {
        set(out, "schedule", OG_STR(""), m->schedule_at);
        return;
    }
    if (m->held) {
        set(out, "batch_paused", OG_STR(""), 0);
        return;
    }
    const bool is_queued = og_dispatch_find(svc->lane.dispatch, m->account_id, m->id, &item);
    if (!m->handed_at && is_queued) {
        wait_in_line(svc, &item, now_ms, out, mem);
        return;
    }
    const int64_t next_at = is_queued && item.attend_at_ms ? item.attend_at_ms : limit_at;
    switch (m->record.state) {
    case OG_MESSAGE_CANCELLING:
        set(out, "cancel", m->device_id, limit_at);
        break;
    case OG_MESSAGE_PENDING:
        set(out, "report", m->device_id, next_at);
        break;
    case OG_MESSAGE_PROCESSED:
        set(out, "sent", m->device_id, next_at);
        break;
    default:
        set(out, "delivery_report", m->device_id, limit_at);
        break;
    }
}
