/*
 * Rows to structs, each column by its rule. Names of phones and their SIM cards may be wrong:
 * nobody needs them to work. What would lock somebody out (hashes, tokens) may not.
 */
#include "import/smsgate_dump.h"

#include "api/smsgate/json.h"
#include "base/bcrypt.h"
#include "base/clock.h"
#include "core/device.h"
#include "import/dump_reader.h"

#define LOGIN_MAX_BYTES 32
#define ID_MAX_BYTES 36
#define URL_MAX_BYTES 256
#define TOKEN_MAX_BYTES 128

enum { USERS, DEVICES, SETTINGS, WEBHOOKS, TABLE_COUNT };

/* Columns in the order of these. */
enum { USER_LOGIN, USER_HASH, USER_CREATED, USER_DELETED };
enum {
    DEVICE_ID,
    DEVICE_NAME,
    DEVICE_TOKEN,
    DEVICE_LOGIN,
    DEVICE_SIMS,
    DEVICE_CREATED,
    DEVICE_SEEN,
    DEVICE_DELETED,
};
enum { SETTINGS_LOGIN, SETTINGS_JSON };
enum { HOOK_ID, HOOK_LOGIN, HOOK_URL, HOOK_EVENT, HOOK_DEVICE, HOOK_DELETED };

static const struct og_dump_table tables[TABLE_COUNT] = {
    [USERS] = {"users", {"id", "password_hash", "created_at", "deleted_at"}},
    [DEVICES] = {"devices",
                 {"id", "name", "auth_token", "user_id", "sim_cards", "created_at", "last_seen",
                  "deleted_at"}},
    [SETTINGS] = {"device_settings", {"user_id", "settings"}},
    [WEBHOOKS] = {"webhooks", {"ext_id", "user_id", "url", "event", "device_id", "deleted_at"}},
};

struct reading {
    struct og_arena *mem;
    struct og_smsgate_dump *out;
    struct og_findings *findings;
};

/* ---- values ---- */

static void *
add(struct og_import_list *list, size_t item_bytes, struct og_arena *mem)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        void *more = og_arena_alloc_array(mem, cap, item_bytes);
        if (list->count) {
            memcpy(more, list->items, list->count * item_bytes);
        }
        list->items = more;
        list->cap = cap;
    }
    return (char *)list->items + list->count++ * item_bytes;
}

/* Visible ASCII, none of `but`. */
static bool
is_plain(struct og_str text, size_t max_bytes, const char *but)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr(but, text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0 && text.len <= max_bytes;
}

/* "2026-01-02 03:04:05.120" as UTC. */
static bool
read_time(struct og_str text, int64_t *out_ms)
{
    char rfc3339[40];
    if (text.len < 19 || text.len > 26 || text.ptr[10] != ' ') {
        return false;
    }
    memcpy(rfc3339, text.ptr, text.len);
    rfc3339[10] = 'T';
    rfc3339[text.len] = 'Z';
    return og_time_parse((struct og_str){rfc3339, text.len + 1}, out_ms);
}

/* A row and what is found wrong with it. */
struct check {
    struct reading *reading;
    const struct og_dump_row *row;
    bool is_bad;
};

static void
blame(struct check *self, int column, const char *what)
{
    const struct og_dump_table *table = &tables[self->row->table];
    self->is_bad = true;
    og_findings_add(self->reading->findings, self->row->line, table->name, "%s %s",
                    table->columns[column], what);
}

static struct og_str
take_plain(struct check *self, int column, size_t max_bytes, const char *but)
{
    struct og_str text = self->row->values[column].text;
    if (!is_plain(text, max_bytes, but)) {
        blame(self, column, "is empty, too long, or has characters that do not belong there");
    }
    return og_str_dup(self->reading->mem, text);
}

static int64_t
take_time(struct check *self, int column)
{
    int64_t at_ms = 0;
    if (!read_time(self->row->values[column].text, &at_ms)) {
        blame(self, column, "is no time");
    }
    return at_ms;
}

/* ---- rows ---- */

static void
take_user(struct check *self)
{
    const struct og_dump_value *values = self->row->values;
    struct og_import_user user = {
        .line = self->row->line,
        .login = take_plain(self, USER_LOGIN, LOGIN_MAX_BYTES, ":"),
        .hash = og_str_dup(self->reading->mem, values[USER_HASH].text),
        .created_at = take_time(self, USER_CREATED),
    };
    user.is_deleted = !values[USER_DELETED].is_null;
    if (!og_bcrypt_is_hash(user.hash) && !user.is_deleted) {
        blame(self, USER_HASH, "is no bcrypt hash that can be checked");
    }
    if (!self->is_bad) {
        struct og_import_list *users = &self->reading->out->users;
        self->reading->out->deleted_count += user.is_deleted;
        *(struct og_import_user *)add(users, sizeof user, self->reading->mem) = user;
    }
}

/* "[]" when they cannot be used: the phone tells them again when it starts. */
static struct og_str
take_sims(struct check *self)
{
    struct og_json_doc doc = {0};
    struct og_err err;
    struct og_str sims = OG_STR("[]");
    struct og_str text = self->row->values[DEVICE_SIMS].text;
    if (og_json_parse(text, OG_JSON_DEPTH_DEFAULT, &doc, &err) != OG_OK ||
        og_json_kind(doc.root) != OG_JSON_K_ARRAY ||
        og_smsgate_read_sims(doc.root, self->reading->mem, &sims, &err) != OG_OK) {
        sims = OG_STR("[]");
    }
    og_json_doc_finish(&doc);
    return sims;
}

static void
take_device(struct check *self)
{
    struct og_arena *mem = self->reading->mem;
    struct og_err err;
    struct og_import_device device = {
        .line = self->row->line,
        .id = take_plain(self, DEVICE_ID, ID_MAX_BYTES, "|/?#%\"'\\"),
        .login = og_str_dup(mem, self->row->values[DEVICE_LOGIN].text),
        .name = og_str_dup(mem, self->row->values[DEVICE_NAME].text),
        .token = take_plain(self, DEVICE_TOKEN, TOKEN_MAX_BYTES, ""),
        .sims = take_sims(self),
        .created_at = take_time(self, DEVICE_CREATED),
    };
    device.last_seen_at = device.created_at;
    if (!self->row->values[DEVICE_SEEN].is_null) {
        device.last_seen_at = take_time(self, DEVICE_SEEN);
    }
    if (og_device_check_name(device.name, &err) != OG_OK) {
        device.name = OG_STR("");
    }
    if (!self->is_bad) {
        *(struct og_import_device *)add(&self->reading->out->devices, sizeof device, mem) = device;
    }
}

static void
take_settings(struct check *self)
{
    struct og_arena *mem = self->reading->mem;
    struct og_import_list *list = &self->reading->out->settings;
    *(struct og_import_settings *)add(list, sizeof(struct og_import_settings), mem) =
        (struct og_import_settings){
            .line = self->row->line,
            .login = og_str_dup(mem, self->row->values[SETTINGS_LOGIN].text),
            .json = og_str_dup(mem, self->row->values[SETTINGS_JSON].text),
        };
}

static void
take_webhook(struct check *self)
{
    struct og_arena *mem = self->reading->mem;
    const struct og_dump_value *values = self->row->values;
    struct og_import_webhook hook = {
        .line = self->row->line,
        .id = take_plain(self, HOOK_ID, ID_MAX_BYTES, ""),
        .login = og_str_dup(mem, values[HOOK_LOGIN].text),
        .device_id = og_str_dup(mem, values[HOOK_DEVICE].text),
        .url = take_plain(self, HOOK_URL, URL_MAX_BYTES, ""),
    };
    if (!og_webhook_url_is_good(hook.url)) {
        blame(self, HOOK_URL, "is no https URL");
    }
    if (!og_webhook_event_from_text(values[HOOK_EVENT].text, &hook.event)) {
        blame(self, HOOK_EVENT, "is none that we know");
    }
    if (!self->is_bad) {
        *(struct og_import_webhook *)add(&self->reading->out->webhooks, sizeof hook, mem) = hook;
    }
}

static const struct {
    void (*take)(struct check *self);
    int deleted; /* the column that leaves a row out when it is there; -1: none */
    size_t list; /* where in struct og_smsgate_dump */
} kinds[TABLE_COUNT] = {
    [USERS] = {take_user, -1, offsetof(struct og_smsgate_dump, users)},
    [DEVICES] = {take_device, DEVICE_DELETED, offsetof(struct og_smsgate_dump, devices)},
    [SETTINGS] = {take_settings, -1, offsetof(struct og_smsgate_dump, settings)},
    [WEBHOOKS] = {take_webhook, HOOK_DELETED, offsetof(struct og_smsgate_dump, webhooks)},
};

static enum og_code
on_row(void *ctx, const struct og_dump_row *row, struct og_err *err)
{
    struct reading *self = ctx;
    struct og_smsgate_dump *out = self->out;
    struct check check = {.reading = self, .row = row};
    int deleted = kinds[row->table].deleted;
    if (deleted >= 0 && !row->values[deleted].is_null) {
        out->deleted_count++;
        return OG_OK;
    }
    struct og_import_list *list = (struct og_import_list *)((char *)out + kinds[row->table].list);
    if (list->count == OG_IMPORT_ROWS_MAX) {
        return og_fail(err, OG_E_TOO_LARGE, "", "line %lld: more than %d rows of %s",
                       (long long)row->line, OG_IMPORT_ROWS_MAX, tables[row->table].name);
    }
    kinds[row->table].take(&check);
    return OG_OK;
}

enum og_code
og_smsgate_dump_read(const struct og_dump_source *source, struct og_arena *mem,
                     struct og_smsgate_dump *out, struct og_findings *findings,
                     struct og_err *err)
{
    bool seen[OG_DUMP_TABLES_MAX];
    struct reading self = {mem, out, findings};
    const struct og_dump_reader reader = {tables, TABLE_COUNT, on_row, &self};
    *out = (struct og_smsgate_dump){0};
    enum og_code code = og_dump_read(source, &reader, seen, err);
    if (code == OG_OK && out->users.count == 0 && findings->count == 0) {
        return og_fail(err, OG_E_INVALID, "",
                       "there is no account in this dump: is it one of the sms-gate.app server?");
    }
    return code;
}
