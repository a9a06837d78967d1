/*
 * The room wants all stores to judge alike. Redis judges in its own script, which the shared tests
 * hold to the same rules.
 */
#include "codes/code_rules.h"

bool
og_code_name_is_sound(struct og_code_name name)
{
    return name.id.len > 0 && name.account.len <= OG_CODE_NAME_MAX_BYTES &&
           name.id.len <= OG_CODE_NAME_MAX_BYTES - name.account.len;
}

bool
og_code_record_is_sound(const struct og_code_record *record)
{
    return og_code_name_is_sound(record->name) && record->attempts >= 1 &&
           record->attempts <= OG_CODE_ATTEMPTS_MAX && record->ttl_ms >= 1 &&
           record->ttl_ms <= OG_CODE_TTL_MAX_MS && record->sealed.len <= OG_CODE_SEALED_MAX_BYTES;
}

/* The digest made with the record's key; NULL when that key is no longer in use. */
static const struct og_code_mac *
mac_for(const struct og_code_guess *guess, uint32_t key_id)
{
    for (int i = 0; i < guess->mac_count && i < OG_CODE_KEYS_MAX; i++) {
        if (guess->macs[i].key_id == key_id) {
            return &guess->macs[i];
        }
    }
    return NULL;
}

static bool
fits(struct og_code_shape stored, struct og_code_shape typed)
{
    return stored.length == typed.length && (stored.has_letters || !typed.has_letters);
}

enum og_code_verdict
og_code_judge(const struct og_code_mac *mac, struct og_code_shape shape, int *attempts_left,
              const struct og_code_guess *guess)
{
    const struct og_code_mac *typed = mac_for(guess, mac->key_id);
    if (!typed) {
        return OG_VERDICT_NONE;
    }
    if (!fits(shape, guess->shape)) {
        return OG_VERDICT_MALFORMED;
    }
    --*attempts_left;
    if (og_equal_const_time(typed->bytes, mac->bytes, sizeof(mac->bytes))) {
        return OG_VERDICT_MATCH;
    }
    return *attempts_left <= 0 ? OG_VERDICT_KILLED : OG_VERDICT_WRONG;
}

void
og_code_judge_nothing(const struct og_code_guess *guess)
{
    static const struct og_code_mac nothing;
    (void)og_equal_const_time(guess->macs[0].bytes, nothing.bytes, sizeof(nothing.bytes));
}
