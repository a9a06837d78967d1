/*
 * Values that are lists: written with commas in the environment and in flags, as arrays in the
 * file. No entry may be empty or hold a comma.
 */
#include <arpa/inet.h>

#include "config/option.h"

/* Cuts the next entry off; false at the end. */
static bool
take_entry(struct og_str *rest, struct og_str *out)
{
    if (!rest->ptr) {
        return false;
    }
    size_t comma = og_str_find(*rest, ',');
    *out = og_str_trim(og_str_slice(*rest, 0, comma));
    *rest = comma < rest->len ? og_str_slice(*rest, comma + 1, rest->len) : (struct og_str){0};
    return true;
}

static bool
refuse_count(const struct og_value *value, const char *how, int64_t bound)
{
    snprintf(value->complaint, OG_COMPLAINT_BYTES, "must have at %s %lld %s", how,
             (long long)bound, bound == 1 ? "entry" : "entries");
    return false;
}

/* Calls `set` with the text of each entry and its place. */
static bool
set_entries(const struct og_value *value, int64_t least, int64_t most, int *count,
            bool (*set)(const struct og_value *entry, int index))
{
    struct og_str rest = og_str_trim(value->text).len > 0 ? value->text : (struct og_str){0};
    struct og_value entry = *value;
    *count = 0;
    while (take_entry(&rest, &entry.text)) {
        if (*count == most) {
            return refuse_count(value, "most", most);
        }
        if (entry.text.len == 0) {
            return og_value_refuse(value, "a list without empty entries");
        }
        if (!set(&entry, *count)) {
            return false;
        }
        ++*count;
    }
    return *count >= least || refuse_count(value, "least", least);
}

bool
og_value_is_address(struct og_str text)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof(address)) {
        return false;
    }
    memcpy(address, text.ptr, text.len);
    address[text.len] = '\0';
    return strlen(address) == text.len &&
           (inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1);
}

static bool
split_listen(struct og_str text, struct og_str *address, struct og_str *port)
{
    if (og_str_starts(text, OG_STR("["))) {
        size_t end = og_str_find(text, ']');
        *address = og_str_slice(text, 1, end);
        *port = og_str_slice(text, end + 1, text.len);
        return og_str_starts(*port, OG_STR(":")) && og_str_find(*address, ':') < address->len;
    }
    size_t colon = og_str_find(text, ':');
    *address = og_str_slice(text, 0, colon);
    *port = og_str_slice(text, colon, text.len);
    return port->len > 0;
}

static bool
set_listen(const struct og_value *entry, int index)
{
    struct og_config_listen *out = &((struct og_config_listens *)entry->at)->items[index];
    struct og_str address, port_text;
    int64_t port = -1;
    bool is_good = split_listen(entry->text, &address, &port_text) &&
                   og_str_to_i64(og_str_slice(port_text, 1, port_text.len), &port) && port >= 0 &&
                   port <= 65535 && port_text.ptr[1] != '-' &&
                   (og_str_eq(address, OG_STR("localhost")) || og_value_is_address(address));
    if (!is_good) {
        return og_value_refuse(entry, "address:port such as 0.0.0.0:8443, [::1]:8443 or "
                                      "localhost:8443");
    }
    *out = (struct og_config_listen){og_str_cstr(entry->mem, address), (int)port};
    return true;
}

bool
og_value_set_listens(const struct og_value *value)
{
    struct og_config_listens *list = value->at;
    return set_entries(value, value->option->min, value->option->max, &list->count, set_listen);
}

static bool
set_text_entry(const struct og_value *entry, int index)
{
    struct og_config_texts *list = entry->at;
    return og_value_copy_text(entry, entry->text, &list->items[index]);
}

bool
og_value_set_texts(const struct og_value *value)
{
    struct og_config_texts *list = value->at;
    return set_entries(value, value->option->min, value->option->max, &list->count,
                       set_text_entry);
}

static bool
set_duration_entry(const struct og_value *entry, int index)
{
    int64_t ms;
    if (!og_value_duration(entry->text, &ms)) {
        return og_value_refuse(entry, "a time such as 500ms, 30s, 5m or 24h");
    }
    ((struct og_config_durations *)entry->at)->items_ms[index] = ms;
    return og_value_check_duration(entry, ms);
}

bool
og_value_set_durations(const struct og_value *value)
{
    struct og_config_durations *list = value->at;
    return set_entries(value, 1, OG_CONFIG_ENTRIES_MAX, &list->count, set_duration_entry);
}

void
og_value_put_listens(struct og_buf *out, const struct og_config_listens *list)
{
    og_buf_add_byte(out, '[');
    for (int i = 0; i < list->count; i++) {
        const struct og_config_listen *item = &list->items[i];
        bool is_v6 = strchr(item->address, ':') != NULL;
        og_buf_printf(out, "%s\"%s%s%s:%d\"", i > 0 ? ", " : "", is_v6 ? "[" : "", item->address,
                      is_v6 ? "]" : "", item->port);
    }
    og_buf_add_byte(out, ']');
}

void
og_value_put_texts(struct og_buf *out, const struct og_config_texts *list)
{
    og_buf_add_byte(out, '[');
    for (int i = 0; i < list->count; i++) {
        og_buf_add_cstr(out, i > 0 ? ", " : "");
        og_value_put_text(out, list->items[i]);
    }
    og_buf_add_byte(out, ']');
}

void
og_value_put_durations(struct og_buf *out, const struct og_config_durations *list)
{
    og_buf_add_byte(out, '[');
    for (int i = 0; i < list->count; i++) {
        og_buf_add_cstr(out, i > 0 ? ", \"" : "\"");
        og_value_put_duration(out, list->items_ms[i]);
        og_buf_add_byte(out, '"');
    }
    og_buf_add_byte(out, ']');
}
