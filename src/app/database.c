/*
 * Database and key are two files that are of no use without each other.
 */
#include "app/database.h"

#include <unistd.h>

#include "app/keys.h"
#include "store/meta_store.h"
#include "store/migrate.h"

static const char *
key_file(const struct og_config *config, struct og_arena *mem)
{
    return og_str_printf(mem, "%s/master.key", config->data.dir).ptr;
}

struct og_db_config
og_app_db_config(const struct og_config *config, struct og_arena *mem)
{
    return (struct og_db_config){
        .path = config->store.url[0] ? config->store.url
                                     : og_str_printf(mem, "%s/otpgate.db", config->data.dir).ptr,
        .checkpoint_pages = config->store.checkpoint_pages,
    };
}

/* A new key beside an old database would lock every credential out without a word. */
enum og_code
og_app_db_keys(const struct og_config *config, struct og_arena *mem, struct og_keys *out,
               struct og_err *err)
{
    const char *key = key_file(config, mem), *database = og_app_db_config(config, mem).path;
    bool is_lost = access(key, F_OK) != 0 && access(database, F_OK) == 0;
    return is_lost ? og_fail(err, OG_E_NOT_FOUND, "",
                             "%s is there, but not the key that it was made with: restore %s",
                             database, key)
                   : og_app_keys_load(key, out, err);
}

/* With another key nothing sealed could be read, and every credential would count as wrong. */
static enum og_code
check_key(const struct og_config *config, const struct og_keys *keys, struct og_db *db,
          struct og_arena *mem, struct og_err *err)
{
    struct og_str ours = og_str_printf(mem, "%08x", keys->seal.id), its;
    enum og_code code = og_meta_claim(db, OG_STR("key"), ours, mem, &its, err);
    return code != OG_OK || og_str_eq(ours, its)
               ? code
               : og_fail(err, OG_E_CONFLICT, "",
                         "%s was made with another key than %s: restore the one that belongs to it",
                         og_app_db_config(config, mem).path, key_file(config, mem));
}

static enum og_code
give_up(struct og_db **db, enum og_code code)
{
    if (*db) {
        og_db_rollback(*db);
        og_db_close(*db);
        *db = NULL;
    }
    return code;
}

enum og_code
og_app_db_open(const struct og_config *config, const struct og_keys *keys, int64_t now_ms,
               struct og_arena *mem, struct og_db **out, struct og_err *err)
{
    struct og_db_config db_config = og_app_db_config(config, mem);
    *out = NULL;
    enum og_code code = og_db_connect(&db_config, out, err);
    if (code == OG_OK) {
        code = og_schema_migrate(*out, now_ms, err);
    }
    if (code == OG_OK) {
        code = og_db_begin(*out, true, err);
    }
    if (code == OG_OK) {
        code = check_key(config, keys, *out, mem, err);
    }
    if (code == OG_OK) {
        code = og_db_commit(*out, err);
    }
    return code == OG_OK ? OG_OK : give_up(out, code);
}

enum og_code
og_app_db_try(const struct og_config *config, const struct og_keys *keys, int64_t now_ms,
              struct og_arena *mem, struct og_db **out, struct og_err *err)
{
    struct og_db_config db_config = og_app_db_config(config, mem);
    *out = NULL;
    enum og_code code = og_db_connect(&db_config, out, err);
    if (code == OG_OK) {
        code = og_db_begin(*out, true, err);
    }
    if (code == OG_OK) {
        code = og_schema_migrate_within(*out, now_ms, err);
    }
    if (code == OG_OK) {
        code = check_key(config, keys, *out, mem, err);
    }
    return code == OG_OK ? OG_OK : give_up(out, code);
}
