/*
 * `otpgate batch`: what became of one text to many, and a hand on it.
 */
#include "cli/batch_cmd.h"

#define BODY_BYTES 256
#define ERRORS_AT_ONCE 1000
#define LIST_CELLS 5
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- printing ---- */

const char *
og_batch_counts(struct og_cli *cli, const struct og_json *batch)
{
    static const char *const fates[] = {"queued", "waiting", "sent",    "delivered",
                                        "failed", "expired", "canceled"};
    const struct og_json *counts = og_json_get(batch, "counts");
    struct og_str text = OG_STR("");
    for (size_t i = 0; i < COUNT(fates); i++) {
        const int64_t count = og_cli_int(counts, fates[i]);
        if (count) {
            text = og_str_printf(&cli->mem, "%" OG_STR_FMT "%s%lld %s", OG_STR_ARG(text),
                                 text.len ? ", " : "", (long long)count, fates[i]);
        }
    }
    return text.len ? text.ptr : "none";
}

static void
print_time(struct og_cli *cli, const struct og_json *batch, const char *member, const char *name)
{
    const char *time = og_cli_text(cli, batch, member);
    if (time[0]) {
        og_cli_fact(cli, name, og_cli_time(cli, time));
    }
}

/* What a running batch waits for, in words. */
static const char *
hold_of(struct og_cli *cli, const struct og_json *batch)
{
    static const char *const words[][2] = {
        {"phones_busy", ": the phones have enough to do"},
        {"no_phone", ": no phone is there"},
        {"queue_limit", ": a limit on what may wait for a phone is reached"},
        {"rate_limited", ": a limit of the rules against abuse is reached"},
        {"pace", ": as its pace says"},
    };
    const char *hold = og_cli_text(cli, batch, "hold");
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(hold, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return "";
}

void
og_batch_print(struct og_cli *cli, const struct og_json *batch)
{
    const int64_t per_minute = og_cli_int(batch, "per_minute");
    og_cli_fact(cli, "batch", og_cli_text(cli, batch, "id"));
    og_cli_fact(cli, "state",
                og_str_printf(&cli->mem, "%s%s", og_cli_bold(cli, og_cli_text(cli, batch, "state")),
                              hold_of(cli, batch)).ptr);
    og_cli_fact(cli, "rows", og_str_printf(&cli->mem, "%lld, %lld of them bad",
                                           (long long)og_cli_int(batch, "rows"),
                                           (long long)og_cli_int(batch, "errors")).ptr);
    og_cli_fact(cli, "messages", og_batch_counts(cli, batch));
    if (per_minute) {
        og_cli_fact(cli, "pace",
                    og_str_printf(&cli->mem, "%lld a minute", (long long)per_minute).ptr);
    }
    print_time(cli, batch, "started_at", "started");
    print_time(cli, batch, "valid_until", "until");
    print_time(cli, batch, "ended_at", "ended");
}

static const char *
errors_path(struct og_cli *cli, const char *id, int limit, int64_t after)
{
    const char *path = og_cli_path(cli, OG_BATCHES "/", id, "/errors");
    return after < 0 ? og_str_printf(&cli->mem, "%s?limit=%d", path, limit).ptr
                     : og_str_printf(&cli->mem, "%s?limit=%d&after=%lld", path, limit,
                                     (long long)after).ptr;
}

static void
print_error(struct og_cli *cli, const struct og_json *error)
{
    const char *field = og_cli_text(cli, error, "field");
    fprintf(cli->out, "  line %lld: %s%s%s\n", (long long)og_cli_int(error, "line"), field,
            field[0] ? ": " : "", og_cli_text(cli, error, "reason"));
}

/* One page; *next_out is where the next begins, -1: it was the last. */
static int
print_page(struct og_cli *cli, const char *id, int limit, int64_t after, int64_t *next_out)
{
    struct og_json_doc doc;
    const struct og_json *answer;
    const struct og_client_ask ask = {"GET", errors_path(cli, id, limit, after), {NULL, 0}, NULL};
    const int exit_code = og_cli_call(cli, &ask, &doc, &answer);
    const struct og_json *errors = og_json_get(answer, "errors");
    *next_out = -1;
    for (size_t i = 0; answer && i < og_json_count(errors); i++) {
        print_error(cli, og_json_at(errors, i));
    }
    if (answer) {
        (void)!og_json_to_i64(og_json_get(answer, "next"), next_out);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

int
og_batch_print_errors(struct og_cli *cli, const char *id, int most)
{
    int64_t next;
    const int exit_code = print_page(cli, id, most, -1, &next);
    if (next >= 0) {
        fprintf(cli->out, "  all of them: otpgate batch errors %s\n", id);
    }
    return exit_code;
}

/* ---- commands ---- */

static int
run_list(struct og_cli *cli)
{
    static const char *const head[LIST_CELLS] = {"BATCH", "STATE", "ROWS", "BAD", "MESSAGES"};
    struct og_json_doc doc;
    const struct og_json *answer;
    const struct og_client_ask ask = {"GET", OG_BATCHES "?limit=100", {NULL, 0}, NULL};
    const int exit_code = og_cli_call(cli, &ask, &doc, &answer);
    const struct og_json *batches = og_json_get(answer, "batches");
    const size_t count = answer ? og_json_count(batches) : 0;
    const char **cells = OG_ARENA_ARRAY(&cli->mem, const char *, (count + 1) * LIST_CELLS);
    const char **cell = cells;
    for (size_t i = 0; i < LIST_CELLS; i++) {
        *cell++ = head[i];
    }
    for (size_t i = 0; i < count; i++) {
        const struct og_json *batch = og_json_at(batches, i);
        *cell++ = og_cli_text(cli, batch, "id");
        *cell++ = og_cli_text(cli, batch, "state");
        *cell++ = og_str_printf(&cli->mem, "%lld", (long long)og_cli_int(batch, "rows")).ptr;
        *cell++ = og_str_printf(&cli->mem, "%lld", (long long)og_cli_int(batch, "errors")).ptr;
        *cell++ = og_batch_counts(cli, batch);
    }
    if (answer) {
        og_cli_table(cli, cells, (int)count + 1, LIST_CELLS);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
call_one(struct og_cli *cli, const char *method, struct og_str body)
{
    struct og_json_doc doc;
    const struct og_json *batch;
    const struct og_client_ask ask = {
        method, og_cli_path(cli, OG_BATCHES "/", cli->args.words[0], ""), body, NULL};
    const int exit_code = og_cli_call(cli, &ask, &doc, &batch);
    if (batch) {
        og_batch_print(cli, batch);
    }
    og_json_doc_finish(&doc);
    return exit_code;
}

static int
run_show(struct og_cli *cli)
{
    return call_one(cli, "GET", (struct og_str){NULL, 0});
}

static int
run_errors(struct og_cli *cli)
{
    int64_t after = -1;
    int exit_code;
    do {
        exit_code = print_page(cli, cli->args.words[0], ERRORS_AT_ONCE, after, &after);
    } while (exit_code == OG_EXIT_OK && after >= 0);
    return exit_code;
}

static int
change(struct og_cli *cli, const char *state, int64_t per_minute)
{
    struct og_buf body;
    struct og_json_writer w;
    og_buf_init(&body, BODY_BYTES);
    og_json_begin(&w, &body);
    og_json_object(&w, NULL);
    if (state) {
        og_json_add_cstr(&w, "state", state);
    } else {
        og_json_add_i64(&w, "per_minute", per_minute);
    }
    og_json_end(&w);
    const int exit_code = call_one(cli, "PATCH", og_buf_str(&body));
    og_buf_finish(&body);
    return exit_code;
}

static int
run_pause(struct og_cli *cli)
{
    return change(cli, "paused", 0);
}

static int
run_resume(struct og_cli *cli)
{
    return change(cli, "running", 0);
}

static int
run_cancel(struct og_cli *cli)
{
    return change(cli, "canceled", 0);
}

static int
run_pace(struct og_cli *cli)
{
    int64_t per_minute;
    if (!og_str_to_i64(og_str_from(cli->args.words[1]), &per_minute) || per_minute < 0) {
        return og_cli_usage(cli, "the pace is a number of SMS a minute, 0 for none");
    }
    return change(cli, NULL, per_minute);
}

const struct og_command og_batch_commands[] = {
    {"batch list", "", "list batches, newest first", "  otpgate batch list\n", OG_CLI_APP, 0, 0,
     NULL, run_list},
    {"batch show", "ID", "show how a batch is doing", "  otpgate batch show spring-news\n",
     OG_CLI_APP, 1, 1, NULL, run_show},
    {"batch errors", "ID", "list the rows that are not sent, and why",
     "Lines are those of the file.\n\n  otpgate batch errors spring-news\n", OG_CLI_APP, 1, 1, NULL,
     run_errors},
    {"batch pause", "ID", "send no more of a batch for now",
     "What phones have in their lines by then still goes out.\n\n"
     "  otpgate batch pause spring-news\n",
     OG_CLI_APP, 1, 1, NULL, run_pause},
    {"batch resume", "ID", "go on with a batch, or start one that is open",
     "  otpgate batch resume spring-news\n", OG_CLI_APP, 1, 1, NULL, run_resume},
    {"batch cancel", "ID", "send nothing more of a batch",
     "Phones are asked not to send what they have of it.\n\n  otpgate batch cancel spring-news\n",
     OG_CLI_APP, 1, 1, NULL, run_cancel},
    {"batch pace", "ID NUMBER", "so many SMS a minute (a long text is several); 0: as fast as phones can",
     "  otpgate batch pace spring-news 60\n", OG_CLI_APP, 2, 2, NULL, run_pace},
    {NULL},
};
