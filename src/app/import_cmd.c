/*
 * Takes over accounts, phones, webhooks and settings of an sms-gate.app server: all in one
 * transaction, or nothing.
 */
#include "app/import_cmd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/database.h"
#include "app/options.h"
#include "base/crypto.h"
#include "base/files.h"
#include "cli/cli.h"
#include "import/dump_file.h"
#include "import/smsgate_import.h"
#include "service/audit/audit.h"
#include "store/migrate.h"

#define SHOWN_MAX 50 /* accounts in the table */

struct import_run {
    struct og_config config;
    const char *dump_path;
    bool is_dry;
    struct og_arena mem;
    struct og_services services; /* only its keys */
    struct og_smsgate_dump dump;
    struct og_findings findings;
    struct og_import_result result;
    struct og_err err;
};

static const char help[] =
    "Usage: otpgate import sms-gate --dump FILE [--dry-run] [--config FILE] [--OPTION=VALUE ...]\n"
    "\n"
    "Takes accounts, phones, webhooks and settings over from the server of sms-gate.app, out of a\n"
    "dump of its MariaDB or MySQL database. Logins and passwords keep working, and so do the\n"
    "tokens of the phones. Stop `otpgate serve` first; options and files are those of `serve`.\n"
    "\n"
    "  --dump FILE  what mariadb-dump or mysqldump wrote, plain or compressed by gzip\n"
    "  --dry-run    show what would come, and change nothing\n"
    "  --data DIR   the data folder (default: data)\n"
    "\n"
    "Rows that cannot be taken are listed by line, and then nothing at all is imported. Messages\n"
    "stay behind. docs/migrate-from-sms-gate.md leads through the whole move.\n"
    "\n"
    "  mariadb-dump --single-transaction sms > sms.sql\n"
    "  otpgate import sms-gate --dump sms.sql --dry-run\n"
    "  otpgate import sms-gate --dump sms.sql\n";

/* ---- words ---- */

static int
fail(const struct og_err *err, int exit_code)
{
    fprintf(stderr, "otpgate: %s\n", err->text[0] ? err->text : og_code_wire(err->code));
    return exit_code;
}

static int
usage(const char *what)
{
    fprintf(stderr, "otpgate: %s; `otpgate import --help` tells more\n", what);
    return OG_EXIT_USAGE;
}

static void
print_findings(const struct og_findings *findings)
{
    for (int i = 0; i < OG_FINDINGS_MAX && i < findings->count; i++) {
        const struct og_finding *item = &findings->items[i];
        fprintf(stderr, "line %lld, %s: %s\n", (long long)item->line, item->table, item->text);
    }
    if (findings->count > OG_FINDINGS_MAX) {
        fprintf(stderr, "and %lld more\n", (long long)(findings->count - OG_FINDINGS_MAX));
    }
    fprintf(stderr, "otpgate: %lld row%s cannot be taken, so nothing was imported\n",
            (long long)findings->count, findings->count == 1 ? "" : "s");
}

static void
print_account(const struct og_import_account *account)
{
    char seen[OG_TIME_TEXT_BYTES] = "-";
    if (account->last_seen_at) {
        og_time_format(account->last_seen_at, seen);
    }
    printf("%-24.*s %-24.*s %6d  %8d  %-8s  %.19s\n", (int)account->name.len, account->name.ptr,
           (int)account->login.len, account->login.ptr, account->device_count,
           account->webhook_count, account->has_settings ? "yes" : "-", seen);
}

static void
print_accounts(const struct og_import_result *result)
{
    int64_t shown = 0;
    printf("%-24s %-24s %6s  %8s  %-8s  %s\n", "ACCOUNT", "LOGIN", "PHONES", "WEBHOOKS", "SETTINGS",
           "LAST SEEN");
    for (size_t i = 0; i < result->account_count && shown < SHOWN_MAX; i++) {
        if (!result->accounts[i].is_deleted) {
            print_account(&result->accounts[i]);
            shown++;
        }
    }
    if (result->users > shown) {
        printf("and %lld more accounts\n", (long long)(result->users - shown));
    }
}

static void
print_result(const struct import_run *self)
{
    const struct og_import_result *result = &self->result;
    print_accounts(result);
    printf("\n%s: accounts %lld, phones %lld, webhooks %lld, settings %lld",
           self->is_dry ? "To import" : "Imported", (long long)result->users,
           (long long)result->devices, (long long)result->webhooks, (long long)result->settings);
    printf(result->left_out ? "; deleted rows left out: %lld\n" : "\n",
           (long long)result->left_out);
    if (self->is_dry) {
        printf("Nothing was changed.\n");
    }
}

/* ---- work ---- */

static enum og_code
read_dump(struct import_run *self)
{
    struct og_dump_file file = {0};
    enum og_code code =
        og_dump_file_open(&file, self->dump_path, OG_DUMP_MAX_BYTES, &self->err);
    if (code == OG_OK) {
        code = og_smsgate_dump_read(&file.source, &self->mem, &self->dump, &self->findings,
                                    &self->err);
    }
    og_dump_file_close(&file);
    return code;
}

/* Findings of either half keep it from being committed; a dry run is in a transaction already. */
static enum og_code
write_rows(struct import_run *self, struct og_db *db)
{
    const struct og_clock *clock = og_clock_system();
    struct og_tx tx = {db, og_now_ms(clock), og_mono_ms(clock)};
    enum og_code code = self->is_dry ? OG_OK : og_db_begin(db, true, &self->err);
    if (code == OG_OK) {
        code = og_smsgate_import(&self->services, &tx, &self->dump, &self->mem, &self->findings,
                                 &self->result, &self->err);
    }
    bool is_kept = code == OG_OK && !self->is_dry && self->findings.count == 0;
    if (is_kept && self->services.lane.audit) {
        const struct og_lane_journal *journal = og_audit_journal(self->services.lane.audit);
        code = journal->write(journal->ctx, &tx, &self->err);
    }
    if (is_kept && code == OG_OK) {
        return og_db_commit(db, &self->err);
    }
    og_db_rollback(db);
    return code;
}

static enum og_code
open_database(struct import_run *self, struct og_db **out)
{
    enum og_code code = og_dir_make(self->config.data.dir, &self->err);
    if (code == OG_OK) {
        code = og_app_db_keys(&self->config, &self->mem, &self->services.keys, &self->err);
    }
    if (code == OG_OK) {
        code = (self->is_dry ? og_app_db_try : og_app_db_open)(
            &self->config, &self->services.keys, og_now_ms(og_clock_system()), &self->mem, out,
            &self->err);
    }
    if (code == OG_OK && self->config.audit.enabled) {
        code = og_audit_create(*out, og_str_from(self->config.audit.origin),
                               self->services.keys.audit.public_key, &self->services.lane.audit,
                               &self->err);
    }
    return code;
}

/* For a dry run where there is no database yet: one in memory, under keys that are all zero. */
static enum og_code
open_scratch(struct import_run *self, struct og_db **out)
{
    const struct og_db_config config = {.path = ":memory:"};
    enum og_code code = og_db_connect(&config, out, &self->err);
    if (code == OG_OK) {
        code = og_db_begin(*out, true, &self->err);
    }
    return code == OG_OK ? og_schema_migrate_within(*out, og_now_ms(og_clock_system()), &self->err)
                         : code;
}

static enum og_code
import(struct import_run *self)
{
    struct og_db *db = NULL;
    enum og_code code = read_dump(self);
    if (code == OG_OK) {
        code = og_crypto_init(&self->err);
    }
    bool is_there = access(og_app_db_config(&self->config, &self->mem).path, F_OK) == 0;
    if (code == OG_OK) {
        code = self->is_dry && !is_there ? open_scratch(self, &db) : open_database(self, &db);
    }
    if (code == OG_OK) {
        code = write_rows(self, db);
    }
    og_db_close(db);
    return code;
}

static int
run(struct import_run *self)
{
    og_arena_init(&self->mem, 0);
    enum og_code code = import(self);
    int exit_code = OG_EXIT_OK;
    if (code != OG_OK) {
        exit_code = fail(&self->err, OG_EXIT_REFUSED);
    } else if (self->findings.count) {
        print_findings(&self->findings);
        exit_code = OG_EXIT_REFUSED;
    } else {
        print_result(self);
    }
    og_audit_destroy(self->services.lane.audit);
    og_wipe(&self->services.keys, sizeof self->services.keys);
    og_arena_finish(&self->mem);
    return exit_code;
}

/* ---- command line ---- */

/* Takes our own words out of argv; the rest is for the configuration. NULL, or what is wrong. */
static const char *
take_words(struct import_run *self, int *argc, char **argv)
{
    int kept = 1;
    for (int i = 2; i < *argc; i++) {
        if (strcmp(argv[i], "--dry-run") == 0) {
            self->is_dry = true;
        } else if (strncmp(argv[i], "--dump=", 7) == 0) {
            self->dump_path = argv[i] + 7;
        } else if (strcmp(argv[i], "--dump") == 0) {
            if (i + 1 == *argc) {
                return "--dump needs a file";
            }
            self->dump_path = argv[++i];
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return self->dump_path ? NULL : "--dump FILE is missing";
}

static bool
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int
og_import_main(int argc, char **argv)
{
    struct import_run self = {0};
    int exit_code;
    if (wants_help(argc, argv)) {
        fputs(help, stdout);
        return OG_EXIT_OK;
    }
    if (argc < 2 || strcmp(argv[1], "sms-gate") != 0) {
        return usage("import what? There is sms-gate");
    }
    const char *wrong = take_words(&self, &argc, argv);
    if (wrong) {
        return usage(wrong);
    }
    if (!og_app_options(argc, argv, help, &self.config, &exit_code)) {
        return exit_code;
    }
    exit_code = run(&self);
    og_config_finish(&self.config);
    return exit_code;
}
