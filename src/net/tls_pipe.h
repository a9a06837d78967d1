/*
 * One way out over TLS: connect, write, know that it arrived at the other machine. For syslog
 * receivers (RFC 5425). Blocking, for commands; the certificate and the host name are always
 * checked. The door to OpenSSL of this room.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct og_tls_pipe;

/*
 * ca_file  PEM, NULL: the system's authorities
 * timeout_ms  for name and connection, and later for each write
 * Errors   OG_E_UNAVAILABLE (nobody there), OG_E_FORBIDDEN (certificate not to be trusted),
 *          OG_E_INVALID (ca_file)
 */
OG_MUST_CHECK enum og_code og_tls_pipe_open(const char *host, const char *port,
                                            const char *ca_file, int timeout_ms,
                                            struct og_tls_pipe **out, struct og_err *err);
/* All of it, and wait until the peer's machine has acknowledged it. OG_E_UNAVAILABLE: how much
 * arrived is not known. */
OG_MUST_CHECK enum og_code og_tls_pipe_send(struct og_tls_pipe *self, struct og_str bytes,
                                            struct og_err *err);
void og_tls_pipe_close(struct og_tls_pipe *self); /* takes NULL */
