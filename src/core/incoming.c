/*
 * The table of kinds. From which version on an app knows an event is only certain where its source
 * was read; before that it is offered the oldest event alone.
 */
#include "core/incoming.h"

static const struct {
    const char *name;
    enum og_webhook_event event;
    int since_version;
} types[OG_INCOMING_TYPE_COUNT] = {
    [OG_INCOMING_SMS] = {"SMS", OG_WEBHOOK_SMS_RECEIVED, 0},
    [OG_INCOMING_DATA_SMS] = {"DATA_SMS", OG_WEBHOOK_SMS_DATA_RECEIVED, 1068},
    [OG_INCOMING_MMS] = {"MMS", OG_WEBHOOK_MMS_RECEIVED, 1068},
    [OG_INCOMING_MMS_DOWNLOADED] = {"MMS_DOWNLOADED", OG_WEBHOOK_MMS_DOWNLOADED, 1068},
};

const char *
og_incoming_type_name(enum og_incoming_type type)
{
    return types[type].name;
}

bool
og_incoming_type_from_text(struct og_str text, enum og_incoming_type *out)
{
    for (int i = 0; i < OG_INCOMING_TYPE_COUNT; i++) {
        if (og_str_eq(text, og_str_from(types[i].name))) {
            *out = (enum og_incoming_type)i;
            return true;
        }
    }
    return false;
}

enum og_webhook_event
og_incoming_event(enum og_incoming_type type)
{
    return types[type].event;
}

bool
og_incoming_type_of_event(enum og_webhook_event event, enum og_incoming_type *out)
{
    for (int i = 0; i < OG_INCOMING_TYPE_COUNT; i++) {
        if (types[i].event == event) {
            *out = (enum og_incoming_type)i;
            return true;
        }
    }
    return false;
}

bool
og_incoming_is_known(enum og_incoming_type type, int app_version)
{
    return app_version == 0 || app_version >= types[type].since_version;
}
