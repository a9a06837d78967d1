/* How the app reads what a server says. Foreign bytes all of it: lengths are those of the parsed
 * text, nothing is trusted, and whatever a real phone would trip over becomes a note. */
#include "phone/protocol.h"

#include <stdio.h>

#include "base/json.h"
#include "phone/date.h"
#include "phone/profile.h"

#define DEPTH_MAX 8
#define PULL_MAX 100
#define NUMBERS_MAX 100

static const struct {
    const char *name, *what;
} violations[] = {
#define ROW(name, what) [OG_VIOLATION_##name] = {#name, what},
    OG_VIOLATIONS(ROW)
#undef ROW
};

const char *
og_violation_name(enum og_violation violation)
{
    static _Thread_local char lower[32];
    const char *name = violations[violation].name;
    size_t i = 0;
    for (; i < sizeof(lower) - 1 && name[i]; i++) {
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    }
    lower[i] = '\0';
    return lower;
}

const char *
og_violation_what(enum og_violation violation)
{
    return violations[violation].what;
}

/* ---- one object under the app's parser ---- */

struct reader {
    const struct og_notes *notes;
    const struct og_json *object;
    struct og_str about; /* the object's id once it is known */
    bool has_thrown;     /* the parser would have given up on the whole answer */
};

static void
note(const struct og_notes *notes, enum og_violation violation, struct og_str about)
{
    notes->note(notes->ctx, violation, about);
}

static void
throw_at(struct reader *r, enum og_violation violation, const char *member)
{
    r->has_thrown = true;
    note(r->notes, violation, r->about.len > 0 ? r->about : og_str_from(member));
}

/* The member, or NULL when it is absent or null. */
static const struct og_json *
member(const struct reader *r, const char *name)
{
    const struct og_json *node = og_json_get(r->object, name);
    return og_json_kind(node) == OG_JSON_K_NULL ? NULL : node;
}

static bool
read_text(struct reader *r, const char *name, struct og_str *out)
{
    const struct og_json *node = member(r, name);
    if (node && !og_json_to_str(node, out)) {
        throw_at(r, OG_VIOLATION_WRONG_TYPE, name);
        return false;
    }
    return node != NULL;
}

static bool
read_flag(struct reader *r, const char *name, bool *out)
{
    const struct og_json *node = member(r, name);
    if (node && !og_json_to_bool(node, out)) {
        throw_at(r, OG_VIOLATION_WRONG_TYPE, name);
        return false;
    }
    return node != NULL;
}

static bool
read_number(struct reader *r, const char *name, int64_t *out)
{
    const struct og_json *node = member(r, name);
    if (node && !og_json_to_i64(node, out)) {
        throw_at(r, OG_VIOLATION_WRONG_TYPE, name);
        return false;
    }
    return node != NULL;
}

static bool
read_date(struct reader *r, const char *name, int64_t *out)
{
    static const enum og_violation faults[] = {
        [OG_DATE_ODD] = OG_VIOLATION_DATE_ZONE,
        [OG_DATE_MISREAD] = OG_VIOLATION_DATE_MISREAD,
    };
    struct og_str text;
    if (!read_text(r, name, &text)) {
        return false;
    }
    enum og_date_verdict verdict = og_phone_date_read(text, out);
    if (verdict == OG_DATE_REFUSED) {
        throw_at(r, OG_VIOLATION_DATE_REFUSED, name);
        return false;
    }
    if (verdict != OG_DATE_RIGHT) {
        note(r->notes, faults[verdict], r->about);
    }
    return true;
}

static bool
parse(struct og_str body, enum og_json_kind kind, const struct og_notes *notes,
      struct og_json_doc *doc)
{
    struct og_err err;
    if (og_json_parse(body, DEPTH_MAX, doc, &err) != OG_OK) {
        note(notes, OG_VIOLATION_NOT_JSON, OG_STR(""));
        return false;
    }
    if (og_json_kind(doc->root) != kind) {
        note(notes, OG_VIOLATION_NOT_JSON, OG_STR(""));
        og_json_doc_finish(doc);
        return false;
    }
    return true;
}

/* ---- registration ---- */

static void
read_into(struct reader *r, const char *name, bool required, struct og_arena *mem,
          struct og_str *out)
{
    struct og_str text = {NULL, 0};
    bool is_there = read_text(r, name, &text) && text.len > 0;
    if (!is_there && required && !r->has_thrown) {
        throw_at(r, OG_VIOLATION_MISSING, name);
    }
    *out = og_str_dup(mem, text);
}

bool
og_proto_read_identity(struct og_str body, struct og_arena *mem, const struct og_notes *notes,
                       struct og_proto_identity *out)
{
    struct og_json_doc doc;
    if (!parse(body, OG_JSON_K_OBJECT, notes, &doc)) {
        return false;
    }
    struct reader r = {.notes = notes, .object = doc.root};
    read_into(&r, "id", true, mem, &out->id);
    read_into(&r, "token", true, mem, &out->token);
    read_into(&r, "login", true, mem, &out->login);
    read_into(&r, "password", false, mem, &out->password);
    og_json_doc_finish(&doc);
    return !r.has_thrown;
}

/* ---- the pull ---- */

static bool
read_id(struct reader *r, struct og_arena *mem, struct og_str *out)
{
    if (!read_text(r, "id", out)) {
        if (!r->has_thrown) {
            note(r->notes, OG_VIOLATION_MISSING, OG_STR("id"));
        }
        return false;
    }
    *out = og_str_dup(mem, *out);
    r->about = *out;
    bool is_fine =
        out->len > 0 && out->len <= OG_SMS_ID_CHARS && og_str_find(*out, '|') == out->len;
    if (!is_fine) {
        note(r->notes, OG_VIOLATION_ID_FORM, *out);
        return false;
    }
    return true;
}

static bool
is_repeated(const struct og_str *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (og_str_eq(numbers[i], numbers[count])) {
            return true;
        }
    }
    return false;
}

static bool
read_numbers(struct reader *r, struct og_arena *mem, struct og_str_list *out)
{
    const struct og_json *list = member(r, "phoneNumbers");
    size_t count = og_json_kind(list) == OG_JSON_K_ARRAY ? og_json_count(list) : 0;
    if (list && og_json_kind(list) != OG_JSON_K_ARRAY) {
        throw_at(r, OG_VIOLATION_WRONG_TYPE, "phoneNumbers");
        return false;
    }
    if (count == 0 || count > NUMBERS_MAX) {
        note(r->notes, OG_VIOLATION_MISSING, r->about);
        return false;
    }
    struct og_str *numbers = OG_ARENA_ARRAY(mem, struct og_str, count);
    for (size_t i = 0; i < count; i++) {
        if (!og_json_to_str(og_json_at(list, i), &numbers[i])) {
            throw_at(r, OG_VIOLATION_WRONG_TYPE, "phoneNumbers");
            return false;
        }
        numbers[i] = og_str_dup(mem, numbers[i]);
        if (is_repeated(numbers, i)) {
            note(r->notes, OG_VIOLATION_NUMBER_REPEATED, r->about);
            return false;
        }
    }
    *out = (struct og_str_list){numbers, count};
    return true;
}

static bool
enter(struct reader *r, const char *name, struct reader *inner)
{
    const struct og_json *node = member(r, name);
    if (node && og_json_kind(node) != OG_JSON_K_OBJECT) {
        throw_at(r, OG_VIOLATION_WRONG_TYPE, name);
        return false;
    }
    *inner = (struct reader){.notes = r->notes, .object = node, .about = r->about};
    return node != NULL;
}

static bool
read_content(struct reader *r, struct og_arena *mem, struct og_pull_item *item)
{
    struct og_str legacy = {NULL, 0}, text = {NULL, 0}, data = {NULL, 0};
    int64_t port = 0;
    struct reader inner;
    bool has_legacy = read_text(r, "message", &legacy);
    bool has_text = false, has_data = false;
    if (enter(r, "textMessage", &inner)) {
        has_text = read_text(&inner, "text", &text);
        r->has_thrown = r->has_thrown || inner.has_thrown;
    }
    if (enter(r, "dataMessage", &inner)) {
        has_data = read_text(&inner, "data", &data) && read_number(&inner, "port", &port);
        if (port < 0 || port > 65535) {
            throw_at(&inner, OG_VIOLATION_WRONG_TYPE, "port");
        }
        r->has_thrown = r->has_thrown || inner.has_thrown;
    }
    if (has_text == has_data && !(has_legacy && !has_data)) {
        note(r->notes, OG_VIOLATION_NO_CONTENT, r->about);
        return false;
    }
    if (has_text && (!has_legacy || !og_str_eq(text, legacy))) {
        note(r->notes, OG_VIOLATION_TEXTS_DIFFER, r->about);
    }
    item->is_data = has_data;
    item->text = og_str_dup(mem, has_data ? data : has_text ? text : legacy);
    return true;
}

static void
read_state(struct reader *r, struct og_pull_item *item)
{
    struct og_str name = {NULL, 0};
    item->state = OG_SMS_PENDING;
    if (!read_text(r, "state", &name)) {
        note(r->notes, OG_VIOLATION_MISSING, r->about);
        return;
    }
    if (og_str_eq(name, OG_STR("Cancelling"))) {
        item->state = OG_SMS_CANCELLING;
    } else if (!og_str_eq(name, OG_STR("Pending"))) {
        note(r->notes, OG_VIOLATION_UNKNOWN_STATE, r->about);
    }
}

static void
read_priority(struct reader *r, struct og_pull_item *item)
{
    int64_t priority = 0;
    read_number(r, "priority", &priority);
    if (priority < -128 || priority > 255) {
        throw_at(r, OG_VIOLATION_PRIORITY, "priority");
    } else if (priority > 127) {
        note(r->notes, OG_VIOLATION_PRIORITY, r->about);
        priority -= 256; /* a byte in the app */
    }
    item->priority = (int)priority;
}

static void
read_rest(struct reader *r, struct og_pull_item *item)
{
    int64_t sim = 0;
    item->want_report = true;
    read_state(r, item);
    read_priority(r, item);
    read_flag(r, "isEncrypted", &item->is_encrypted);
    if (!read_flag(r, "withDeliveryReport", &item->want_report)) {
        note(r->notes, OG_VIOLATION_MISSING, r->about);
    }
    if (!read_date(r, "createdAt", &item->created_at) && !r->has_thrown) {
        note(r->notes, OG_VIOLATION_MISSING, r->about);
    }
    read_date(r, "validUntil", &item->valid_until_at);
    read_date(r, "scheduleAt", &item->schedule_at);
    if (read_number(r, "simNumber", &sim) && (sim < 1 || sim > 3)) {
        note(r->notes, OG_VIOLATION_WRONG_TYPE, r->about);
        sim = 0;
    }
    item->sim_number = (int)sim;
}

/* False when this message cannot be taken, which need not harm the others. */
static bool
read_item(struct reader *r, struct og_arena *mem, struct og_pull_item *item)
{
    *item = (struct og_pull_item){0};
    if (og_json_kind(r->object) != OG_JSON_K_OBJECT) {
        throw_at(r, OG_VIOLATION_WRONG_TYPE, "message");
        return false;
    }
    bool is_fine = read_id(r, mem, &item->id);
    is_fine = read_numbers(r, mem, &item->numbers) && is_fine;
    is_fine = read_content(r, mem, item) && is_fine;
    read_rest(r, item);
    return is_fine && !r->has_thrown;
}

static void
check_order(const struct og_pull *pull, const struct og_notes *notes)
{
    for (size_t i = 1; i < pull->count; i++) {
        const struct og_pull_item *a = &pull->items[i - 1], *b = &pull->items[i];
        if (a->schedule_at == b->schedule_at && a->priority < b->priority) {
            note(notes, OG_VIOLATION_ORDER, b->id);
        }
    }
}

bool
og_proto_read_pull(struct og_str body, struct og_arena *mem, const struct og_notes *notes,
                   struct og_pull *out)
{
    *out = (struct og_pull){0};
    if (og_str_eq(body, OG_STR("[]"))) { /* what most pulls bring */
        return true;
    }
    struct og_json_doc doc;
    if (!parse(body, OG_JSON_K_ARRAY, notes, &doc)) {
        return false;
    }
    size_t count = og_json_count(doc.root);
    if (count > PULL_MAX) {
        note(notes, OG_VIOLATION_TOO_MANY, OG_STR(""));
    }
    out->items = OG_ARENA_ARRAY(mem, struct og_pull_item, count);
    bool has_thrown = false;
    for (size_t i = 0; i < count; i++) {
        struct reader r = {.notes = notes, .object = og_json_at(doc.root, i)};
        out->count += read_item(&r, mem, &out->items[out->count]) ? 1 : 0;
        has_thrown = has_thrown || r.has_thrown;
    }
    og_json_doc_finish(&doc);
    check_order(out, notes);
    return !has_thrown;
}

/* ---- settings ---- */

void
og_phone_settings_clear(struct og_phone_settings *self)
{
    *self = (struct og_phone_settings){
        .send_interval_min_s = -1, .send_interval_max_s = -1, .limit_period_ms = -1,
        .limit_value = -1, .sim_selection = -1, .order = -1, .ping_interval_s = -1,
    };
}

struct setting_word {
    const char *word;
    int64_t value;
};

#define HALF_HOUR_MS 1800000
static const struct setting_word periods[] = {
    {"Disabled", 0},       {"PerMinute", 60000},    {"Per30Minutes", HALF_HOUR_MS},
    {"PerHour", 3600000}, {"PerDay", 86400000}, {NULL, 0},
};
static const struct setting_word selections[] = {
    {"OSDefault", OG_SIM_OS_DEFAULT}, {"RoundRobin", OG_SIM_ROUND_ROBIN}, {"Random", OG_SIM_RANDOM},
    {NULL, 0},
};
static const struct setting_word orders[] = {
    {"LIFO", OG_ORDER_LIFO}, {"FIFO", OG_ORDER_FIFO}, {NULL, 0},
};

static const struct {
    const char *section, *key;
    size_t offset;
    const struct setting_word *words; /* NULL: a number, at least min */
    int64_t min;
} settings[] = {
#define SETTING(section, key, member, words, min)                                                  \
    {section, key, offsetof(struct og_phone_settings, member), words, min}
    SETTING("messages", "send_interval_min", send_interval_min_s, NULL, 1),
    SETTING("messages", "send_interval_max", send_interval_max_s, NULL, 1),
    SETTING("messages", "limit_period", limit_period_ms, periods, 0),
    SETTING("messages", "limit_value", limit_value, NULL, 0),
    SETTING("messages", "sim_selection_mode", sim_selection, selections, 0),
    SETTING("messages", "processing_order", order, orders, 0),
    SETTING("ping", "interval_seconds", ping_interval_s, NULL, 0),
#undef SETTING
};

static bool
read_setting(const struct og_json *node, const struct setting_word *words, int64_t min,
             int64_t *out)
{
    if (!words) {
        return og_json_to_i64(node, out) && *out >= min && *out < (1 << 24);
    }
    struct og_str text;
    if (!og_json_to_str(node, &text)) {
        return false;
    }
    for (; words->word; words++) {
        if (og_str_eq(text, og_str_from(words->word))) {
            *out = words->value;
            return true;
        }
    }
    return false;
}

static bool
check_section(void *ctx, struct og_str name, const struct og_json *value)
{
    const struct og_notes **bad = ctx;
    if (og_json_kind(value) != OG_JSON_K_OBJECT) {
        note(*bad, OG_VIOLATION_SETTINGS, name);
        *bad = NULL;
    }
    return *bad != NULL;
}

static void
read_signing_key(const struct og_json *root, struct og_phone_settings *out)
{
    struct og_str key;
    if (og_json_to_str(og_json_get(og_json_get(root, "webhooks"), "signing_key"), &key)) {
        snprintf(out->signing_key, sizeof(out->signing_key), "%" OG_STR_FMT, OG_STR_ARG(key));
    }
}

bool
og_proto_read_settings(struct og_str body, const struct og_app_profile *app,
                       const struct og_notes *notes, struct og_phone_settings *out)
{
    struct og_json_doc doc;
    og_phone_settings_clear(out);
    if (!parse(body, OG_JSON_K_OBJECT, notes, &doc)) {
        return false;
    }
    const struct og_notes *still_fine = notes;
    og_json_each(doc.root, check_section, &still_fine);
    for (size_t i = 0; still_fine && i < sizeof(settings) / sizeof(settings[0]); i++) {
        const struct og_json *section = og_json_get(doc.root, settings[i].section);
        const struct og_json *node = section ? og_json_get(section, settings[i].key) : NULL;
        int64_t *value = (int64_t *)((char *)out + settings[i].offset);
        if (og_json_kind(node) != OG_JSON_K_NULL &&
            !read_setting(node, settings[i].words, settings[i].min, value)) {
            note(notes, OG_VIOLATION_SETTINGS, og_str_from(settings[i].key));
            still_fine = NULL;
        }
    }
    if (still_fine && out->limit_period_ms == HALF_HOUR_MS && !app->knows_half_hours) {
        note(notes, OG_VIOLATION_SETTINGS, OG_STR("limit_period"));
        still_fine = NULL;
    }
    read_signing_key(doc.root, out);
    og_json_doc_finish(&doc);
    return still_fine != NULL;
}

/* ---- webhooks ---- */

static const char *const webhook_events[] = {
    "sms:received", "sms:data-received", "sms:sent",     "sms:delivered",  "sms:failed",
    "sms:cancelled", "system:ping",      "mms:received", "mms:downloaded", "app:started",
};
static const char *const batch_events[] = {
    "sms:batch:received", "sms:batch:data-received", "mms:batch:received", "mms:batch:downloaded",
};

static bool
is_one_of(struct og_str name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (og_str_eq(name, og_str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool
is_webhook_event(struct og_str name, const struct og_app_profile *app)
{
    return is_one_of(name, webhook_events, sizeof(webhook_events) / sizeof(webhook_events[0])) ||
           (app->knows_batches &&
            is_one_of(name, batch_events, sizeof(batch_events) / sizeof(batch_events[0])));
}

static bool
is_webhook(const struct og_json *object, const struct og_app_profile *app)
{
    struct og_str id, url, event;
    return og_json_kind(object) == OG_JSON_K_OBJECT &&
           og_json_to_str(og_json_get(object, "id"), &id) &&
           og_json_to_str(og_json_get(object, "url"), &url) &&
           og_json_to_str(og_json_get(object, "event"), &event) && is_webhook_event(event, app);
}

bool
og_proto_read_webhooks(struct og_str body, const struct og_app_profile *app,
                       const struct og_notes *notes, size_t *count_out)
{
    struct og_json_doc doc;
    *count_out = 0;
    if (!parse(body, OG_JSON_K_ARRAY, notes, &doc)) {
        return false;
    }
    size_t count = og_json_count(doc.root);
    bool is_fine = true;
    for (size_t i = 0; is_fine && i < count; i++) {
        is_fine = is_webhook(og_json_at(doc.root, i), app);
    }
    if (!is_fine) {
        note(notes, OG_VIOLATION_WEBHOOK, OG_STR("webhooks"));
    }
    og_json_doc_finish(&doc);
    *count_out = is_fine ? count : 0;
    return is_fine;
}

static const char *
text_of(const struct og_json *object, const char *name, struct og_arena *mem)
{
    struct og_str text = OG_STR("");
    (void)og_json_to_str(og_json_get(object, name), &text);
    return og_str_cstr(mem, text);
}

void
og_proto_list_webhooks(struct og_str body, struct og_arena *mem,
                       struct og_proto_webhook **items_out, size_t *count_out)
{
    struct og_json_doc doc;
    struct og_err err;
    *count_out = 0;
    if (og_json_parse(body, DEPTH_MAX, &doc, &err) != OG_OK) {
        return;
    }
    const size_t count = og_json_count(doc.root);
    struct og_proto_webhook *items = OG_ARENA_ARRAY(mem, struct og_proto_webhook, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct og_json *hook = og_json_at(doc.root, i);
        items[i] = (struct og_proto_webhook){text_of(hook, "id", mem), text_of(hook, "url", mem),
                                             text_of(hook, "event", mem)};
    }
    og_json_doc_finish(&doc);
    *items_out = items;
    *count_out = count;
}

/* ---- events ---- */

static struct og_str
read_message_id(struct og_str data, struct og_arena *mem)
{
    struct og_json_doc doc;
    struct og_err err;
    struct og_str id = {NULL, 0};
    if (og_json_parse(data, DEPTH_MAX, &doc, &err) != OG_OK) {
        return id;
    }
    if (og_json_kind(doc.root) == OG_JSON_K_OBJECT) {
        og_json_to_str(og_json_get(doc.root, "messageId"), &id);
    }
    id = og_str_dup(mem, id);
    og_json_doc_finish(&doc);
    return id;
}

enum og_event
og_proto_read_event(struct og_str type, struct og_str data, struct og_arena *mem,
                    const struct og_notes *notes, struct og_str *message_id_out)
{
    static const struct {
        const char *type;
        enum og_event event;
    } events[] = {
        {"MessageEnqueued", OG_EVENT_ENQUEUED},        {"message", OG_EVENT_ENQUEUED},
        {"MessageCancelled", OG_EVENT_CANCELLED},      {"WebhooksUpdated", OG_EVENT_WEBHOOKS},
        {"SettingsUpdated", OG_EVENT_SETTINGS},        {"MessagesExportRequested", OG_EVENT_EXPORT},
    };
    *message_id_out = (struct og_str){NULL, 0};
    enum og_event event = OG_EVENT_UNKNOWN;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (og_str_eq(type, og_str_from(events[i].type))) {
            event = events[i].event;
        }
    }
    if (event == OG_EVENT_CANCELLED) {
        *message_id_out = read_message_id(data, mem);
    }
    if (event == OG_EVENT_UNKNOWN) {
        note(notes, OG_VIOLATION_UNKNOWN_EVENT, type);
    } else if (event == OG_EVENT_CANCELLED && message_id_out->len == 0) {
        note(notes, OG_VIOLATION_EVENT_DATA, type);
    }
    return event;
}
