/*
 * Writing and reading the shapes of the sms-gate.app API. Everything a phone gets obeys what its
 * parser can take (wire/smsgate.md section 4.5): three fraction digits, no nulls, known states.
 */
#include "api/smsgate/json.h"

/* History in the order in which states follow each other. */
static const enum og_message_state history[] = {
    OG_MESSAGE_PENDING, OG_MESSAGE_CANCELLING, OG_MESSAGE_CANCELLED, OG_MESSAGE_PROCESSED,
    OG_MESSAGE_SENT,    OG_MESSAGE_DELIVERED,  OG_MESSAGE_FAILED,
};

static void
write_recipients(struct og_json_writer *w, const struct og_message *m)
{
    og_json_array(w, "recipients");
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        const struct og_message_recipient *r = &m->record.recipients[i];
        og_json_object(w, NULL);
        og_json_add_str(w, "phoneNumber", r->number);
        og_json_add_cstr(w, "state", og_message_state_name(r->state));
        if (r->error.len) {
            og_json_add_str(w, "error", r->error);
        }
        og_json_end(w);
    }
    og_json_end(w);
}

static void
write_content(struct og_json_writer *w, const struct og_message *m)
{
    og_json_object(w, m->data_port ? "dataMessage" : "textMessage");
    og_json_add_str(w, m->data_port ? "data" : "text", m->text);
    if (m->data_port) {
        og_json_add_i64(w, "port", m->data_port);
    }
    og_json_end(w);
}

/* Members of our own: other clients ignore them. */
static void
write_routing(struct og_json_writer *w, const struct og_message *m, const struct og_wait *wait)
{
    if (m->possible_duplicate) {
        og_json_add_bool(w, "possibleDuplicate", true);
    }
    if (wait) {
        og_json_object(w, "waiting");
        og_json_add_cstr(w, "reason", wait->reason);
        if (wait->detail[0]) {
            og_json_add_cstr(w, "by", wait->detail);
        }
        if (wait->until_ms) {
            og_json_add_time(w, "until", wait->until_ms);
        }
        og_json_end(w);
    }
}

void
og_smsgate_write_state(struct og_json_writer *w, const struct og_message *m, bool with_content,
                       const struct og_wait *wait)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "id", og_message_public_id(m));
    og_json_add_str(w, "deviceId", m->device_id);
    og_json_add_cstr(w, "state", og_message_state_name(m->record.state));
    og_json_add_bool(w, "isHashed", m->text_digest.len > 0);
    og_json_add_bool(w, "isEncrypted", m->encrypted);
    og_json_add_time(w, "createdAt", m->created_at);
    write_recipients(w, m);
    og_json_object(w, "states");
    for (size_t i = 0; i < sizeof history / sizeof history[0]; i++) {
        int64_t at_ms = m->record.times.at_ms[history[i]];
        if (at_ms) {
            og_json_add_time(w, og_message_state_name(history[i]), at_ms);
        }
    }
    og_json_end(w);
    write_routing(w, m, wait);
    /* a code is for its recipient: who may read messages may not thereby pass checks */
    if (with_content && m->text.len && m->cls != OG_CLASS_OTP) {
        write_content(w, m);
    }
    if (with_content && m->text_digest.len) {
        og_json_object(w, "hashedMessage");
        og_json_add_str(w, "hash", m->text_digest);
        og_json_end(w);
    }
    og_json_end(w);
}

void
og_smsgate_write_mobile(struct og_json_writer *w, const struct og_message *m, int64_t now_ms)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "id", og_message_public_id(m));
    if (!m->data_port) {
        og_json_add_str(w, "message", m->text);
    }
    write_content(w, m);
    og_json_array(w, "phoneNumbers");
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        og_json_add_str(w, NULL, m->record.recipients[i].number);
    }
    og_json_end(w);
    og_json_add_bool(w, "withDeliveryReport", m->want_report);
    if (m->encrypted) {
        og_json_add_bool(w, "isEncrypted", true);
    }
    if (m->sim_number || m->route_sim) {
        og_json_add_i64(w, "simNumber", m->sim_number ? m->sim_number : m->route_sim);
    }
    if (m->priority) {
        og_json_add_i64(w, "priority", m->priority);
    }
    if (m->valid_until) {
        int64_t left_ms = m->valid_until - now_ms;
        og_json_add_i64(w, "ttl", left_ms > 0 ? left_ms / 1000 : 0);
        og_json_add_time(w, "validUntil", m->valid_until);
    }
    bool is_cancelling = m->record.state == OG_MESSAGE_CANCELLING;
    og_json_add_cstr(w, "state", is_cancelling ? "Cancelling" : "Pending");
    og_json_add_time(w, "createdAt", m->created_at);
    og_json_end(w);
}

void
og_smsgate_write_device(struct og_json_writer *w, const char *name, const struct og_device *d)
{
    og_json_object(w, name);
    og_json_add_str(w, "id", d->id);
    og_json_add_str(w, "name", d->name);
    og_json_add_time(w, "createdAt", d->created_at);
    og_json_add_time(w, "updatedAt", d->updated_at);
    og_json_add_time(w, "lastSeen", d->last_seen_at);
    if (d->sims.len > 2) {
        og_json_add_raw(w, "simCards", d->sims);
    }
    og_json_end(w);
}

/* ---- SIM cards ---- */

struct sim_ask {
    int64_t slot_index;
    int64_t sim_number;
    struct og_str phone;
    struct og_str carrier;
    struct og_str iccid;
};

static const struct og_json_member sim_members[] = {
    {"slotIndex", OG_JSON_INT, offsetof(struct sim_ask, slot_index), true, 0, 255},
    {"simNumber", OG_JSON_INT, offsetof(struct sim_ask, sim_number), true, 1, 255},
    {"phoneNumber", OG_JSON_STRING, offsetof(struct sim_ask, phone), false, 0, 128},
    {"carrierName", OG_JSON_STRING, offsetof(struct sim_ask, carrier), false, 0, 128},
    {"iccid", OG_JSON_STRING, offsetof(struct sim_ask, iccid), false, 0, 128},
};

static void
write_sim(struct og_json_writer *w, const struct og_sim *sim)
{
    og_json_object(w, NULL);
    og_json_add_i64(w, "slotIndex", sim->slot_index);
    og_json_add_i64(w, "simNumber", sim->sim_number);
    const struct {
        const char *name;
        struct og_str value;
    } texts[] = {{"phoneNumber", sim->phone}, {"carrierName", sim->carrier}, {"iccid", sim->iccid}};
    for (size_t i = 0; i < 3; i++) {
        if (texts[i].value.len) {
            og_json_add_str(w, texts[i].name, texts[i].value);
        }
    }
    og_json_end(w);
}

static enum og_code
read_sim(const struct og_json *node, size_t index, struct og_arena *mem, struct og_sim *out,
         struct og_err *err)
{
    struct sim_ask ask = {0};
    struct og_str parent = og_str_printf(mem, "simCards[%zu]", index);
    enum og_code code =
        og_json_decode(node, sim_members, sizeof sim_members / sizeof sim_members[0],
                       OG_JSON_UNKNOWN_IGNORED, parent.ptr, mem, &ask, err);
    *out = (struct og_sim){(int)ask.slot_index, (int)ask.sim_number, ask.phone, ask.carrier,
                           ask.iccid};
    return code;
}

enum og_code
og_smsgate_read_sims(const struct og_json *array, struct og_arena *mem, struct og_str *out,
                     struct og_err *err)
{
    size_t count = og_json_count(array);
    if (count > OG_DEVICE_MAX_SIMS) {
        return og_fail(err, OG_E_INVALID, "simCards", "at most %d SIM cards",
                       OG_DEVICE_MAX_SIMS);
    }
    struct og_sim sims[OG_DEVICE_MAX_SIMS];
    for (size_t i = 0; i < count; i++) {
        enum og_code code = read_sim(og_json_at(array, i), i, mem, &sims[i], err);
        if (code != OG_OK) {
            return code;
        }
    }
    enum og_code code = og_sim_list_check(sims, count, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_buf buf;
    struct og_json_writer w;
    og_buf_init(&buf, 16 * 1024);
    og_json_begin(&w, &buf);
    og_json_array(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        write_sim(&w, &sims[i]);
    }
    og_json_end(&w);
    *out = og_str_dup(mem, og_buf_str(&buf));
    og_buf_finish(&buf);
    return OG_OK;
}
