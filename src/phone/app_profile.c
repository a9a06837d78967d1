/* The newest release is what most phones have; before it one that knows less, after it what is
 * announced. */
#include "phone/app_profile.h"

#include <stddef.h>

#include "core/app_version.h"

#define AGENT(version) "me.capcom.smsgateway/" version " " OG_APP_VIRTUAL

const struct og_app_profile og_app_profiles[OG_APP_COUNT] = {
    [OG_APP_1_68] = {AGENT("1.68.0"), .knows_half_hours = true},
    [OG_APP_1_66] = {AGENT("1.66.0"), .knows_half_hours = false},
    [OG_APP_NEXT] = {AGENT("1.99.0"), .knows_half_hours = true,
                     .knows_batches = true, .uploads_inbox = true},
};

const char *const og_app_profile_names[OG_APP_COUNT + 1] = {
    [OG_APP_1_68] = "sms-gate",
    [OG_APP_1_66] = "sms-gate-1.66",
    [OG_APP_NEXT] = "sms-gate-next",
};
