/*
 * What an account sets on all of its phones: an allow-list of members with their rules.
 *
 * A member is unset, null ("back to the phone's default") or has a value. Members are written in
 * snake_case, and read in camelCase too, because one client library sends that.
 *
 * Pure and thread-safe. Source: wire/smsgate.md section 2.6 and, for what phones can parse, 4.5.
 */
#pragma once

#include "base/json.h"

#define OG_PHONE_SETTINGS_COUNT 20

enum og_setting_state { OG_SETTING_UNSET, OG_SETTING_NULL, OG_SETTING_SET };

struct og_setting {
    enum og_setting_state state;
    int64_t number;     /* of whole numbers; 0 or 1 of switches */
    struct og_str text; /* of words, times and secrets */
};

struct og_phone_settings {
    struct og_setting items[OG_PHONE_SETTINGS_COUNT]; /* in the order of the table */
};

/*
 * Read a document. Sections and members that are not on the list are dropped; a section that is
 * null is skipped. Strings stay the document's.
 * Errors  OG_E_INVALID naming the member ("messages.limit_period")
 */
OG_MUST_CHECK enum og_code og_phone_settings_read(const struct og_json *document,
                                                  struct og_phone_settings *out,
                                                  struct og_err *err);
/* What `change` says wins, member by member. */
void og_phone_settings_merge(struct og_phone_settings *self,
                             const struct og_phone_settings *change);
/* The rules between members. OG_E_INVALID naming the member at fault. */
OG_MUST_CHECK enum og_code og_phone_settings_check(const struct og_phone_settings *self,
                                                   struct og_err *err);

enum og_settings_view {
    OG_SETTINGS_PUBLIC, /* for applications: no secrets */
    OG_SETTINGS_STORED, /* everything */
};
/* An object of objects; sections without members are left out. */
void og_phone_settings_write(const struct og_phone_settings *self, enum og_settings_view view,
                             struct og_json_writer *w);

/* The key that an account's webhooks are signed with, by phones and by the server; "" when none
 * is set. */
struct og_str og_phone_settings_signing_key(const struct og_phone_settings *self);

/*
 * Leave out the values that this version of the phone's app cannot parse: one unknown word there
 * makes it ask for ever.
 * app_version  "me.capcom.smsgateway/1.68.0"; anything else counts as the newest
 */
void og_phone_settings_fit(struct og_phone_settings *self, struct og_str app_version);
