/*
 * One random key in a file, one subkey per use.
 */
#include "app/keys.h"

#include <stdlib.h>

#include "base/files.h"

static enum og_code
make_master(const char *path, struct og_key *master, struct og_err *err)
{
    uint8_t bytes[OG_KEY_BYTES];
    enum og_code code = og_random_bytes(bytes, sizeof bytes, err);
    if (code == OG_OK) {
        code = og_file_write(path, (struct og_str){(const char *)bytes, sizeof bytes}, 0600, err);
    }
    if (code == OG_OK) {
        og_key_from_bytes(bytes, master);
    }
    og_wipe(bytes, sizeof bytes);
    return code;
}

static enum og_code
read_master(const char *path, struct og_key *master, struct og_err *err)
{
    struct og_buf content;
    og_buf_init(&content, 4096);
    enum og_code code = og_file_read(path, &content, err);
    if (code == OG_OK && og_file_is_exposed(path)) {
        code = og_fail(err, OG_E_FORBIDDEN, "", "%s can be read by others: chmod 600 it", path);
    }
    if (code == OG_OK && content.len != OG_KEY_BYTES) {
        code = og_fail(err, OG_E_INVALID, "", "%s is not a master key (%d bytes)", path,
                       OG_KEY_BYTES);
    }
    if (code == OG_OK) {
        og_key_from_bytes((const uint8_t *)content.ptr, master);
    }
    og_buf_finish(&content);
    return code;
}

enum og_code
og_app_keys_load(const char *path, struct og_keys *out, struct og_err *err)
{
    struct og_key master, once, receipt, audit;
    enum og_code code = read_master(path, &master, err);
    if (code == OG_E_NOT_FOUND) {
        code = make_master(path, &master, err);
    }
    uint8_t random[OG_KEY_BYTES];
    if (code == OG_OK) {
        code = og_random_bytes(random, sizeof random, err);
    }
    if (code != OG_OK) {
        return code;
    }
    const struct {
        const char *label;
        struct og_key *key;
    } uses[] = {
        {"rows", &out->seal},          {"tokens", &out->token},
        {"numbers", &out->number},     {"otp code", &out->otp},
        {"otp copy", &out->otp_seal},  {"idempotency", &out->idempotency},
        {"otp context", &out->context}, {"otp receipts", &receipt},
        {"jwt", &out->jwt},            {"audit checkpoints", &audit},
        {"codes snapshot", &out->codes}, {"texts", &out->text},
    };
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        og_key_derive(&master, uses[i].label, uses[i].key);
    }
    og_signing_key_make(&receipt, &out->receipt);
    og_signing_key_make(&audit, &out->audit);
    og_key_from_bytes(random, &once);
    og_key_derive(&once, "verified credentials", &out->cache);
    og_wipe(random, sizeof random);
    og_wipe(&master, sizeof master);
    og_wipe(&once, sizeof once);
    og_wipe(&receipt, sizeof receipt);
    og_wipe(&audit, sizeof audit);
    return OG_OK;
}
