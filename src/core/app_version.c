/*
 * Reading the app's version. Major and minor are enough to tell what it can do.
 */
#include "core/app_version.h"

#include <stdio.h>

#define APP "me.capcom.smsgateway/"

int
og_app_version(struct og_str agent)
{
    char text[48];
    int major, minor;
    snprintf(text, sizeof text, "%" OG_STR_FMT, OG_STR_ARG(agent));
    if (sscanf(text, APP "%3d.%3d", &major, &minor) != 2 || major < 0 || minor < 0) {
        return 0;
    }
    return major * 1000 + minor;
}

enum og_sent_copy
og_app_sent_copy(struct og_str agent)
{
    if (!og_str_starts(agent, OG_STR(APP))) {
        return OG_SENT_COPY_UNKNOWN;
    }
    return og_str_ends(agent, OG_STR(OG_APP_VIRTUAL)) ? OG_SENT_COPY_NONE : OG_SENT_COPY_KEPT;
}

const char *
og_sent_copy_name(enum og_sent_copy copy)
{
    static const char *const names[] = {
        [OG_SENT_COPY_UNKNOWN] = "unknown",
        [OG_SENT_COPY_KEPT] = "kept",
        [OG_SENT_COPY_NONE] = "none",
    };
    return names[copy];
}
