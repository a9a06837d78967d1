/*
 * Accounts, their credentials and the one-time codes with which phones join, as rows. All functions
 * run in a lane with its connection; structs filled here have their strings in the arena given.
 */
#pragma once

#include "store/db.h"

struct og_account {
    struct og_str id;
    struct og_str name;  /* unique */
    struct og_str brand; /* "" : none */
    struct og_str login; /* of its Basic credential; only filled when read */
    bool custom_code;    /* may choose codes itself */
    bool sandbox;        /* its messages go to no phone, but to an inbox */
    int64_t created_at;
    int64_t disabled_at; /* 0: enabled */
};

enum og_credential_kind {
    OG_CREDENTIAL_BASIC,    /* login and an argon2id or imported bcrypt hash; one per account */
    OG_CREDENTIAL_API_KEY,  /* keyed digest of the key */
    OG_CREDENTIAL_JOIN,     /* keyed digest, and a sealed copy to show again; one per account */
    OG_CREDENTIAL_OPERATOR, /* keyed digest; of no account */
};

struct og_credential {
    struct og_str id;
    struct og_str account_id; /* "" : the operator's */
    enum og_credential_kind kind;
    struct og_str login;  /* of OG_CREDENTIAL_BASIC */
    struct og_str secret; /* hash or digest */
    struct og_str sealed; /* box of base/crypto.h, "" : none */
    struct og_str scopes; /* names, as in service/account/scope.h */
    struct og_str label;  /* for people, "" */
    int64_t created_at;
    int64_t expires_at;  /* 0: never */
    int64_t disabled_at; /* 0: works */
};

/* Errors: OG_E_CONFLICT "name" when it is taken. */
OG_MUST_CHECK enum og_code og_account_insert(struct og_db *db, const struct og_account *account,
                                             struct og_err *err);
/* By id, or by name. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_account_find(struct og_db *db, struct og_str id_or_name,
                                           struct og_arena *mem, struct og_account *out,
                                           struct og_err *err);
/* account_id "" : all. Oldest first. */
OG_MUST_CHECK enum og_code og_account_list(struct og_db *db, struct og_str account_id,
                                           struct og_arena *mem, struct og_account **items_out,
                                           int *count_out, struct og_err *err);

/* What to change; the rest stays. */
struct og_account_change {
    struct og_str brand; /* "" : none */
    bool custom_code;
    bool sandbox;
    bool disabled;
    bool has_brand, has_custom_code, has_sandbox, has_disabled;
};
/* OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_account_update(struct og_db *db, struct og_str id,
                                             const struct og_account_change *change,
                                             int64_t now_ms, struct og_err *err);

/* Errors: OG_E_CONFLICT "login" when the login, or the digest, is taken. */
OG_MUST_CHECK enum og_code og_credential_insert(struct og_db *db, const struct og_credential *c,
                                                struct og_err *err);
/*
 * With its account (zeroed for the operator's). Disabled and expired ones are found too: the caller
 * judges. OG_E_NOT_FOUND.
 */
OG_MUST_CHECK enum og_code og_credential_by_login(struct og_db *db, struct og_str login,
                                                  struct og_arena *mem, struct og_credential *out,
                                                  struct og_account *account_out,
                                                  struct og_err *err);
OG_MUST_CHECK enum og_code og_credential_by_digest(struct og_db *db, struct og_str digest,
                                                   struct og_arena *mem, struct og_credential *out,
                                                   struct og_account *account_out,
                                                   struct og_err *err);
/* The newest working one of a kind, account_id "" for the operator's. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_credential_of_kind(struct og_db *db, struct og_str account_id,
                                                 enum og_credential_kind kind,
                                                 struct og_arena *mem, struct og_credential *out,
                                                 struct og_err *err);
/* All of a kind in an account, oldest first, also those that no longer work. */
OG_MUST_CHECK enum og_code og_credential_list(struct og_db *db, struct og_str account_id,
                                              enum og_credential_kind kind, struct og_arena *mem,
                                              struct og_credential **items_out, int *count_out,
                                              struct og_err *err);
/* Another hash for the account's Basic credential; gives its login. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_credential_new_hash(struct og_db *db, struct og_str account_id,
                                                  struct og_str hash, struct og_arena *mem,
                                                  struct og_str *login_out, struct og_err *err);
/* The same for one credential, where its hash is still `old_hash`; no row is no error: it was
 * changed meanwhile. */
OG_MUST_CHECK enum og_code og_credential_replace_hash(struct og_db *db, struct og_str id,
                                                      struct og_str old_hash,
                                                      struct og_str hash, struct og_err *err);
/* One credential stops working; account_id "" : of whichever account. *done_out false: none
 * worked. */
OG_MUST_CHECK enum og_code og_credential_disable(struct og_db *db, struct og_str account_id,
                                                 struct og_str id, enum og_credential_kind kind,
                                                 int64_t now_ms, bool *done_out,
                                                 struct og_err *err);
/* All of a kind stop working. */
OG_MUST_CHECK enum og_code og_credential_disable_kind(struct og_db *db, struct og_str account_id,
                                                      enum og_credential_kind kind, int64_t now_ms,
                                                      struct og_err *err);

/* Those that still work; those that do not are deleted first. */
OG_MUST_CHECK enum og_code og_login_code_count(struct og_db *db, struct og_str account_id,
                                               int64_t now_ms, int *out, struct og_err *err);
/* Errors: OG_E_CONFLICT when the same code is out. */
OG_MUST_CHECK enum og_code og_login_code_insert(struct og_db *db, struct og_str digest,
                                                struct og_str account_id, int64_t expires_at,
                                                struct og_err *err);
/* Use up a code. OG_E_NOT_FOUND when there is none, it was used, or its time is over. */
OG_MUST_CHECK enum og_code og_login_code_spend(struct og_db *db, struct og_str digest,
                                               int64_t now_ms, struct og_arena *mem,
                                               struct og_str *account_id_out, struct og_err *err);
