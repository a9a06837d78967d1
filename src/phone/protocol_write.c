/* What the phone says: the app's requests, member for member. Gson leaves null members out, so do
 * we. */
#include "phone/protocol.h"

#include "base/json.h"
#include "phone/date.h"

/* Everything but the last four characters becomes '*'; short texts wholly, as the app masks
 * them. */
static void
add_masked(struct og_json_writer *w, const char *name, const char *value)
{
    char masked[40];
    size_t len = strlen(value);
    len = len < sizeof(masked) ? len : sizeof(masked) - 1;
    size_t kept = len > 4 ? 4 : 0;
    memset(masked, '*', sizeof(masked));
    memcpy(masked + len - kept, value + len - kept, kept);
    size_t shown = len > 4 ? len : 4;
    og_json_add_str(w, name, (struct og_str){masked, shown});
}

void
og_proto_write_device(struct og_buf *out, const struct og_proto_device *device)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    if (device->id) {
        og_json_add_cstr(&w, "id", device->id);
    }
    if (device->name) {
        og_json_add_cstr(&w, "name", device->name);
    }
    og_json_array(&w, "simCards");
    for (int i = 0; i < device->sim_count; i++) {
        const struct og_proto_sim *sim = &device->sims[i];
        og_json_object(&w, NULL);
        og_json_add_i64(&w, "slotIndex", sim->number - 1);
        og_json_add_i64(&w, "simNumber", sim->number);
        add_masked(&w, "carrierName", sim->carrier);
        add_masked(&w, "iccid", sim->iccid);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

static enum og_sms_state
at_most(enum og_sms_state state, enum og_sms_state as)
{
    bool is_beyond =
        as != OG_SMS_STATE_COUNT && og_sms_state_rank(state) > og_sms_state_rank(as);
    return is_beyond ? as : state;
}

static void
write_recipients(struct og_json_writer *w, const struct og_proto_report *report)
{
    og_json_array(w, "recipients");
    for (size_t i = 0; i < report->sms->recipient_count; i++) {
        const struct og_sms_recipient *to = &report->sms->recipients[i];
        enum og_sms_state state = at_most(to->state, report->as);
        og_json_object(w, NULL);
        og_json_add_cstr(w, "phoneNumber", to->number);
        og_json_add_cstr(w, "state", og_sms_state_name(state));
        if (to->error[0] != '\0' && state == to->state) {
            og_json_add_cstr(w, "error", to->error);
        }
        og_json_end(w);
    }
    og_json_end(w);
}

static void
write_report(struct og_json_writer *w, const struct og_proto_report *report, int64_t zone_minutes)
{
    const struct og_sms *sms = report->sms;
    og_json_object(w, NULL);
    og_json_add_cstr(w, "id", sms->id);
    og_json_add_cstr(w, "state", og_sms_state_name(at_most(sms->state, report->as)));
    write_recipients(w, report);
    og_json_object(w, "states");
    for (int i = 0; i < OG_SMS_STATE_COUNT; i++) {
        enum og_sms_state state = (enum og_sms_state)i;
        if (sms->state_at[i] != 0 && at_most(state, report->as) == state) {
            char date[OG_PHONE_DATE_BYTES];
            og_phone_date_write(sms->state_at[i], zone_minutes, date);
            og_json_add_cstr(w, og_sms_state_name(state), date);
        }
    }
    og_json_end(w);
    og_json_end(w);
}

void
og_proto_write_reports(struct og_buf *out, const struct og_proto_report *reports, size_t count,
                       int64_t zone_minutes)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_array(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        write_report(&w, &reports[i], zone_minutes);
    }
    og_json_end(&w);
}
