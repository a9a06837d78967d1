/*
 * From the configuration to what each room asks for. Nothing but copying.
 */
#pragma once

#include "abuse/shield.h"
#include "config/config.h"
#include "http/server.h"
#include "route/table.h"
#include "service/privacy/purge.h"
#include "service/services.h"

void og_app_message_policy(const struct og_config *config, struct og_message_policy *out);
void og_app_route_policy(const struct og_config *config, struct og_route_policy *out);
void og_app_otp_policy(const struct og_config *config, struct og_otp_policy *out);
/* All but the keys. */
void og_app_shield_config(const struct og_config *config, struct og_shield_config *out);
void og_app_retention(const struct og_config *config, struct og_retention *out);
/* Without certificate paths that are not configured. Strings are the configuration's. */
void og_app_http_config(const struct og_config *config, struct og_http_config *out);
/* NULL for "". */
const char *og_app_text(const char *text);
/* Items in `mem`. */
struct og_str_list og_app_texts(const struct og_config_texts *texts, struct og_arena *mem);
