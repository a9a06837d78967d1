/*
 * A batch is made, filled in pieces and started. Each call may be repeated, so a lost answer or a
 * busy server is waited out; and the whole command may be, with the same --id: it goes on where the
 * server is.
 */
#include "cli/send_list.h"

#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "cli/list_file.h"
#include "cli/batch_cmd.h"
#include "cli/progress.h"

#define BODY_BYTES (4 * 1024 * 1024)
#define TRIES_MAX 20
#define RETRY_S 2
#define RETRY_MAX_S 30
#define POLL_MS 500
#define ERRORS_SHOWN 10
#define ROWS_MAX 100000

struct sending {
    struct og_cli *cli;
    const char *id, *path;
    struct og_list_file list;
    struct og_buf body;
    int64_t ttl_s, priority, per_minute;
    char separator;
    bool is_open; /* the batch, when it was last seen */
};

/* ---- calls ---- */

static void
pause_s(int seconds)
{
    nanosleep(&(struct timespec){seconds, 0}, NULL);
}

static bool
is_worth_repeating(enum og_code code, const struct og_client_answer *answer)
{
    return code == OG_E_UNAVAILABLE || answer->status == 503 || answer->status == 429;
}

/* *batch_out in `doc`, which the caller finishes; NULL with an exit code that says why. */
static int
call(struct sending *self, const char *method, const char *path, struct og_str body,
     struct og_json_doc *doc, const struct og_json **batch_out)
{
    const struct og_client_ask ask = {method, path, body, NULL};
    struct og_client_answer answer;
    struct og_err err;
    enum og_code code = og_client_call(&self->cli->client, &ask, &answer, &err);
    for (int i = 1; i < TRIES_MAX && is_worth_repeating(code, &answer); i++) {
        const int wait_s = answer.retry_after_s ? answer.retry_after_s : RETRY_S;
        og_buf_finish(&answer.body);
        pause_s(wait_s < RETRY_MAX_S ? wait_s : RETRY_MAX_S);
        code = og_client_call(&self->cli->client, &ask, &answer, &err);
    }
    int exit_code = OG_EXIT_OK;
    *doc = (struct og_json_doc){0};
    *batch_out = NULL;
    if (code != OG_OK) {
        exit_code = og_cli_fail(self->cli, &err);
    } else if (answer.status >= 300) {
        exit_code = og_cli_refused(self->cli, &answer);
    } else if (og_json_parse(og_buf_str(&answer.body), OG_JSON_DEPTH_DEFAULT, doc, &err) == OG_OK) {
        *batch_out = doc->root;
    } else {
        exit_code = og_cli_fail(self->cli, &err);
    }
    og_buf_finish(&answer.body);
    return exit_code;
}

/* A call of which the number of rows matters, -1: it failed; and whether the batch is still
 * open. */
static int
call_for_rows(struct sending *self, const char *method, const char *path, int64_t *rows_out)
{
    struct og_json_doc doc;
    const struct og_json *batch;
    const int exit_code = call(self, method, path, og_buf_str(&self->body), &doc, &batch);
    *rows_out = batch ? og_cli_int(batch, "rows") : -1;
    self->is_open = batch && strcmp(og_cli_text(self->cli, batch, "state"), "open") == 0;
    og_json_doc_finish(&doc);
    return exit_code;
}

/* ---- steps ---- */

static enum og_code
read_options(struct sending *self, struct og_err *err)
{
    const struct og_args *args = &self->cli->args;
    const char *separator = og_args_value(args, "separator");
    self->separator = separator ? separator[0] : ',';
    if (separator && strcmp(separator, "tab") == 0) {
        self->separator = '\t';
    } else if (separator && (strlen(separator) != 1 || !strchr(",;|\t", separator[0]))) {
        return og_fail(err, OG_E_INVALID, "", "--separator must be , ; | or tab");
    }
    enum og_code code = og_args_int(args, "ttl", 60, 1209600, &self->ttl_s, err);
    if (code == OG_OK) {
        code = og_args_int(args, "priority", -128, 127, &self->priority, err);
    }
    return code == OG_OK ? og_args_int(args, "pace", 1, 60000, &self->per_minute, err) : code;
}

static void
write_wishes(struct sending *self)
{
    const struct og_args *args = &self->cli->args;
    struct og_json_writer w;
    og_buf_clear(&self->body);
    og_json_begin(&w, &self->body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "id", self->id);
    og_json_add_cstr(&w, "text", og_args_value(args, "text"));
    og_json_add_bool(&w, "start", false);
    og_json_add_bool(&w, "repeat_numbers", og_args_has(args, "repeat-numbers"));
    og_json_add_i64(&w, "per_minute", self->per_minute);
    og_json_add_i64(&w, "priority", self->priority);
    if (self->ttl_s) {
        og_json_add_i64(&w, "ttl", self->ttl_s);
    }
    if (og_args_has(args, "tag")) {
        og_json_add_cstr(&w, "tag", og_args_value(args, "tag"));
    }
    og_json_end(&w);
}

static enum og_code
write_piece(struct sending *self, int64_t first, int *count_out, struct og_err *err)
{
    struct og_json_writer w;
    og_buf_wipe(&self->body);
    og_json_begin(&w, &self->body);
    og_json_object(&w, NULL);
    og_json_add_i64(&w, "first", first);
    og_json_array(&w, "recipients");
    const enum og_code code = og_list_file_write(&self->list, &w, count_out, err);
    og_json_end(&w);
    og_json_end(&w);
    return code;
}

static int
fill(struct sending *self, int64_t rows)
{
    struct og_progress progress;
    struct og_err err;
    const char *path = og_str_printf(&self->cli->mem, "%s/recipients", self->path).ptr;
    int exit_code = OG_EXIT_OK, count = 1;
    if (og_list_file_skip(&self->list, rows, &err) != OG_OK) {
        return og_cli_fail(self->cli, &err);
    }
    og_progress_begin(&progress, self->cli->err, "rows received", self->list.row_count);
    while (exit_code == OG_EXIT_OK && rows < self->list.row_count && count > 0) {
        if (write_piece(self, rows, &count, &err) != OG_OK) {
            exit_code = og_cli_fail(self->cli, &err);
            break;
        }
        exit_code = call_for_rows(self, "POST", path, &rows);
        if (exit_code == OG_EXIT_OK) {
            og_progress_show(&progress, rows);
        }
    }
    og_progress_end(&progress);
    return exit_code;
}

static int
start(struct sending *self)
{
    int64_t rows;
    og_buf_clear(&self->body);
    og_buf_add_cstr(&self->body, "{\"state\":\"running\"}");
    return call_for_rows(self, "PATCH", self->path, &rows);
}

/* ---- what became of it ---- */

static int64_t
count_over(const struct og_json *batch)
{
    const struct og_json *counts = og_json_get(batch, "counts");
    return og_cli_int(batch, "rows") - og_cli_int(batch, "errors") -
           og_cli_int(counts, "queued") - og_cli_int(counts, "waiting");
}

static int
exit_for(const struct og_json *batch)
{
    const struct og_json *counts = og_json_get(batch, "counts");
    const int64_t lost = og_cli_int(counts, "failed") + og_cli_int(counts, "expired") +
                         og_cli_int(counts, "canceled");
    return lost || og_cli_int(batch, "errors") ? OG_EXIT_REFUSED : OG_EXIT_OK;
}

static int
wait_for_end(struct sending *self)
{
    struct og_progress progress = {.shown = -1};
    int exit_code = OG_EXIT_OK;
    bool is_over = false;
    while (exit_code == OG_EXIT_OK && !is_over) {
        struct og_json_doc doc;
        const struct og_json *batch;
        exit_code = call(self, "GET", self->path, (struct og_str){NULL, 0}, &doc, &batch);
        if (batch) {
            const char *state = og_cli_text(self->cli, batch, "state");
            if (!progress.out) {
                og_progress_begin(&progress, self->cli->err, "messages are through",
                                  og_cli_int(batch, "rows") - og_cli_int(batch, "errors"));
            }
            og_progress_show(&progress, count_over(batch));
            is_over = strcmp(state, "done") == 0 || og_cli_text(self->cli, batch, "ended_at")[0];
            exit_code = is_over ? exit_for(batch) : exit_code;
        }
        og_json_doc_finish(&doc);
        if (!is_over) {
            nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
        }
    }
    og_progress_end(&progress);
    return exit_code;
}

static int
tell(struct sending *self)
{
    struct og_cli *cli = self->cli;
    struct og_json_doc doc;
    const struct og_json *batch;
    const struct og_client_ask ask = {"GET", self->path, {NULL, 0}, NULL};
    int exit_code = og_cli_call(cli, &ask, &doc, &batch);
    if (batch) {
        og_batch_print(cli, batch);
        if (og_cli_int(batch, "errors")) {
            exit_code = og_batch_print_errors(cli, self->id, ERRORS_SHOWN);
        }
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
send_list(struct sending *self)
{
    const struct og_args *args = &self->cli->args;
    int64_t rows;
    write_wishes(self);
    int exit_code = call_for_rows(self, "POST", OG_BATCHES, &rows);
    if (exit_code == OG_EXIT_OK) {
        exit_code = fill(self, rows);
    }
    if (exit_code != OG_EXIT_OK) {
        fprintf(self->cli->err, "otpgate: nothing was started; the same command with --id %s goes on\n",
                self->id);
        return exit_code;
    }
    if (!og_args_has(args, "hold") && self->is_open) {
        exit_code = start(self);
    }
    int waited = OG_EXIT_OK;
    if (exit_code == OG_EXIT_OK && og_args_has(args, "wait") && !og_args_has(args, "hold")) {
        waited = wait_for_end(self);
    }
    if (exit_code == OG_EXIT_OK) {
        exit_code = tell(self);
    }
    return exit_code == OG_EXIT_OK ? waited : exit_code;
}

static const char *
choose_id(struct og_cli *cli)
{
    char *id = og_arena_alloc(&cli->mem, OG_ID_BYTES);
    og_id_make(og_now_ms(og_clock_system()), id);
    return og_args_has(&cli->args, "id") ? og_args_value(&cli->args, "id") : id;
}

int
og_send_list(struct og_cli *cli)
{
    struct sending self = {.cli = cli};
    struct og_err err;
    const char *text = og_args_value(&cli->args, "text");
    if (cli->args.word_count > 0 || !text || !text[0]) {
        return og_cli_usage(cli, "expected: otpgate send --csv FILE --text TEXT");
    }
    if (read_options(&self, &err) != OG_OK) {
        return og_cli_usage_err(cli, &err);
    }
    self.id = choose_id(cli);
    self.path = og_cli_path(cli, OG_BATCHES "/", self.id, "");
    og_buf_init(&self.body, BODY_BYTES);
    int exit_code = OG_EXIT_OK;
    enum og_code code = og_list_file_open(
        &self.list, &cli->mem, og_args_value(&cli->args, "csv"),
        og_str_from(og_args_value(&cli->args, "to-column")), self.separator, og_str_from(text),
        &err);
    if (code == OG_OK && self.list.row_count > ROWS_MAX) {
        code = og_fail(&err, OG_E_INVALID, "", "the list has more than %d rows", ROWS_MAX);
    }
    exit_code = code == OG_OK ? send_list(&self) : og_cli_fail(cli, &err);
    og_list_file_close(&self.list);
    og_buf_finish(&self.body);
    return exit_code;
}
