/*
 * From options to a store of codes. A snapshot that cannot be used is reported and costs users a
 * retry; a store that refuses us ends the start, since nothing but the operator can mend that.
 */
#include "app/app_codes.h"

#include "app/app_settings.h"
#include "app/password.h"
#include "base/files.h"
#include "base/log.h"
#include "codes/code_snapshot.h"
#include "codes/code_store_memcached.h"
#include "codes/code_store_memory.h"
#include "codes/code_store_redis.h"
#include "codes/count_store.h"

#define SHARED_SECRET_MIN_CHARS 16
#define RECORD_BYTES 400 /* of a code in memory, with room to spare */

/* ---- counts that gateways share ---- */

/* The key that all gateways make of their secret, and a mark of it that tells nothing of it.
 * mark "": nothing is shared */
static enum og_code
read_shared(const struct og_config_abuse *abuse, struct og_key *key,
            char mark[OG_COUNT_MARK_CHARS + 1], struct og_err *err)
{
    struct og_secret secret = {0};
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_key root, mark_key;
    mark[0] = '\0';
    if (!abuse->shared) {
        return OG_OK;
    }
    enum og_code code = og_app_password("abuse.shared_secret_file", abuse->shared_secret,
                                        abuse->shared_secret_file, &secret, err);
    if (code == OG_OK && secret.len < SHARED_SECRET_MIN_CHARS) {
        code = og_fail(err, OG_E_INVALID,
                       abuse->shared_secret[0] ? "abuse.shared_secret" : "abuse.shared_secret_file",
                       "the secret of abuse.shared must have at least %d characters",
                       SHARED_SECRET_MIN_CHARS);
    }
    if (code == OG_OK) {
        og_sha256(og_secret_str(&secret), digest);
        og_key_from_bytes(digest, &root);
        og_key_derive(&root, "abuse-shared", key);
        og_key_derive(&root, "abuse-mark", &mark_key);
        og_hex(mark_key.bytes, OG_COUNT_MARK_CHARS / 2, mark);
        og_wipe(&root, sizeof root);
        og_wipe(&mark_key, sizeof mark_key);
        og_wipe(digest, sizeof digest);
    }
    og_secret_finish(&secret);
    return code;
}

/* ---- stores ---- */

static struct og_code_snapshot
snapshot_of(const char *file, const struct og_services *svc)
{
    return (struct og_code_snapshot){file, &svc->keys.codes, svc->clock};
}

static void
restore(const char *file, struct og_services *svc)
{
    const struct og_code_snapshot snapshot = snapshot_of(file, svc);
    struct og_err why = {0};
    int64_t count = 0;
    const enum og_code code = og_code_snapshot_load(&snapshot, svc->codes, &count, &why);
    if (code == OG_OK) {
        og_log_info("app", "codes outlived the restart", "count=%lld", (long long)count);
    } else if (code != OG_E_NOT_FOUND) {
        og_log_warn("app", "the snapshot of codes is not used", "file=%s reason=%s",
                    og_log_quote(og_str_from(file)), og_log_quote(og_str_from(why.text)));
    }
}

static enum og_code
open_memory(const struct og_config *config, const char *snapshot_file, struct og_services *svc)
{
    const struct og_code_memory_config memory = {
        .entries_max = config->otp.store_entries_max,
        .bytes_max = (int64_t)config->otp.store_entries_max * RECORD_BYTES,
        .clock = svc->clock,
    };
    svc->codes = og_code_memory_create(&memory);
    restore(snapshot_file, svc);
    return OG_OK;
}

static enum og_code
open_redis(const struct og_config *config, const char *mark, struct og_services *svc,
           struct og_err *err)
{
    static const enum og_code_redis_mode modes[] = {
        [OG_CONFIG_REDIS_DIRECT] = OG_CODE_REDIS_DIRECT,
        [OG_CONFIG_REDIS_SENTINEL] = OG_CODE_REDIS_SENTINEL,
        [OG_CONFIG_REDIS_CLUSTER] = OG_CODE_REDIS_CLUSTER,
    };
    const struct og_config_redis *from = &config->redis;
    struct og_secret password = {0};
    struct og_arena mem;
    og_arena_init(&mem, 0);
    enum og_code code =
        og_app_password("redis.password_file", from->password, from->password_file,
                        &password, err);
    if (code == OG_OK) {
        const struct og_code_redis_config redis = {
            .mode = modes[from->mode],
            .addresses = og_app_texts(&from->addresses, &mem),
            .master_name = from->master,
            .user = og_app_text(from->user),
            .password = og_app_text(password.bytes),
            .db = from->db,
            .prefix = config->otp.store_prefix,
            .mark = og_app_text(mark),
            .clock = svc->clock,
        };
        code = og_code_redis_create(&redis, &svc->codes, err);
    }
    og_secret_finish(&password);
    og_arena_finish(&mem);
    return code;
}

static enum og_code
open_memcached(const struct og_config *config, const char *mark, struct og_services *svc,
               struct og_err *err)
{
    const struct og_config_memcached *from = &config->memcached;
    struct og_secret password = {0};
    struct og_arena mem;
    og_arena_init(&mem, 0);
    enum og_code code =
        og_app_password("memcached.password_file", from->password,
                        from->password_file, &password, err);
    if (code == OG_OK) {
        const struct og_code_memcached_config memcached = {
            .servers = og_app_texts(&from->servers, &mem),
            .user = og_app_text(from->user),
            .password = og_app_text(password.bytes),
            .prefix = config->otp.store_prefix,
            .mark = og_app_text(mark),
            .is_strict = config->abuse.strict_limits,
            .thread_count = from->threads,
            .clock = svc->clock,
        };
        code = og_code_memcached_create(&memcached, &svc->codes, err);
    }
    og_secret_finish(&password);
    og_arena_finish(&mem);
    return code;
}

/* ---- life ---- */

enum og_code
og_app_codes_open(const struct og_config *config, const char *snapshot_file,
                  struct og_services *svc, struct og_err *err)
{
    char mark[OG_COUNT_MARK_CHARS + 1];
    const enum og_code code = read_shared(&config->abuse, &svc->keys.shared, mark, err);
    if (code != OG_OK) {
        return code;
    }
    switch (config->otp.store) {
    case OG_CONFIG_OTP_REDIS:
        return open_redis(config, mark, svc, err);
    case OG_CONFIG_OTP_MEMCACHED:
        return open_memcached(config, mark, svc, err);
    default:
        return open_memory(config, snapshot_file, svc);
    }
}

void
og_app_codes_settle(struct og_services *svc)
{
    if (svc->codes && svc->codes->settle) {
        svc->codes->settle(svc->codes);
    }
}

static void
save(const char *file, struct og_services *svc)
{
    const struct og_code_snapshot snapshot = snapshot_of(file, svc);
    struct og_err err = {0};
    int64_t count = 0;
    if (og_code_snapshot_save(&snapshot, svc->codes, &count, &err) != OG_OK) {
        og_log_error("app", "codes are lost with this stop", "count=%lld reason=%s",
                     (long long)count, og_log_quote(og_str_from(err.text)));
    }
}

void
og_app_codes_close(const struct og_config *config, const char *snapshot_file,
                   struct og_services *svc)
{
    if (!svc->codes) {
        return;
    }
    if (config->otp.store == OG_CONFIG_OTP_MEMORY) {
        save(snapshot_file, svc);
    }
    svc->codes->destroy(svc->codes);
    svc->codes = NULL;
}
