/*
 * Where exported entries go: standard output, a syslog receiver over TLS, or Splunk's collector.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct og_audit_out_config {
    const char *to;      /* NULL: standard output; "tls://host[:port]", "https://host[:port]" */
    const char *ca_file; /* PEM, NULL: the system's authorities */
    const char *token;   /* of Splunk, NULL: none */
};

struct og_audit_out;

/* OG_E_INVALID for an address that is none of these. Connects when there is something to send. */
OG_MUST_CHECK enum og_code og_audit_out_open(const struct og_audit_out_config *config,
                                             struct og_audit_out **out, struct og_err *err);
/*
 * Send whole lines. OG_OK: they were taken (standard output), arrived at the receiver's machine
 * (TLS), or were acknowledged (Splunk). OG_E_UNAVAILABLE: try the same again later; some may come
 * twice. OG_E_INVALID, OG_E_FORBIDDEN: trying again does not help.
 */
OG_MUST_CHECK enum og_code og_audit_out_send(struct og_audit_out *self, struct og_str lines,
                                             struct og_err *err);
void og_audit_out_close(struct og_audit_out *self); /* takes NULL */
