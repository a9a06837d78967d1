/*
 * Which app speaks for a phone, in which version, from its User-Agent
 * ("me.capcom.smsgateway/1.68.0"), and what that app leaves behind on the phone.
 */
#pragma once

#include "base/str.h"

/* 1.67.2 gives 1067; 0 when it is not the app's: that counts as the newest. Pure, thread-safe. */
int og_app_version(struct og_str agent);

/* In the User-Agent of our own virtual phones, behind the version that they play. */
#define OG_APP_VIRTUAL "(otpgate virtual phone)"

/* Does the phone keep a copy of what it has sent, codes among it? (domain/otp.md section 8, 53) */
enum og_sent_copy {
    OG_SENT_COPY_UNKNOWN, /* an app that we do not know */
    OG_SENT_COPY_KEPT,    /* Android writes it for every app that is not the phone's SMS app, and
                             lets none of them delete it */
    OG_SENT_COPY_NONE,
};
enum og_sent_copy og_app_sent_copy(struct og_str agent);
/* "unknown", "kept", "none". Static storage. */
const char *og_sent_copy_name(enum og_sent_copy copy);
