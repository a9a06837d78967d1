/*
 * Which version of the phone app speaks, from its User-Agent ("me.capcom.smsgateway/1.68.0").
 */
#pragma once

#include "base/str.h"

/* 1.67.2 gives 1067; 0 when it is not the app's: that counts as the newest. Pure, thread-safe. */
int og_app_version(struct og_str agent);
