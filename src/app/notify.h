/*
 * Telling a service manager how we are: systemd's notification socket, when there is one.
 */
#pragma once

#include <stdint.h>

/* Send e.g. "READY=1" to $NOTIFY_SOCKET; nothing happens without it. */
void og_notify(const char *state);
/* How often "WATCHDOG=1" is wanted: half of $WATCHDOG_USEC when it is for this process, else 0. */
int64_t og_notify_watchdog_ms(void);
