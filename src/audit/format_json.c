/*
 * The formats that are JSON. The writer escapes; here is only which member goes where.
 */
#include <stdio.h>

#include "audit/format_priv.h"
#include "base/json.h"

#define ECS_VERSION "9.0.0"

static void
add_text(struct og_json_writer *w, const char *name, struct og_str value)
{
    if (value.len) {
        og_json_add_str(w, name, value);
    }
}

/* {"name": {"member": value}}, unless there is no value. */
static void
add_one(struct og_json_writer *w, const char *name, const char *member, struct og_str value)
{
    if (value.len) {
        og_json_object(w, name);
        og_json_add_str(w, member, value);
        og_json_end(w);
    }
}

static void
add_list_of_one(struct og_json_writer *w, const char *name, struct og_str value)
{
    og_json_array(w, name);
    og_json_add_str(w, NULL, value);
    og_json_end(w);
}

static void
begin_line(struct og_json_writer *w, struct og_buf *out)
{
    og_json_begin(w, out);
    og_json_object(w, NULL);
}

static void
end_line(struct og_json_writer *w, struct og_buf *out)
{
    og_json_end(w);
    og_buf_add_byte(out, '\n');
}

/* ---- Elastic common schema ---- */

static void
add_ecs_event(struct og_json_writer *w, const struct og_audit_entry *entry)
{
    const struct og_audit_kind_row *row = og_audit_row_of(entry);
    og_json_object(w, "event");
    og_json_add_str(w, "action", entry->kind_name);
    add_list_of_one(w, "category", og_str_from(row->category));
    og_json_add_cstr(w, "kind", "event");
    og_json_add_cstr(w, "module", "otpgate");
    og_json_add_cstr(w, "outcome", row->outcome);
    add_text(w, "reason", entry->event.reason);
    og_json_add_i64(w, "sequence", entry->seq);
    og_json_add_i64(w, "severity", row->severity);
    add_list_of_one(w, "type", og_str_from(row->type));
    og_json_end(w);
}

/* What the schema has no field for. */
static void
add_ecs_own(struct og_json_writer *w, const struct og_audit_event *event)
{
    og_json_object(w, "otp");
    add_text(w, "country", event->country);
    add_text(w, "detail", event->detail);
    add_text(w, "id", event->object);
    add_text(w, "purpose", event->purpose);
    add_text(w, "to", event->masked);
    og_json_end(w);
}

void
og_audit_write_ecs(const struct og_audit_source *source, const struct og_audit_entry *entry,
                   struct og_str line, struct og_buf *out)
{
    const struct og_audit_event *event = &entry->event;
    struct og_json_writer w;
    (void)line;
    begin_line(&w, out);
    og_json_add_time(&w, "@timestamp", entry->at_ms);
    add_one(&w, "ecs", "version", OG_STR(ECS_VERSION));
    add_ecs_event(&w, entry);
    if (event->request.len) {
        og_json_object(&w, "http");
        add_one(&w, "request", "id", event->request);
        og_json_end(&w);
    }
    og_json_add_cstr(&w, "message", og_audit_row_of(entry)->title);
    og_json_object(&w, "observer");
    og_json_add_cstr(&w, "hostname", source->host);
    og_json_add_cstr(&w, "product", "otpgate");
    og_json_add_cstr(&w, "version", source->version);
    og_json_end(&w);
    add_one(&w, "organization", "id", event->account);
    add_ecs_own(&w, event);
    if (event->subject.len) {
        og_json_object(&w, "related");
        add_list_of_one(&w, "hash", event->subject);
        og_json_end(&w);
    }
    add_one(&w, "service", "name", OG_STR("otpgate"));
    add_one(&w, "source", "ip", event->ip);
    add_one(&w, "user", "id", event->actor);
    end_line(&w, out);
}

/* ---- Splunk ---- */

void
og_audit_write_hec(const struct og_audit_source *source, const struct og_audit_entry *entry,
                   struct og_str line, struct og_buf *out)
{
    struct og_json_writer w;
    char time[32];
    snprintf(time, sizeof time, "%lld.%03lld", (long long)(entry->at_ms / 1000),
             (long long)(entry->at_ms % 1000));
    begin_line(&w, out);
    og_json_add_raw(&w, "time", og_str_from(time));
    og_json_add_cstr(&w, "host", source->host);
    og_json_add_cstr(&w, "source", "otpgate");
    og_json_add_cstr(&w, "sourcetype", "otpgate:audit");
    og_json_add_raw(&w, "event", line);
    og_json_object(&w, "fields");
    og_json_add_str(&w, "kind", entry->kind_name);
    og_json_add_cstr(&w, "outcome", og_audit_row_of(entry)->outcome);
    og_json_end(&w);
    end_line(&w, out);
}

/* ---- CloudWatch ---- */

static void
add_emf_metrics(struct og_json_writer *w)
{
    og_json_array(w, "CloudWatchMetrics");
    og_json_object(w, NULL);
    og_json_add_cstr(w, "Namespace", "otpgate");
    og_json_array(w, "Dimensions");
    add_list_of_one(w, NULL, OG_STR("Kind"));
    og_json_array(w, NULL);
    og_json_add_cstr(w, NULL, "Host");
    og_json_add_cstr(w, NULL, "Outcome");
    og_json_end(w);
    og_json_end(w);
    og_json_array(w, "Metrics");
    og_json_object(w, NULL);
    og_json_add_cstr(w, "Name", "Events");
    og_json_add_cstr(w, "Unit", "Count");
    og_json_end(w);
    og_json_end(w);
    og_json_end(w);
    og_json_end(w);
}

void
og_audit_write_emf(const struct og_audit_source *source, const struct og_audit_entry *entry,
                   struct og_str line, struct og_buf *out)
{
    struct og_json_writer w;
    begin_line(&w, out);
    og_json_object(&w, "_aws");
    og_json_add_i64(&w, "Timestamp", entry->at_ms);
    add_emf_metrics(&w);
    og_json_end(&w);
    og_json_add_i64(&w, "Events", 1);
    og_json_add_cstr(&w, "Host", source->host);
    og_json_add_str(&w, "Kind", entry->kind_name);
    og_json_add_cstr(&w, "Outcome", og_audit_row_of(entry)->outcome);
    og_json_add_raw(&w, "entry", line);
    end_line(&w, out);
}
