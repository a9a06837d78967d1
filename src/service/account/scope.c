/*
 * The table of scopes. Names are stored, so that bits may be renumbered; a name that is not known
 * (a newer program wrote it) gives no right.
 */
#include "service/account/scope.h"

#include <stdio.h>

static const char *const names[OG_SCOPE_COUNT] = {
    "otp:start",       "otp:check",       "messages:send",  "messages:read",
    "devices:read",    "devices:write",   "admin",          "messages:list",
    "messages:cancel", "messages:export", "devices:list",   "devices:delete",
    "settings:read",   "settings:write",  "webhooks:list",  "webhooks:write",
    "webhooks:delete", "inbox:list",      "inbox:read",     "inbox:refresh",
    "logs:read",       "tokens:manage",   "all:any",        "tokens:refresh",
};

const char *
og_scope_name(enum og_scope scope)
{
    for (int i = 0; i < OG_SCOPE_COUNT; i++) {
        if ((uint32_t)scope == 1u << i) {
            return names[i];
        }
    }
    return "";
}

bool
og_scope_from_name(struct og_str name, uint32_t *out)
{
    for (int i = 0; i < OG_SCOPE_COUNT; i++) {
        if (og_str_eq(name, og_str_from(names[i]))) {
            *out = 1u << i;
            return *out != OG_SCOPE_TOKENS_REFRESH;
        }
    }
    return false;
}

void
og_scopes_write(uint32_t scopes, char out[OG_SCOPES_TEXT_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < OG_SCOPE_COUNT; i++) {
        if (scopes & (1u << i)) {
            used += (size_t)snprintf(out + used, OG_SCOPES_TEXT_BYTES - used, "%s%s",
                                     used ? " " : "", names[i]);
        }
    }
}

uint32_t
og_scopes_read(struct og_str text)
{
    uint32_t scopes = 0;
    while (text.len > 0) {
        size_t end = og_str_find(text, ' ');
        uint32_t bit;
        if (og_scope_from_name(og_str_slice(text, 0, end), &bit)) {
            scopes |= bit;
        }
        text = og_str_slice(text, end + 1, text.len);
    }
    return scopes;
}

uint32_t
og_scopes_of_token(uint32_t scopes)
{
    return scopes & OG_SCOPE_ALL_ANY ? scopes | OG_SCOPE_ACCOUNT : scopes;
}

uint32_t
og_scopes_of_key(uint32_t scopes)
{
    static const struct {
        uint32_t wide;
        uint32_t includes;
    } wide[] = {
        {OG_SCOPE_MESSAGES_SEND, OG_SCOPE_MESSAGES_CANCEL},
        {OG_SCOPE_MESSAGES_READ, OG_SCOPE_MESSAGES_LIST},
        {OG_SCOPE_DEVICES_READ, OG_SCOPE_DEVICES_LIST},
        {OG_SCOPE_DEVICES_WRITE, OG_SCOPE_DEVICES_DELETE},
    };
    uint32_t permits = og_scopes_of_token(scopes);
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        permits |= scopes & wide[i].wide ? wide[i].includes : 0;
    }
    return permits;
}
