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
