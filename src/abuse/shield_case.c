/*
 * From a message to what is counted: keyed digests, so that the shield holds no list of numbers and
 * nobody can choose which keys meet.
 */
#include <stdio.h>

#include "abuse/shield_priv.h"

#define PREFIX_CUT_DIGITS 4 /* a block of 10,000 numbers */
#define PREFIX_SHOWN_CHARS 6

static uint64_t
make_key(const struct og_key *with, enum og_abuse_subject subject, struct og_str account,
         struct og_str value)
{
    const char tag = (char)subject;
    const struct og_str parts[] = {{&tag, 1}, account, value};
    uint8_t digest[OG_DIGEST_BYTES];
    uint64_t key;
    og_mac_parts(with, parts, 3, digest);
    memcpy(&key, digest, sizeof key);
    return key ? key : 1;
}

uint64_t
og_shield_key(const struct og_shield *self, enum og_abuse_subject subject, struct og_str account,
              struct og_str value)
{
    return make_key(&self->config.key, subject, account, value);
}

uint64_t
og_shield_shared_key(const struct og_shield *self, enum og_abuse_subject subject,
                     struct og_str account_name, struct og_str value)
{
    return make_key(&self->config.shared_key, subject, account_name, value);
}

static uint64_t
key_if(const struct og_shield *self, enum og_abuse_subject subject, struct og_str account,
       struct og_str value)
{
    return value.len ? og_shield_key(self, subject, account, value) : 0;
}

static void
copy_text(struct og_str from, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%" OG_STR_FMT, OG_STR_ARG(from));
}

static struct og_str
prefix_of(struct og_str number)
{
    return number.len > PREFIX_CUT_DIGITS
               ? og_str_slice(number, 0, number.len - PREFIX_CUT_DIGITS)
               : OG_STR("");
}

/* Under names that other gateways know, too: an account's id is this one's own. */
static void
share_keys(const struct og_shield *self, const struct og_abuse_ask *ask, struct og_str prefix,
           struct og_abuse_case *out)
{
    const struct og_str all = OG_STR("");
    const struct og_str values[OG_SUBJECT_SIM] = {
        [OG_SUBJECT_ACCOUNT] = ask->account_name,
        [OG_SUBJECT_APP] = ask->is_app_named ? ask->app : all,
        [OG_SUBJECT_IP] = ask->source,
        [OG_SUBJECT_RECIPIENT] = ask->number,
        [OG_SUBJECT_PREFIX] = prefix,
        [OG_SUBJECT_COUNTRY] = ask->region,
    };
    for (int i = 0; i < OG_SUBJECT_SIM; i++) {
        if (values[i].len) {
            out->shared_keys[i] = og_shield_shared_key(self, (enum og_abuse_subject)i,
                                                       ask->account_name, values[i]);
        }
    }
    out->shared_keys[OG_SUBJECT_GLOBAL] = og_shield_shared_key(self, OG_SUBJECT_GLOBAL, all, all);
}

void
og_shield_case(const struct og_shield *self, const struct og_abuse_ask *ask,
               struct og_abuse_case *out)
{
    const struct og_str all = OG_STR("");
    const struct og_str prefix = prefix_of(ask->number);
    const struct og_str values[OG_SUBJECT_COUNT] = {
        [OG_SUBJECT_ACCOUNT] = ask->account, [OG_SUBJECT_APP] = ask->app,
        [OG_SUBJECT_IP] = ask->source,       [OG_SUBJECT_RECIPIENT] = ask->number,
        [OG_SUBJECT_PREFIX] = prefix,        [OG_SUBJECT_COUNTRY] = ask->region,
    };
    *out = (struct og_abuse_case){.kind = ask->kind, .type = ask->type, .amount = 1};
    for (int i = 0; i < OG_SUBJECT_SIM; i++) {
        out->keys[i] = key_if(self, (enum og_abuse_subject)i, ask->account, values[i]);
    }
    out->keys[OG_SUBJECT_GLOBAL] = og_shield_key(self, OG_SUBJECT_GLOBAL, all, all);
    out->country_of_all = key_if(self, OG_SUBJECT_COUNTRY, all, ask->region);
    if (self->config.is_shared && ask->account_name.len) {
        share_keys(self, ask, prefix, out);
    }
    copy_text(ask->account, out->account, sizeof out->account);
    copy_text(ask->region, out->region, sizeof out->region);
    copy_text(ask->source, out->source, sizeof out->source);
    snprintf(out->prefix, sizeof out->prefix, "%" OG_STR_FMT "…",
             OG_STR_ARG(og_str_slice(prefix, 0, PREFIX_SHOWN_CHARS)));
    if (ask->number.len) {
        og_phone_mask(ask->number, out->number);
    }
}

bool
og_shield_region_allowed(const struct og_shield *self, const char *region)
{
    for (int i = 0; i < self->config.region_count; i++) {
        const char *allowed = self->config.regions[i];
        if (strcmp(allowed, "*") == 0 || (region[0] && strcmp(allowed, region) == 0)) {
            return true;
        }
    }
    return false;
}

bool
og_shield_is_home(const struct og_shield *self, const char *region)
{
    return self->config.region_count > 0 && region[0] &&
           strcmp(self->config.regions[0], region) == 0;
}
