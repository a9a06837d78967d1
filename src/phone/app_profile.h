/*
 * Versions of the phone app, as far as they differ on the wire: what one knows makes another throw
 * the whole answer away.
 *
 * Constant. Source: wire/smsgate.md sections 2.5, 2.6, 4.5 and 8.7.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum og_app_release { OG_APP_1_68, OG_APP_1_66, OG_APP_NEXT, OG_APP_COUNT };

struct og_app_profile {
    const char *agent;       /* User-Agent of its short calls */
    bool knows_half_hours;   /* Per30Minutes as the period of a limit */
    bool knows_batches;      /* webhook events of batches */
    bool uploads_inbox;      /* tells the server what it received, beside webhooks */
};

extern const struct og_app_profile og_app_profiles[OG_APP_COUNT];
/* As --app-profile takes them, in the order of enum og_app_release; NULL at the end. */
extern const char *const og_app_profile_names[OG_APP_COUNT + 1];
