/*
 * The table of settings and what is done by walking it. Secrets pass through and are never quoted
 * in an error.
 */
#include "core/phone_settings.h"

#include <stdio.h>
#include <string.h>

#include "core/app_version.h"

enum rule { WHOLE, SWITCH, WORD, TIME_OF_DAY, SECRET, MUST_BE_EMPTY };

#define NUMBER_MAX ((1 << 24) - 1) /* the phone reads numbers as floats: exact below 2^24 */
#define SECRET_CHARS_MAX 256

struct row {
    const char *section;
    const char *name;
    const char *alias; /* camelCase; NULL: the same */
    enum rule rule;
    const char *words[6];
};

/* Members of a section stand together: they are written in this order. */
enum {
    PASSPHRASE,
    INTERVAL_MIN,
    INTERVAL_MAX,
    LIMIT_PERIOD,
    LIMIT_VALUE,
    SIM_SELECTION,
    MESSAGES_LIFETIME,
    PROCESSING_ORDER,
    WORK_HOURS,
    WORK_START,
    WORK_END,
    PING_INTERVAL,
    LOGS_LIFETIME,
    INTERNET_REQUIRED,
    RETRY_COUNT,
    SIGNING_KEY,
    NOTIFICATION_CHANNEL,
    CONTENT_PROVIDER,
    CLOUD_URL, /* a typing error here would take all phones away from this server */
    PRIVATE_TOKEN,
};

static const struct row rows[OG_PHONE_SETTINGS_COUNT] = {
    [PASSPHRASE] = {"encryption", "passphrase", NULL, SECRET, {0}},
    [INTERVAL_MIN] = {"messages", "send_interval_min", "sendIntervalMin", WHOLE, {0}},
    [INTERVAL_MAX] = {"messages", "send_interval_max", "sendIntervalMax", WHOLE, {0}},
    [LIMIT_PERIOD] = {"messages", "limit_period", "limitPeriod", WORD,
                      {"Disabled", "PerMinute", "Per30Minutes", "PerHour", "PerDay"}},
    [LIMIT_VALUE] = {"messages", "limit_value", "limitValue", WHOLE, {0}},
    [SIM_SELECTION] = {"messages", "sim_selection_mode", "simSelectionMode", WORD,
                       {"OSDefault", "RoundRobin", "Random"}},
    [MESSAGES_LIFETIME] = {"messages", "log_lifetime_days", "logLifetimeDays", WHOLE, {0}},
    [PROCESSING_ORDER] = {"messages", "processing_order", "processingOrder", WORD,
                          {"LIFO", "FIFO"}},
    [WORK_HOURS] = {"messages", "work_hours_enabled", "workHoursEnabled", SWITCH, {0}},
    [WORK_START] = {"messages", "work_hours_start", "workHoursStart", TIME_OF_DAY, {0}},
    [WORK_END] = {"messages", "work_hours_end", "workHoursEnd", TIME_OF_DAY, {0}},
    [PING_INTERVAL] = {"ping", "interval_seconds", "intervalSeconds", WHOLE, {0}},
    [LOGS_LIFETIME] = {"logs", "lifetime_days", "lifetimeDays", WHOLE, {0}},
    [INTERNET_REQUIRED] = {"webhooks", "internet_required", "internetRequired", SWITCH, {0}},
    [RETRY_COUNT] = {"webhooks", "retry_count", "retryCount", WHOLE, {0}},
    [SIGNING_KEY] = {"webhooks", "signing_key", "signingKey", SECRET, {0}},
    [NOTIFICATION_CHANNEL] = {"gateway", "notification_channel", "notificationChannel", WORD,
                              {"AUTO", "SSE_ONLY"}},
    [CONTENT_PROVIDER] = {"receiver", "content_provider_enabled", "contentProviderEnabled",
                          SWITCH, {0}},
    [CLOUD_URL] = {"gateway", "cloud_url", "cloudUrl", MUST_BE_EMPTY, {0}},
    [PRIVATE_TOKEN] = {"gateway", "private_token", "privateToken", MUST_BE_EMPTY, {0}},
};

/* ---- read ---- */

static enum og_code
refuse(const struct row *row, struct og_err *err, const char *why)
{
    char field[64];
    snprintf(field, sizeof field, "%s.%s", row->section, row->name);
    return og_fail(err, OG_E_INVALID, field, "%s", why);
}

/* "07:30"; an empty one stands for none. */
static bool
is_time_of_day(struct og_str text)
{
    if (text.len == 0) {
        return true;
    }
    if (text.len != 5 || text.ptr[2] != ':') {
        return false;
    }
    for (size_t i = 0; i < 5; i++) {
        if (i != 2 && (text.ptr[i] < '0' || text.ptr[i] > '9')) {
            return false;
        }
    }
    int hour = (text.ptr[0] - '0') * 10 + text.ptr[1] - '0';
    return hour < 24 && text.ptr[3] < '6';
}

static bool
is_one_of(struct og_str text, const char *const *words)
{
    while (*words && !og_str_eq(text, og_str_from(*words))) {
        words++;
    }
    return *words != NULL;
}

static enum og_code
read_text(const struct row *row, struct og_str text, struct og_err *err)
{
    switch (row->rule) {
    case WORD:
        return is_one_of(text, row->words) ? OG_OK
                                           : refuse(row, err, "is not one of the known words");
    case TIME_OF_DAY:
        return is_time_of_day(text) ? OG_OK : refuse(row, err, "must be a time like 07:30");
    case SECRET:
        return text.len <= SECRET_CHARS_MAX ? OG_OK
                                            : refuse(row, err, "must have at most 256 bytes");
    case MUST_BE_EMPTY:
        return text.len == 0 ? OG_OK : refuse(row, err, "cannot be set from here");
    case WHOLE:
    case SWITCH:
        break;
    }
    return refuse(row, err, "must not be a text");
}

static enum og_code
read_value(const struct row *row, const struct og_json *node, struct og_setting *out,
           struct og_err *err)
{
    bool flag;
    *out = (struct og_setting){.state = OG_SETTING_SET};
    switch (og_json_kind(node)) {
    case OG_JSON_K_NULL:
        out->state = OG_SETTING_NULL;
        return OG_OK;
    case OG_JSON_K_NUMBER:
        if (row->rule != WHOLE || !og_json_to_i64(node, &out->number) || out->number < 1 ||
            out->number > NUMBER_MAX) {
            return refuse(row, err, row->rule == WHOLE ? "must be a whole number from 1"
                                                       : "must not be a number");
        }
        return OG_OK;
    case OG_JSON_K_BOOL:
        if (row->rule != SWITCH || !og_json_to_bool(node, &flag)) {
            return refuse(row, err, "must not be true or false");
        }
        out->number = flag;
        return OG_OK;
    case OG_JSON_K_STRING:
        if (!og_json_to_str(node, &out->text)) {
            break;
        }
        return read_text(row, out->text, err);
    case OG_JSON_K_ARRAY:
    case OG_JSON_K_OBJECT:
        break;
    }
    return refuse(row, err, "must be a single value");
}

static enum og_code
read_row(const struct row *row, const struct og_json *document, struct og_setting *out,
         struct og_err *err)
{
    const struct og_json *section = og_json_get(document, row->section);
    if (og_json_kind(section) == OG_JSON_K_NULL) {
        return OG_OK;
    }
    if (og_json_kind(section) != OG_JSON_K_OBJECT) {
        return og_fail(err, OG_E_INVALID, row->section, "must be an object");
    }
    const struct og_json *node = og_json_get(section, row->name);
    node = node || !row->alias ? node : og_json_get(section, row->alias);
    return node ? read_value(row, node, out, err) : OG_OK;
}

enum og_code
og_phone_settings_read(const struct og_json *document, struct og_phone_settings *out,
                       struct og_err *err)
{
    *out = (struct og_phone_settings){0};
    if (og_json_kind(document) != OG_JSON_K_OBJECT) {
        return og_fail(err, OG_E_INVALID, "", "must be an object");
    }
    for (int i = 0; i < OG_PHONE_SETTINGS_COUNT; i++) {
        enum og_code code = read_row(&rows[i], document, &out->items[i], err);
        if (code != OG_OK) {
            return code;
        }
        if (rows[i].rule == MUST_BE_EMPTY) {
            out->items[i] = (struct og_setting){0};
        }
    }
    return OG_OK;
}

/* ---- merge, check ---- */

void
og_phone_settings_merge(struct og_phone_settings *self, const struct og_phone_settings *change)
{
    for (int i = 0; i < OG_PHONE_SETTINGS_COUNT; i++) {
        if (change->items[i].state != OG_SETTING_UNSET) {
            self->items[i] = change->items[i];
        }
    }
}

enum og_code
og_phone_settings_check(const struct og_phone_settings *self, struct og_err *err)
{
    const struct og_setting *items = self->items;
    if (items[INTERVAL_MIN].state == OG_SETTING_SET &&
        items[INTERVAL_MAX].state == OG_SETTING_SET &&
        items[INTERVAL_MAX].number < items[INTERVAL_MIN].number) {
        return refuse(&rows[INTERVAL_MAX], err, "must not be below send_interval_min");
    }
    if (items[WORK_HOURS].number) {
        for (int i = WORK_START; i <= WORK_END; i++) {
            if (items[i].text.len == 0) {
                return refuse(&rows[i], err, "is required when work hours are enabled");
            }
        }
    }
    return OG_OK;
}

/* ---- write ---- */

static bool
is_written(const struct og_phone_settings *self, int i, enum og_settings_view view)
{
    return self->items[i].state != OG_SETTING_UNSET &&
           (view == OG_SETTINGS_STORED || rows[i].rule != SECRET);
}

static void
write_one(const struct row *row, const struct og_setting *item, struct og_json_writer *w)
{
    if (item->state == OG_SETTING_NULL) {
        og_json_add_null(w, row->name);
    } else if (row->rule == WHOLE) {
        og_json_add_i64(w, row->name, item->number);
    } else if (row->rule == SWITCH) {
        og_json_add_bool(w, row->name, item->number != 0);
    } else {
        og_json_add_str(w, row->name, item->text);
    }
}

void
og_phone_settings_write(const struct og_phone_settings *self, enum og_settings_view view,
                        struct og_json_writer *w)
{
    const char *open = NULL;
    og_json_object(w, NULL);
    for (int i = 0; i < OG_PHONE_SETTINGS_COUNT; i++) {
        if (!is_written(self, i, view)) {
            continue;
        }
        if (open && strcmp(open, rows[i].section) != 0) {
            og_json_end(w);
            open = NULL;
        }
        if (!open) {
            open = rows[i].section;
            og_json_object(w, open);
        }
        write_one(&rows[i], &self->items[i], w);
    }
    if (open) {
        og_json_end(w);
    }
    og_json_end(w);
}

struct og_str
og_phone_settings_signing_key(const struct og_phone_settings *self)
{
    const struct og_setting *key = &self->items[SIGNING_KEY];
    return key->state == OG_SETTING_SET ? key->text : OG_STR("");
}

/* ---- what a phone can take ---- */

void
og_phone_settings_fit(struct og_phone_settings *self, struct og_str app_version)
{
    int version = og_app_version(app_version);
    struct og_setting *period = &self->items[LIMIT_PERIOD];
    if (version && version < 1067 && og_str_eq(period->text, OG_STR("Per30Minutes"))) {
        *period = (struct og_setting){0};
    }
}
