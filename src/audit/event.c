/*
 * The table of kinds. Nothing here decides.
 */
#include "audit/event.h"

#define AUTH "authentication"
#define CONFIGURATION "configuration"
#define DATABASE "database"
#define HOST "host"
#define IAM "iam"
#define INTRUSION "intrusion_detection"
#define PROCESS "process"

#define ACCESS "access"
#define CHANGE "change"
#define DELETION "deletion"
#define DENIED "denied"
#define END "end"
#define ERROR "error"
#define INFO "info"
#define START "start"

#define SUCCESS "success"
#define FAILURE "failure"
#define UNKNOWN "unknown"

#define AS_ROW(name, wire, title, severity, category, type, outcome)                              \
    [OG_AUDIT_##name] = {wire, title, severity, category, type, outcome},

const struct og_audit_kind_row og_audit_kind_rows[OG_AUDIT_KIND_COUNT] = {OG_AUDIT_KINDS(AS_ROW)};

bool
og_audit_kind_find(struct og_str name, enum og_audit_kind *out)
{
    for (int i = 0; i < OG_AUDIT_KIND_COUNT; i++) {
        if (og_str_eq(name, og_str_from(og_audit_kind_rows[i].name))) {
            *out = (enum og_audit_kind)i;
            return true;
        }
    }
    return false;
}

struct og_str
og_audit_field_cut(struct og_str text)
{
    if (text.len <= OG_AUDIT_FIELD_MAX) {
        return text;
    }
    size_t len = OG_AUDIT_FIELD_MAX;
    while (len > OG_AUDIT_FIELD_MAX - 4 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) {
        len--;
    }
    return og_str_slice(text, 0, len);
}

static struct og_str
keep(struct og_str text, struct og_arena *mem)
{
    if (text.len == 0) {
        return OG_STR("");
    }
    text = og_str_dup(mem, og_audit_field_cut(text));
    for (char *nul = memchr(text.ptr, 0, text.len); nul;
         nul = memchr(nul, 0, text.len - (size_t)(nul - text.ptr))) {
        *nul = '?';
    }
    return text;
}

struct og_audit_event
og_audit_event_copy(const struct og_audit_event *event, struct og_arena *mem)
{
    return (struct og_audit_event){
        .kind = event->kind,
        .account = keep(event->account, mem),
        .actor = keep(event->actor, mem),
        .object = keep(event->object, mem),
        .subject = keep(event->subject, mem),
        .masked = keep(event->masked, mem),
        .country = keep(event->country, mem),
        .purpose = keep(event->purpose, mem),
        .reason = keep(event->reason, mem),
        .detail = keep(event->detail, mem),
        .ip = keep(event->ip, mem),
        .request = keep(event->request, mem),
    };
}
