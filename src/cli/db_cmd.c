/*
 * `otpgate db`: looks at the database file without changing it; fine while the server runs.
 */
#include <unistd.h>

#include "cli/cli_priv.h"
#include "store/db.h"
#include "store/migrate.h"

#define JSON_BYTES_MAX 65536

static enum og_code
open_database(struct og_cli *cli, struct og_db **out, struct og_err *err)
{
    const char *file = og_args_value(&cli->args, "file");
    const struct og_db_config config = {
        .path = file ? file : og_str_printf(&cli->mem, "%s/otpgate.db", cli->data_dir).ptr,
        .read_only = true,
    };
    if (access(config.path, R_OK) != 0) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "there is no database at %s", config.path);
    }
    return og_db_connect(&config, out, err);
}

static int
fail(struct og_cli *cli, const struct og_err *err)
{
    fprintf(cli->err, "otpgate: %s\n", err->text);
    return OG_EXIT_REFUSED;
}

/* One JSON line on standard output. */
static void
print_json(struct og_cli *cli, void (*write)(struct og_json_writer *w, const void *facts),
           const void *facts)
{
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, JSON_BYTES_MAX);
    og_json_begin(&w, &out);
    og_json_object(&w, NULL);
    write(&w, facts);
    og_json_end(&w);
    fprintf(cli->out, "%" OG_STR_FMT "\n", OG_STR_ARG(og_buf_str(&out)));
    og_buf_finish(&out);
}

struct findings {
    const char *fault; /* "" : none */
    int schema;
};

static void
write_findings(struct og_json_writer *w, const void *facts)
{
    const struct findings *found = facts;
    og_json_add_bool(w, "sound", found->fault[0] == '\0');
    og_json_add_i64(w, "schema", found->schema);
    og_json_add_cstr(w, "fault", found->fault[0] ? found->fault : NULL);
}

static void
write_backup(struct og_json_writer *w, const void *facts)
{
    og_json_add_cstr(w, "file", facts);
}

static int
run_check(struct og_cli *cli)
{
    struct og_db *db = NULL;
    struct og_err err = {0};
    struct og_str fault = OG_STR("");
    int schema = 0;
    enum og_code code = open_database(cli, &db, &err);
    if (code == OG_OK) {
        code = og_schema_current(db, &schema, &err);
    }
    if (code == OG_OK) {
        code = og_db_check(db, &cli->mem, &fault, &err);
    }
    og_db_close(db);
    if (code != OG_OK) {
        return fail(cli, &err);
    }
    const struct findings found = {og_str_cstr(&cli->mem, fault), schema};
    if (cli->json) {
        print_json(cli, write_findings, &found);
    } else if (fault.len == 0) {
        fprintf(cli->out, "sound, schema %d\n", schema);
    } else {
        fprintf(cli->out, "damaged: %s\n", found.fault);
    }
    return fault.len == 0 ? OG_EXIT_OK : OG_EXIT_REFUSED;
}

static int
run_backup(struct og_cli *cli)
{
    struct og_db *db = NULL;
    struct og_err err = {0};
    const char *to = cli->args.words[0];
    enum og_code code = open_database(cli, &db, &err);
    if (code == OG_OK) {
        code = og_db_backup(db, to, &err);
    }
    og_db_close(db);
    if (code != OG_OK) {
        return fail(cli, &err);
    }
    if (cli->json) {
        print_json(cli, write_backup, to);
    } else {
        fprintf(cli->out,
                "wrote %s\nKeep the server's key (%s/master.key) with it: without the key nothing "
                "sealed can be read.\n",
                to, cli->data_dir);
    }
    return OG_EXIT_OK;
}

static const struct og_arg_option db_options[] = {
    {"data", "DIR", "the server's data folder (OTPGATE_DATA_DIR, else data)"},
    {"file", "PATH", "the database file, if it is elsewhere"},
    {NULL, NULL, NULL},
};

const struct og_command og_db_commands[] = {
    {"db check", "", "say whether the database is sound",
     "Reads the whole file, also while the server runs. Exit code 2 when it is damaged.\n"
     "\n"
     "  otpgate db check\n",
     OG_CLI_NOBODY, 0, 0, db_options, run_check},
    {"db backup", "FILE", "write a consistent copy",
     "Writes a copy to a new file, also while the server runs.\n"
     "\n"
     "  otpgate db backup /var/backups/otpgate-$(date +%F).db\n",
     OG_CLI_NOBODY, 1, 1, db_options, run_backup},
    {NULL},
};
