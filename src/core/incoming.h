/*
 * What phones receive: its kinds, with the events by which phones tell of them.
 *
 * Pure and thread-safe. Source: wire/smsgate.md sections 2.8 and 4.7.
 */
#pragma once

#include "core/webhook.h"

enum og_incoming_type {
    OG_INCOMING_SMS,
    OG_INCOMING_DATA_SMS,
    OG_INCOMING_MMS,            /* announced: not its content */
    OG_INCOMING_MMS_DOWNLOADED,
    OG_INCOMING_TYPE_COUNT
};

/* "SMS", "DATA_SMS", ... Static storage. */
const char *og_incoming_type_name(enum og_incoming_type type);
/* The exact word; false when it is none. */
bool og_incoming_type_from_text(struct og_str text, enum og_incoming_type *out);

enum og_webhook_event og_incoming_event(enum og_incoming_type type);
/* False when the event tells of nothing received. */
bool og_incoming_type_of_event(enum og_webhook_event event, enum og_incoming_type *out);

/* Does an app of this version (core/app_version.h) know the event? One unknown event stops it from
 * reading any hook. */
bool og_incoming_is_known(enum og_incoming_type type, int app_version);
