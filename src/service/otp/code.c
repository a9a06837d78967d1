/*
 * Codes between the loop and their store, and the SMS that carries one. What held a code is wiped
 * before it is let go of.
 */
#include "service/otp/priv.h"

#define OTP_PRIORITY 127 /* 100 and more: the phone sends it past its own pace and limits */

static struct og_code_shape
shape_of(const struct og_secret *code)
{
    return (struct og_code_shape){
        .length = (uint8_t)code->len,
        .has_letters = og_otp_alphabet_of(og_secret_str(code)) == OG_OTP_ALNUM,
    };
}

static struct og_code_mac
mac_of(const struct og_key *key, const struct og_otp_binding *binding, const struct og_secret *code)
{
    struct og_code_mac mac = {.key_id = key->id};
    og_otp_mac(key, binding, og_secret_str(code), mac.bytes);
    return mac;
}

struct og_str
og_otp_context_of(const struct og_otp_base *base, const struct og_otp_context *context)
{
    char *hex = og_arena_alloc(base->mem, OG_DIGEST_HEX_CHARS + 1);
    og_otp_context_digest(&base->svc->keys.context, base->account_id, context, hex);
    return og_str_from(hex);
}

void
og_otp_put(struct og_otp_base *base, const struct og_otp_binding *binding,
           const struct og_secret *code, struct og_str subjects, int attempts, int64_t ttl_ms,
           struct og_code_ask *ask)
{
    const struct og_keys *keys = &base->svc->keys;
    struct og_buf plain, sealed;
    og_buf_init(&plain, OG_CODE_SEALED_MAX_BYTES);
    og_buf_init(&sealed, OG_CODE_SEALED_MAX_BYTES);
    og_buf_add(&plain, og_secret_str(code));
    if (subjects.len) {
        og_buf_add_byte(&plain, '\0');
        og_buf_add(&plain, subjects);
    }
    og_seal(&keys->otp_seal, binding->id, og_buf_str(&plain), &sealed);
    const struct og_code_record record = {
        .name = og_otp_code_name(base, binding->id),
        .mac = mac_of(&keys->otp, binding, code),
        .shape = shape_of(code),
        .attempts = attempts,
        .ttl_ms = ttl_ms,
        .sealed = og_buf_str(&sealed),
    };
    base->svc->codes->put(base->svc->codes, base->loop, &record, ask);
    og_buf_finish(&plain);
    og_buf_finish(&sealed);
}

void
og_otp_guess(struct og_otp_base *base, const struct og_otp_binding *binding,
             const struct og_secret *code, struct og_code_guess *out)
{
    const struct og_keys *keys = &base->svc->keys;
    *out = (struct og_code_guess){
        .name = og_otp_code_name(base, binding->id),
        .macs = {mac_of(&keys->otp, binding, code)},
        .mac_count = 1,
        .shape = shape_of(code),
    };
    if (keys->has_otp_before) {
        out->macs[out->mac_count++] = mac_of(&keys->otp_before, binding, code);
    }
}

bool
og_otp_unseal(const struct og_services *svc, struct og_str id, struct og_str sealed,
              struct og_secret *out, struct og_abuse_case *started)
{
    const struct og_keys *keys = &svc->keys;
    struct og_err unheard;
    struct og_buf plain;
    og_buf_init(&plain, OG_CODE_SEALED_MAX_BYTES);
    enum og_code code = og_unseal(&keys->otp_seal, id, sealed, &plain, &unheard);
    if (code != OG_OK && keys->has_otp_before) {
        og_buf_wipe(&plain);
        code = og_unseal(&keys->otp_seal_before, id, sealed, &plain, &unheard);
    }
    og_secret_finish(out);
    const struct og_str all = og_buf_str(&plain);
    const size_t end = og_str_find(all, '\0');
    const bool is_ours = code == OG_OK && og_secret_set(out, og_str_slice(all, 0, end));
    og_abuse_share_unpack(is_ours ? og_str_slice(all, end + 1, all.len) : OG_STR(""), started);
    og_buf_finish(&plain);
    return is_ours;
}

enum og_code
og_otp_send(struct og_otp_base *base, struct og_tx *tx, const struct og_verification *v,
            const struct og_secret *text, struct og_message *out)
{
    struct og_str *number = OG_ARENA_NEW(base->mem, struct og_str);
    if (v->mode == OG_MODE_TEST || v->mode == OG_MODE_DECOY) {
        *out = (struct og_message){.final_at = tx->now_ms}; /* nothing to queue */
        return OG_OK;
    }
    *number = v->recipient;
    const struct og_message_ask ask = {
        .account_id = base->account_id,
        .text = og_secret_str(text),
        .numbers = {number, 1},
        .priority = OTP_PRIORITY,
        .valid_until_ms = v->expires_at,
        .verification_id = v->id,
        .is_otp = true,
        .want_report = true,
        .is_sandbox = v->mode == OG_MODE_SANDBOX,
    };
    const enum og_code code =
        og_message_accept(base->svc, tx, &ask, base->mem, out, &base->op.err);
    if (code == OG_E_INVALID) {
        return og_fail(&base->op.err, OG_E_CONFLICT, NULL,
                       "the account has no phone that could send it");
    }
    return code;
}

int64_t
og_otp_wait_after(const struct og_otp_policy *policy, int sends)
{
    if (policy->resend_wait_count <= 0) {
        return og_otp_resend_wait_s((unsigned)sends) * INT64_C(1000);
    }
    const int last = policy->resend_wait_count - 1;
    return policy->resend_wait_ms[sends - 1 < last ? sends - 1 : last];
}

int
og_otp_seconds_until(int64_t until_ms, int64_t now_ms)
{
    const int64_t left_ms = until_ms - now_ms;
    return left_ms > 1000 ? (int)((left_ms + 999) / 1000) : 1;
}

struct og_str
og_otp_digest(const struct og_services *svc, struct og_str number, struct og_arena *mem)
{
    const struct og_str parts[] = {OG_STR("number"), number};
    uint8_t digest[OG_DIGEST_BYTES];
    char *hex = og_arena_alloc(mem, OG_DIGEST_HEX_CHARS + 1);
    og_mac_parts(&svc->keys.number, parts, 2, digest);
    og_hex(digest, sizeof(digest), hex);
    return (struct og_str){hex, OG_DIGEST_HEX_CHARS};
}
