/*
 * The table of formats, and the two that are no JSON: syslog and CEF. Each has its own characters
 * that must be escaped; control characters become the six characters \uXXXX in both.
 */
#include "audit/format.h"

#include <stdio.h>
#include <string.h>

#include "audit/format_priv.h"
#include "base/clock.h"

#define FACILITY_AUDIT 13
#define BOM "\xEF\xBB\xBF"
#define HOST_MAX 255
#define MSGID_MAX 32

bool
og_audit_format_find(struct og_str word, enum og_audit_format *out)
{
#define AS_WORD(name, text) text,
    static const char *const words[] = {OG_AUDIT_FORMATS(AS_WORD)};
#undef AS_WORD
    for (int i = 0; i < OG_AUDIT_FORMAT_COUNT; i++) {
        if (og_str_eq(word, og_str_from(words[i]))) {
            *out = (enum og_audit_format)i;
            return true;
        }
    }
    return false;
}

const struct og_audit_kind_row *
og_audit_row_of(const struct og_audit_entry *entry)
{
    static const struct og_audit_kind_row later = {
        "", "Event of a later version", 5, "process", "info", "unknown"};
    return entry->is_known ? &og_audit_kind_rows[entry->event.kind] : &later;
}

/* ---- escaping ---- */

/* A backslash before each of `marks`; control characters as \uXXXX, the backslash escaped as
 * others. */
static void
add_escaped(struct og_buf *out, struct og_str text, const char *marks)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7F) {
            og_buf_printf(out, "\\\\u%04x", c);
        } else {
            if (strchr(marks, c)) {
                og_buf_add_byte(out, '\\');
            }
            og_buf_add_byte(out, (char)c);
        }
    }
}

/* Printable ASCII without spaces, as headers of RFC 5424 want it; "-" for nothing. */
static void
add_word(struct og_buf *out, struct og_str text, size_t max)
{
    size_t len = text.len < max ? text.len : max;
    for (size_t i = 0; i < len; i++) {
        og_buf_add_byte(out, text.ptr[i] > ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?');
    }
    if (len == 0) {
        og_buf_add_byte(out, '-');
    }
}

/* ---- RFC 5424 ---- */

static void
add_param(struct og_buf *out, const char *name, struct og_str value)
{
    if (value.len) {
        og_buf_printf(out, " %s=\"", name);
        add_escaped(out, value, "\"\\]");
        og_buf_add_byte(out, '"');
    }
}

static void
write_syslog(const struct og_audit_source *source, const struct og_audit_entry *entry,
             struct og_str line, struct og_buf *out)
{
    const struct og_audit_kind_row *row = og_audit_row_of(entry);
    const struct og_audit_event *event = &entry->event;
    char time[OG_TIME_TEXT_BYTES];
    (void)line;
    og_time_format(entry->at_ms, time);
    og_buf_printf(out, "<%d>1 %s ", FACILITY_AUDIT * 8 + row->severity, time);
    add_word(out, og_str_from(source->host), HOST_MAX);
    og_buf_add_cstr(out, " otpgate - ");
    add_word(out, entry->kind_name, MSGID_MAX);
    og_buf_printf(out, " [otpgate@32473 seq=\"%lld\" outcome=\"%s\"", (long long)entry->seq,
                  row->outcome);
    add_param(out, "account", event->account);
    add_param(out, "actor", event->actor);
    add_param(out, "id", event->object);
    add_param(out, "subject", event->subject);
    add_param(out, "to", event->masked);
    add_param(out, "country", event->country);
    add_param(out, "purpose", event->purpose);
    add_param(out, "reason", event->reason);
    add_param(out, "detail", event->detail);
    add_param(out, "ip", event->ip);
    add_param(out, "request", event->request);
    og_buf_printf(out, "] " BOM "%s\n", row->title);
}

/* ---- CEF ---- */

static void
add_extension(struct og_buf *out, const char *name, struct og_str value)
{
    if (value.len) {
        og_buf_printf(out, " %s=", name);
        add_escaped(out, value, "=\\");
    }
}

/* A field of our own under one of the six custom ones. */
static void
add_custom(struct og_buf *out, int number, const char *label, struct og_str value)
{
    if (value.len) {
        og_buf_printf(out, " cs%dLabel=%s cs%d=", number, label, number);
        add_escaped(out, value, "=\\");
    }
}

/* Syslog's 1 (alert) .. 6 (informational) as CEF's 0 .. 10. */
static int
cef_severity(int severity)
{
    static const int severities[] = {10, 10, 9, 7, 6, 4, 3, 1};
    return severities[severity & 7];
}

static void
write_cef(const struct og_audit_source *source, const struct og_audit_entry *entry,
          struct og_str line, struct og_buf *out)
{
    const struct og_audit_kind_row *row = og_audit_row_of(entry);
    const struct og_audit_event *event = &entry->event;
    bool is_v6 = og_str_find(event->ip, ':') < event->ip.len;
    (void)line;
    og_buf_add_cstr(out, "CEF:0|otpgate|otpgate|");
    add_escaped(out, og_str_from(source->version), "|\\");
    og_buf_add_byte(out, '|');
    add_escaped(out, entry->kind_name, "|\\");
    og_buf_printf(out, "|%s|%d|rt=%lld externalId=%lld outcome=%s", row->title,
                  cef_severity(row->severity), (long long)entry->at_ms, (long long)entry->seq,
                  row->outcome);
    add_extension(out, "dvchost", og_str_from(source->host));
    add_extension(out, is_v6 ? "c6a2Label=Source c6a2" : "src", event->ip);
    add_extension(out, "suid", event->actor);
    add_extension(out, "duid", event->subject);
    add_extension(out, "reason", event->reason);
    add_extension(out, "msg", event->detail);
    add_custom(out, 1, "account", event->account);
    add_custom(out, 2, "id", event->object);
    add_custom(out, 3, "purpose", event->purpose);
    add_custom(out, 4, "to", event->masked);
    add_custom(out, 5, "country", event->country);
    add_custom(out, 6, "request", event->request);
    og_buf_add_byte(out, '\n');
}

/* ---- all ---- */

static void
write_json(const struct og_audit_source *source, const struct og_audit_entry *entry,
           struct og_str line, struct og_buf *out)
{
    (void)source, (void)entry;
    og_buf_add(out, line);
    og_buf_add_byte(out, '\n');
}

void
og_audit_format_write(enum og_audit_format format, const struct og_audit_source *source,
                      const struct og_audit_entry *entry, struct og_str line, struct og_buf *out)
{
    static void (*const writers[])(const struct og_audit_source *, const struct og_audit_entry *,
                                   struct og_str, struct og_buf *) = {
        [OG_AUDIT_FORMAT_JSON] = write_json,      [OG_AUDIT_FORMAT_SYSLOG] = write_syslog,
        [OG_AUDIT_FORMAT_CEF] = write_cef,        [OG_AUDIT_FORMAT_ECS] = og_audit_write_ecs,
        [OG_AUDIT_FORMAT_HEC] = og_audit_write_hec, [OG_AUDIT_FORMAT_EMF] = og_audit_write_emf,
    };
    writers[format](source, entry, line, out);
}
