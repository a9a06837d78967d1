/*
 * Entries in the forms that others read. One line each, and nothing that stood in an entry can end
 * a line, a field or a header of the form.
 *
 *   json    the entry itself
 *   syslog  RFC 5424: facility 13 (log audit), structured data otpgate@32473 (RFC 5612's number)
 *   cef     ArcSight common event format, version 0
 *   ecs     Elastic common schema 9
 *   hec     Splunk HTTP event collector
 *   emf     CloudWatch embedded metric format: counts by kind and outcome
 */
#pragma once

#include "audit/entry.h"

#define OG_AUDIT_FORMATS(X) X(JSON, "json") X(SYSLOG, "syslog") X(CEF, "cef") X(ECS, "ecs")      \
    X(HEC, "hec") X(EMF, "emf")

#define OG_AUDIT_FORMAT_AS_ENUM(name, word) OG_AUDIT_FORMAT_##name,
enum og_audit_format { OG_AUDIT_FORMATS(OG_AUDIT_FORMAT_AS_ENUM) OG_AUDIT_FORMAT_COUNT };
#undef OG_AUDIT_FORMAT_AS_ENUM

/* False when there is no such format. */
bool og_audit_format_find(struct og_str word, enum og_audit_format *out);

struct og_audit_source {
    const char *host;    /* of the gateway */
    const char *version; /* of the program */
};

/* Appends the entry and a line feed. line: as stored. A line takes at most OG_AUDIT_FORMAT_MAX
 * bytes. */
#define OG_AUDIT_FORMAT_MAX (2 * OG_AUDIT_LINE_MAX)
void og_audit_format_write(enum og_audit_format format, const struct og_audit_source *source,
                           const struct og_audit_entry *entry, struct og_str line,
                           struct og_buf *out);
