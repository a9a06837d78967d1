/*
 * What is counted of messages and phones, and the queue at start.
 */
#include "base/log.h"
#include "route/dispatch.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"

struct og_metric og_message_metrics[] = {
    {"otpgate_reports_total", "result=\"changed\"", "State reports of phones by what they did"},
    {"otpgate_reports_total", "result=\"repeated\"", ""},
    {"otpgate_reports_total", "result=\"impossible\"", ""},
    {"otpgate_reports_total", "result=\"unknown\"", ""},
    {"otpgate_messages_handed_total", "", "Messages that a phone fetched for the first time"},
    {"otpgate_messages_rerouted_total", "why=\"failed\"", "Messages that went to another phone"},
    {"otpgate_messages_rerouted_total", "why=\"silent\"", ""},
    {"otpgate_messages_undeliverable_total", "", "Codes that no phone could send in time"},
    {"otpgate_queue_messages", "phase=\"waiting\"", "Open messages by how far they are",
     OG_METRIC_GAUGE},
    {"otpgate_queue_messages", "phase=\"handed\"", "", OG_METRIC_GAUGE},
    {"otpgate_queue_messages", "phase=\"taken\"", "", OG_METRIC_GAUGE},
    {"otpgate_devices", "state=\"connected\"", "Phones by whether they listen", OG_METRIC_GAUGE},
    {"otpgate_devices", "state=\"away\"", "", OG_METRIC_GAUGE},
};

void
og_message_phone_metrics(void)
{
    og_metrics_register(og_message_metrics,
                        sizeof og_message_metrics / sizeof og_message_metrics[0]);
}

void
og_message_measure(const struct og_services *svc)
{
    const struct og_dispatch_totals now = og_dispatch_totals(svc->lane.dispatch);
    og_metric_set(&og_message_metrics[OG_MESSAGE_M_QUEUE_WAITING], (int64_t)now.waiting);
    og_metric_set(&og_message_metrics[OG_MESSAGE_M_QUEUE_HANDED], (int64_t)now.handed);
    og_metric_set(&og_message_metrics[OG_MESSAGE_M_QUEUE_TAKEN], (int64_t)now.taken);
    og_metric_set(&og_message_metrics[OG_MESSAGE_M_DEVICES_CONNECTED], (int64_t)now.connected);
    og_metric_set(&og_message_metrics[OG_MESSAGE_M_DEVICES_AWAY],
                  (int64_t)(now.devices - now.connected));
}

/* ---- start ---- */

struct load {
    struct og_services *svc;
    int64_t now_ms;
    struct og_err *err;
};

static void
load_one(void *ctx, const struct og_message *m)
{
    struct load *load = ctx;
    struct og_dispatch_item item = og_message_as_item(m);
    item.attend_at_ms = og_message_attend_at(load->svc, m, load->now_ms);
    if (item.phase == OG_DISPATCH_TAKEN && !item.attend_at_ms) {
        return; /* nobody looks after it */
    }
    if (og_dispatch_add(load->svc->lane.dispatch, &item, load->err) == OG_E_NOT_FOUND) {
        item.device = OG_STR("");
        if (og_dispatch_add(load->svc->lane.dispatch, &item, load->err) != OG_OK) {
            og_log_warn("service", "an open message could not be queued", "reason=%s",
                        og_log_quote(og_str_from(load->err->text)));
        }
    }
}

enum og_code
og_message_load(struct og_services *svc, struct og_db *db, struct og_err *err)
{
    struct load load = {svc, og_now_ms(svc->clock), err};
    return og_message_each_open(db, load_one, &load, err);
}
