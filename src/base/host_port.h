/*
 * "host:port" as people write it.
 */
#pragma once

#include "base/str.h"

#define OG_HOST_BYTES 254 /* the longest name of a host, and NUL */

struct og_host_port {
    char host[OG_HOST_BYTES]; /* a name or an address, without brackets */
    int port;                 /* 1 .. 65535 */
};

/* name:port, 192.0.2.1:port, [2001:db8::1]:port; without a port `default_port` is taken. False when
 * it is none of these. Names are not looked up. */
bool og_host_port_read(struct og_str text, int default_port, struct og_host_port *out);
