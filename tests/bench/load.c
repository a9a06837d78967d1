/*
 * A sender that keeps a rate: so many messages a second over a few connections, each with the times
 * at which it was sent and answered. Late answers do not slow it down, as a loop of "send, wait"
 * would: what is due is sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/files.h"
#include "net/http_client.h"

#define TICK_MS 1
#define ID_CHARS_MAX 40
#define BODY_BYTES_MAX 65536

struct options {
    const char *url, *ca_file, *authorization, *body_file, *out_file;
    int rate, seconds, connections;
};

/* One message; times are UTC microseconds, 0 when there was no answer. */
struct shot {
    int64_t sent_us, answered_us;
    int status;
    char id[ID_CHARS_MAX + 1];
};

static struct {
    struct options options;
    struct og_loop *loop;
    struct og_client *client;
    struct og_client_headers *headers;
    struct og_buf body;
    uv_timer_t timer;
    int64_t began_us;
    struct shot *shots;
    int total, sent, done;
} run;

static int64_t
now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The answer begins with {"id":"..." */
static void
copy_id(struct og_str body, char *out)
{
    static const char lead[] = "{\"id\":\"";
    size_t len = sizeof lead - 1;
    if (body.len <= len || memcmp(body.ptr, lead, len) != 0) {
        return;
    }
    struct og_str rest = og_str_slice(body, len, body.len);
    rest = og_str_slice(rest, 0, og_str_find(rest, '"'));
    memcpy(out, rest.ptr, rest.len <= ID_CHARS_MAX ? rest.len : 0);
}

static void
close_all(void)
{
    uv_timer_stop(&run.timer);
    uv_close((uv_handle_t *)&run.timer, NULL);
    og_client_destroy(run.client);
    og_loop_stop(run.loop);
}

static void
on_done(void *ctx, const struct og_client_answer *answer)
{
    struct shot *shot = ctx;
    shot->answered_us = now_us();
    shot->status = answer->status;
    copy_id(answer->body, shot->id);
    run.done++;
}

static void
send_one(void)
{
    struct shot *shot = &run.shots[run.sent++];
    struct og_client_ask ask = {
        .method = "POST",
        .url = run.options.url,
        .headers = run.headers,
        .body = og_buf_str(&run.body),
        .on_done = on_done,
        .ctx = shot,
    };
    shot->sent_us = now_us();
    og_client_send(run.client, &ask);
}

static void
on_tick(uv_timer_t *timer)
{
    int64_t elapsed_us = now_us() - run.began_us;
    int64_t due = elapsed_us * run.options.rate / 1000000 + 1;
    while (run.sent < due && run.sent < run.total) {
        send_one();
    }
    if (run.done == run.total) {
        close_all();
    }
}

static bool
parse_options(int argc, char **argv)
{
    struct options *o = &run.options;
    *o = (struct options){.rate = 1000, .seconds = 5, .connections = 16};
    const struct {
        const char *name;
        const char **text;
        int *number;
    } table[] = {
        {"--url", &o->url, NULL},
        {"--ca", &o->ca_file, NULL},
        {"--authorization", &o->authorization, NULL},
        {"--body", &o->body_file, NULL},
        {"--out", &o->out_file, NULL},
        {"--rate", NULL, &o->rate},
        {"--seconds", NULL, &o->seconds},
        {"--connections", NULL, &o->connections},
    };
    for (int i = 1; i < argc; i += 2) {
        size_t row = 0;
        while (row < sizeof table / sizeof table[0] && strcmp(argv[i], table[row].name) != 0) {
            row++;
        }
        if (row == sizeof table / sizeof table[0] || i + 1 == argc) {
            return false;
        }
        if (table[row].text) {
            *table[row].text = argv[i + 1];
        } else {
            *table[row].number = atoi(argv[i + 1]);
        }
    }
    return o->url && o->authorization && o->body_file && o->out_file && o->rate > 0 &&
           o->seconds > 0 && o->connections > 0;
}

static enum og_code
prepare(struct og_arena *mem, struct og_err *err)
{
    const struct options *o = &run.options;
    struct og_client_config config = {.ca_file = o->ca_file,
                                      .connections_per_host_max = o->connections};
    run.total = o->rate * o->seconds;
    run.shots = og_arena_alloc_array(mem, (size_t)run.total, sizeof *run.shots);
    run.headers = og_client_headers_create();
    if (!og_client_headers_add(run.headers, "Content-Type", OG_STR("application/json")) ||
        !og_client_headers_add(run.headers, "Authorization", og_str_from(o->authorization))) {
        return og_fail(err, OG_E_INVALID, "authorization", "not a header's value");
    }
    og_buf_init(&run.body, BODY_BYTES_MAX);
    enum og_code code = og_file_read(o->body_file, &run.body, err);
    if (code == OG_OK) {
        code = og_loop_create("load", &run.loop, err);
    }
    return code == OG_OK ? og_client_create(run.loop, &config, &run.client, err) : code;
}

static enum og_code
fire(struct og_err *err)
{
    uv_timer_init(og_loop_uv(run.loop), &run.timer);
    uv_timer_start(&run.timer, on_tick, TICK_MS, TICK_MS);
    run.began_us = now_us();
    enum og_code code = og_loop_start(run.loop, err);
    og_loop_join(run.loop);
    og_loop_destroy(run.loop);
    og_client_headers_destroy(run.headers);
    og_buf_finish(&run.body);
    return code;
}

/* A line per message: status, sent, answered, id. */
static bool
write_shots(void)
{
    FILE *out = fopen(run.options.out_file, "w");
    for (int i = 0; out && i < run.total; i++) {
        const struct shot *shot = &run.shots[i];
        fprintf(out, "%d %lld %lld %s\n", shot->status, (long long)shot->sent_us,
                (long long)shot->answered_us, shot->id[0] ? shot->id : "-");
    }
    return out && fclose(out) == 0;
}

int
main(int argc, char **argv)
{
    struct og_err err = {0};
    struct og_arena mem;
    if (!parse_options(argc, argv)) {
        fprintf(stderr, "usage: load --url URL [--ca FILE] --authorization VALUE --body FILE "
                        "--out FILE [--rate N] [--seconds N] [--connections N]\n");
        return 2;
    }
    og_arena_init(&mem, 0);
    enum og_code code = og_crypto_init(&err);
    if (code == OG_OK) {
        code = prepare(&mem, &err);
    }
    if (code == OG_OK) {
        code = fire(&err);
    }
    bool is_written = code == OG_OK && write_shots();
    if (!is_written) {
        fprintf(stderr, "load: %s\n", code == OG_OK ? "cannot write the figures" : err.text);
    }
    og_arena_finish(&mem);
    return is_written ? 0 : 1;
}
