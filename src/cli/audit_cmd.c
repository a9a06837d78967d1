/*
 * `otpgate audit`: reads the log from the database file, beside a running server or without one.
 * Nothing here changes it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/format.h"
#include "audit/verify.h"
#include "base/files.h"
#include "cli/audit_out.h"
#include "cli/cli_priv.h"
#include "store/audit_store.h"

#define CHECKPOINT_FILE_MAX (64 * 1024 * 1024)
#define STEP_ROWS 500
#define LINES_MAX (STEP_ROWS * OG_AUDIT_FORMAT_MAX)
#define POLL_MS 500
#define WAIT_MIN_MS 1000
#define WAIT_MAX_MS 30000
#define TAIL_LINES 10

/* ---- what all need ---- */

static const char *
path_of(struct og_cli *cli, const char *option, const char *name)
{
    const char *given = og_args_value(&cli->args, option);
    return given ? given : og_str_printf(&cli->mem, "%s/%s", cli->data_dir, name).ptr;
}

static int
fail(struct og_cli *cli, const struct og_err *err)
{
    fprintf(cli->err, "otpgate: %s\n", err->text);
    return OG_EXIT_REFUSED;
}

static enum og_code
open_database(struct og_cli *cli, struct og_db **out, struct og_err *err)
{
    const struct og_db_config config = {.path = path_of(cli, "file", "otpgate.db"),
                                        .read_only = true};
    if (access(config.path, R_OK) != 0) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "there is no database at %s", config.path);
    }
    return og_db_connect(&config, out, err);
}

/* ---- verify ---- */

struct checkpoints {
    struct og_audit_checkpoint *items;
    int count;
};

/* The key itself, or the file that holds it. */
static enum og_code
read_key(struct og_cli *cli, struct og_audit_key *out, struct og_err *err)
{
    struct og_buf text;
    const char *given = path_of(cli, "key", "audit-key.pub");
    if (strchr(given, '+') && access(given, F_OK) != 0) {
        return og_audit_key_read(og_str_from(given), out, err);
    }
    og_buf_init(&text, 1024);
    enum og_code code = og_file_read(given, &text, err);
    if (code == OG_OK) {
        code = og_audit_key_read(og_buf_str(&text), out, err);
    }
    og_buf_finish(&text);
    return code;
}

static enum og_code
parse_checkpoints(struct og_cli *cli, struct og_str text, const struct og_audit_key *key,
                  struct checkpoints *out, struct og_err *err)
{
    struct og_err cause = {0};
    size_t room = 0, used = 0;
    for (size_t i = 0; i < text.len; i++) {
        room += text.ptr[i] == '\n';
    }
    out->items = OG_ARENA_ARRAY(&cli->mem, struct og_audit_checkpoint, room + 1);
    while (text.len > 0) {
        if (og_audit_checkpoint_read(text, key, &out->items[out->count], &used, &cause) != OG_OK) {
            return og_fail(err, OG_E_INVALID, "", "checkpoint %d: %s", out->count + 1,
                           cause.text);
        }
        out->count++;
        text = og_str_slice(text, used, text.len);
    }
    return OG_OK;
}

/* Before the rows: one that is written meanwhile then counts no more than they do. */
static enum og_code
read_checkpoints(struct og_cli *cli, struct checkpoints *out, struct og_err *err)
{
    struct og_audit_key key;
    struct og_buf text;
    const char *path = path_of(cli, "checkpoints", "audit-checkpoints");
    if (access(path, F_OK) != 0 && !og_args_has(&cli->args, "checkpoints")) {
        return OG_OK;
    }
    og_buf_init(&text, CHECKPOINT_FILE_MAX);
    enum og_code code = og_file_read(path, &text, err);
    if (code == OG_OK) {
        code = read_key(cli, &key, err);
    }
    if (code == OG_OK) {
        code = parse_checkpoints(cli, og_buf_str(&text), &key, out, err);
    }
    og_buf_finish(&text);
    return code;
}

struct check {
    struct og_audit_verifier verifier;
    struct og_audit_fault fault;
    bool is_sound;
};

static bool
check_row(void *ctx, const struct og_audit_row *row)
{
    struct check *self = ctx;
    self->is_sound = og_audit_verifier_add(&self->verifier, row->seq, row->hash, row->line,
                                           &self->fault);
    return self->is_sound;
}

/* Where retention has removed entries the log begins with a signed note. */
static enum og_code
check_start(struct og_cli *cli, struct og_db *db, struct check *check, struct og_err *err)
{
    struct og_audit_start_row row;
    struct og_audit_chain start;
    struct og_audit_key key;
    enum og_code code = og_audit_start_read(db, &cli->mem, &row, err);
    if (code != OG_OK || row.chain.size == 0) {
        return code;
    }
    if (!og_audit_chain_restore(&start, row.chain.size, row.chain.last, row.chain.peaks)) {
        return og_fail(err, OG_E_INVALID, "", "the start of the log is damaged");
    }
    code = read_key(cli, &key, err);
    if (code == OG_OK) {
        check->is_sound = og_audit_verifier_start(&check->verifier, &start, row.note, &key,
                                                  &check->fault);
    }
    return code;
}

static enum og_code
check_rows(struct og_cli *cli, struct og_db *db, struct check *check, struct og_err *err)
{
    struct og_audit_head stored;
    struct og_audit_chain head = {0};
    enum og_code code = check_start(cli, db, check, err);
    if (code == OG_OK && check->is_sound) {
        code = og_audit_each(db, INT64_MIN, INT64_MAX, check_row, check, err);
    }
    if (code != OG_OK || !check->is_sound) {
        return code;
    }
    code = og_audit_head_read(db, &cli->mem, &stored, err);
    if (code == OG_OK && stored.size != 0 &&
        !og_audit_chain_restore(&head, stored.size, stored.last, stored.peaks)) {
        return og_fail(err, OG_E_INVALID, "", "the head of the log is damaged");
    }
    if (code == OG_OK) {
        check->is_sound = og_audit_verifier_end(&check->verifier, &head, &check->fault);
    }
    return code;
}

static int
show_verdict(struct og_cli *cli, const struct check *check, int checkpoint_count)
{
    const struct og_audit_verifier *v = &check->verifier;
    long long entries = (long long)v->chain.size;
    long long covered =
        checkpoint_count ? (long long)v->checkpoints[checkpoint_count - 1].size : 0;
    if (!check->is_sound) {
        fprintf(cli->json ? cli->out : cli->err,
                cli->json ? "{\"sound\":false,\"entry\":%lld,\"fault\":\"%s\"}\n"
                          : "entry %lld %s\n",
                (long long)check->fault.seq, check->fault.text);
        return OG_EXIT_REFUSED;
    }
    fprintf(cli->out,
            cli->json ? "{\"sound\":true,\"entries\":%lld,\"checkpoints\":%d,\"covered\":%lld,"
                        "\"removed\":%lld}\n"
                      : "sound: %lld entries, %d checkpoints; the last one covers entry %lld and "
                        "those before it\n",
            entries, checkpoint_count, covered, (long long)v->start.size);
    if (v->start.size > 0 && !cli->json) {
        fprintf(cli->out, "retention has removed those up to entry %lld, as is signed\n",
                (long long)v->start.size);
    }
    return OG_EXIT_OK;
}

static int
run_verify(struct og_cli *cli)
{
    struct check check = {.is_sound = true};
    struct checkpoints checkpoints = {0};
    struct og_db *db = NULL;
    struct og_err err = {0};
    enum og_code code = read_checkpoints(cli, &checkpoints, &err);
    if (code == OG_OK) {
        code = open_database(cli, &db, &err);
    }
    og_audit_verifier_init(&check.verifier, checkpoints.items, checkpoints.count);
    if (code == OG_OK) {
        code = og_db_begin(db, false, &err);
    }
    if (code == OG_OK) {
        code = check_rows(cli, db, &check, &err);
        og_db_rollback(db);
    }
    og_db_close(db);
    int exit_code = code == OG_OK ? show_verdict(cli, &check, checkpoints.count) : fail(cli, &err);
    og_audit_verifier_finish(&check.verifier);
    return exit_code;
}

/* ---- export and tail ---- */

struct export {
    struct og_cli *cli;
    struct og_db *db;
    struct og_audit_out *out;
    enum og_audit_format format;
    struct og_audit_source source;
    struct og_arena mem; /* of one step */
    struct og_buf lines; /* of one step */
    int64_t sent;        /* the last entry that went out */
    int64_t read;        /* the last entry in `lines` */
    const char *cursor_file; /* NULL: none */
    bool follows;
};

static volatile sig_atomic_t is_stopping;

static void
on_signal(int number)
{
    (void)number;
    is_stopping = 1;
}

static void
pause_ms(int ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL); /* a signal ends it early */
}

/* Entries that cannot be read are not exported: verify tells of them. */
static bool
add_row(void *ctx, const struct og_audit_row *row)
{
    struct export *self = ctx;
    struct og_audit_entry entry;
    struct og_err err;
    if (og_audit_entry_read(row->line, &self->mem, &entry, &err) == OG_OK) {
        og_audit_format_write(self->format, &self->source, &entry, row->line, &self->lines);
    }
    self->read = row->seq;
    return !self->lines.full;
}

static enum og_code
save_cursor(struct export *self, struct og_err *err)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld\n", (long long)self->sent);
    return self->cursor_file
               ? og_file_write(self->cursor_file, (struct og_str){text, (size_t)len}, 0600, err)
               : OG_OK;
}

/* Until it is taken, when we follow; once otherwise. */
static enum og_code
send_lines(struct export *self, struct og_err *err)
{
    int wait_ms = WAIT_MIN_MS;
    enum og_code code = og_audit_out_send(self->out, og_buf_str(&self->lines), err);
    while (code == OG_E_UNAVAILABLE && self->follows && !is_stopping) {
        fprintf(self->cli->err, "otpgate: %s; again in %d s\n", err->text, wait_ms / 1000);
        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < WAIT_MAX_MS ? wait_ms * 2 : WAIT_MAX_MS;
        code = og_audit_out_send(self->out, og_buf_str(&self->lines), err);
    }
    return code;
}

/* The next entries. *more_out: there were some. */
static enum og_code
step(struct export *self, bool *more_out, struct og_err *err)
{
    og_arena_reset(&self->mem);
    og_buf_clear(&self->lines);
    self->read = self->sent;
    enum og_code code = og_audit_each(self->db, self->sent, STEP_ROWS, add_row, self, err);
    *more_out = self->read > self->sent;
    if (code == OG_OK && self->lines.len > 0) {
        code = send_lines(self, err);
    }
    if (code == OG_OK && *more_out) {
        self->sent = self->read;
        code = save_cursor(self, err);
    }
    return code;
}

static enum og_code
run_steps(struct export *self, struct og_err *err)
{
    enum og_code code = OG_OK;
    bool more = true;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    while (code == OG_OK && !is_stopping && (more || self->follows)) {
        code = step(self, &more, err);
        if (code == OG_OK && !more && self->follows) {
            pause_ms(POLL_MS);
        }
    }
    return code;
}

static enum og_code
read_cursor(struct export *self, struct og_err *err)
{
    struct og_buf text;
    if (!self->cursor_file || access(self->cursor_file, F_OK) != 0) {
        return OG_OK;
    }
    og_buf_init(&text, 64);
    enum og_code code = og_file_read(self->cursor_file, &text, err);
    struct og_str number = og_str_slice(og_buf_str(&text), 0, og_str_find(og_buf_str(&text), '\n'));
    if (code == OG_OK && (!og_str_to_i64(number, &self->sent) || self->sent < 0)) {
        code = og_fail(err, OG_E_INVALID, "cursor", "%s holds no number", self->cursor_file);
    }
    og_buf_finish(&text);
    return code;
}

static enum og_code
read_format(struct export *self, struct og_err *err)
{
    const char *word = og_args_value(&self->cli->args, "format");
    return !word || og_audit_format_find(og_str_from(word), &self->format)
               ? OG_OK
               : og_fail(err, OG_E_INVALID, "format",
                         "--format is json, syslog, cef, ecs, hec or emf");
}

static int
run_with(struct export *self)
{
    struct og_err err = {0};
    char host[256] = "";
    (void)!gethostname(host, sizeof host - 1);
    self->source = (struct og_audit_source){host, OG_VERSION};
    og_arena_init(&self->mem, 0);
    og_buf_init(&self->lines, LINES_MAX);
    enum og_code code = run_steps(self, &err);
    og_buf_finish(&self->lines);
    og_arena_finish(&self->mem);
    return code == OG_OK ? OG_EXIT_OK : fail(self->cli, &err);
}

static enum og_code
prepare_export(struct export *self, struct og_err *err)
{
    struct og_cli *cli = self->cli;
    const struct og_audit_out_config to = {
        .to = og_args_value(&cli->args, "to"),
        .ca_file = og_args_value(&cli->args, "ca"),
        .token = getenv("OTPGATE_SPLUNK_TOKEN"),
    };
    int64_t from = 0;
    self->cursor_file = og_args_value(&cli->args, "cursor");
    enum og_code code = read_format(self, err);
    if (code == OG_OK) {
        code = og_args_int(&cli->args, "from", 1, INT64_MAX, &from, err);
    }
    if (code == OG_OK) {
        code = read_cursor(self, err);
    }
    if (from > 0) {
        self->sent = from - 1;
    }
    return code == OG_OK ? og_audit_out_open(&to, &self->out, err) : code;
}

static int
run_export(struct og_cli *cli)
{
    struct export self = {.cli = cli, .follows = og_args_has(&cli->args, "follow")};
    struct og_err err = {0};
    if (prepare_export(&self, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    enum og_code code = open_database(cli, &self.db, &err);
    int exit_code = code == OG_OK ? run_with(&self) : fail(cli, &err);
    og_db_close(self.db);
    og_audit_out_close(self.out);
    return exit_code;
}

static enum og_code
find_tail(struct export *self, int64_t lines, struct og_err *err)
{
    struct og_audit_head head;
    enum og_code code = og_audit_head_read(self->db, &self->cli->mem, &head, err);
    self->sent = head.size > lines ? head.size - lines : 0;
    return code;
}

static int
run_tail(struct og_cli *cli)
{
    struct export self = {.cli = cli, .follows = !og_args_has(&cli->args, "once")};
    const struct og_audit_out_config to = {0};
    struct og_err err = {0};
    int64_t lines = TAIL_LINES;
    if (read_format(&self, &err) != OG_OK ||
        og_args_int(&cli->args, "lines", 0, 1000000, &lines, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    enum og_code code = og_audit_out_open(&to, &self.out, &err);
    if (code == OG_OK) {
        code = open_database(cli, &self.db, &err);
    }
    if (code == OG_OK) {
        code = find_tail(&self, lines, &err);
    }
    int exit_code = code == OG_OK ? run_with(&self) : fail(cli, &err);
    og_db_close(self.db);
    og_audit_out_close(self.out);
    return exit_code;
}

/* ---- the commands ---- */

#define DATABASE_OPTIONS                                                                           \
    {"data", "DIR", "the server's data folder (OTPGATE_DATA_DIR, else data)"},                     \
        {"file", "PATH", "the database file, if it is elsewhere"}
#define FORMAT_OPTION {"format", "WORD", "json (as stored), syslog, cef, ecs, hec, emf"}

static const struct og_arg_option verify_options[] = {
    DATABASE_OPTIONS,
    {"checkpoints", "PATH", "signed checkpoints (audit-checkpoints in the data folder)"},
    {"key", "KEY", "the key that signs them, or its file (audit-key.pub in the data folder)"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option export_options[] = {
    DATABASE_OPTIONS,
    FORMAT_OPTION,
    {"from", "N", "begin with this entry"},
    {"cursor", "PATH", "keep in this file how far it went, and go on from there"},
    {"follow", NULL, "go on with what comes; try again while nobody takes it"},
    {"to", "URL", "tls://host:6514 (syslog) or https://splunk:8088, instead of printing"},
    {"ca", "FILE", "authorities of its certificate (else the system's)"},
    {NULL, NULL, NULL},
};

static const struct og_arg_option tail_options[] = {
    DATABASE_OPTIONS,
    FORMAT_OPTION,
    {"lines", "N", "how many of the last entries to begin with (10)"},
    {"once", NULL, "end after these"},
    {NULL, NULL, NULL},
};

const struct og_command og_audit_commands[] = {
    {"audit verify", "", "check that nobody has changed the audit log",
     "Reads the whole log, also while the server runs or from a copy, and checks every hash, the\n"
     "order, and all checkpoints. Exit code 2 and the number of the entry when one is wrong.\n"
     "With checkpoints that were kept elsewhere it finds a cut end and a log made anew.\n"
     "\n"
     "  otpgate audit verify\n"
     "  otpgate audit verify --file copy.db --checkpoints kept-elsewhere --key audit-key.pub\n",
     OG_CLI_NOBODY, 0, 0, verify_options, run_verify},
    {"audit export", "", "write entries in another form, or send them",
     "Prints entries, or sends them over TLS. With --follow and --cursor it is a shipper: it goes\n"
     "on where it stopped, waits while the receiver is away, and loses nothing; after a break\n"
     "some entries may come twice. The token of Splunk is read from OTPGATE_SPLUNK_TOKEN.\n"
     "\n"
     "  otpgate audit export --format cef\n"
     "  otpgate audit export --format syslog --to tls://siem.example:6514 --follow --cursor at\n"
     "  otpgate audit export --format hec --to https://splunk.example:8088\n",
     OG_CLI_NOBODY, 0, 0, export_options, run_export},
    {"audit tail", "", "show the last entries and those that come",
     "  otpgate audit tail\n"
     "  otpgate audit tail --lines 100 --once --format cef\n",
     OG_CLI_NOBODY, 0, 0, tail_options, run_tail},
    {NULL},
};
