/*
 * The operator's credential is made before anything runs, so this opens its own transaction. The
 * file is written before the commit: a crash between leaves a file that the next start writes
 * anew.
 */
#include "base/files.h"
#include "base/id.h"
#include "service/account/account_service.h"
#include "service/audit/tell.h"

#define FILE_MODE 0600

static enum og_code
write_file(const char *path, const struct og_secret *token, struct og_err *err)
{
    struct og_buf text;
    og_buf_init(&text, OG_SECRET_MAX_BYTES + 1);
    og_buf_add(&text, og_secret_str(token));
    og_buf_add_byte(&text, '\n');
    enum og_code code = og_file_write(path, og_buf_str(&text), FILE_MODE, err);
    og_buf_finish(&text);
    return code;
}

static enum og_code
make_operator(struct og_services *svc, struct og_db *db, int64_t now_ms, const char *file,
              struct og_secret *token, struct og_err *err)
{
    char id[OG_ID_BYTES], digest[OG_DIGEST_HEX_CHARS + 1], scopes[OG_SCOPES_TEXT_BYTES];
    enum og_code code = og_credential_disable_kind(db, OG_STR(""), OG_CREDENTIAL_OPERATOR, now_ms,
                                                   err);
    if (code == OG_OK) {
        code = og_token_draw(svc->rng, OG_OPERATOR_PREFIX, token, err);
    }
    if (code != OG_OK) {
        return code;
    }
    og_id_make(now_ms, id);
    og_token_digest(&svc->keys, OG_TOKEN_CREDENTIAL, og_secret_str(token), digest);
    og_scopes_write(OG_SCOPE_ALL, scopes);
    const struct og_credential c = {
        .id = og_str_from(id),
        .kind = OG_CREDENTIAL_OPERATOR,
        .secret = og_str_from(digest),
        .scopes = og_str_from(scopes),
        .created_at = now_ms,
    };
    og_audit_change(svc, OG_AUDIT_ADMIN_CREDENTIAL, OG_STR(""), c.id, "operator_made");
    code = og_credential_insert(db, &c, err);
    return code == OG_OK ? write_file(file, token, err) : code;
}

enum og_code
og_operator_ensure(struct og_services *svc, struct og_db *db, int64_t now_ms, const char *file,
                   bool renew, bool *made_out, struct og_secret *token_out, struct og_err *err)
{
    struct og_arena mem;
    struct og_credential found;
    *made_out = false;
    enum og_code code = og_db_begin(db, true, err);
    if (code != OG_OK) {
        return code;
    }
    og_arena_init(&mem, 0);
    code = og_credential_of_kind(db, OG_STR(""), OG_CREDENTIAL_OPERATOR, &mem, &found, err);
    og_arena_finish(&mem);
    bool must_make = code == OG_E_NOT_FOUND || (code == OG_OK && renew);
    if (must_make) {
        code = make_operator(svc, db, now_ms, file, token_out, err);
    }
    if (code == OG_OK && must_make) {
        code = og_db_commit(db, err);
    }
    if (code != OG_OK || !must_make) {
        og_db_rollback(db);
    }
    *made_out = code == OG_OK && must_make;
    if (!*made_out) {
        og_secret_finish(token_out);
    }
    return code;
}
