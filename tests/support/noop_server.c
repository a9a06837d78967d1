/*
 * The HTTP stack with a handler that does nothing: what the transport itself costs, for benchmarks.
 *
 * noop_server [--loops N] [--tls CERT KEY] [--port-file FILE] [--port N] [--hand-over]
 * Answers any request with 200 and 380 bytes of JSON; GET /events stays open as a stream. With
 * --hand-over each answer comes from another thread, as answers of a lane do. Prints its port; ends
 * on SIGTERM or SIGINT.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "http/server.h"

#define ANSWER_BYTES 380
#define STREAM_QUEUE_BYTES 65536

struct options {
    int loops, port;
    const char *cert, *key, *port_file;
    bool hand_over;
};

/* A request on its way to the other thread and back. */
struct parcel {
    struct og_mpsc_node node;
    struct og_loop_task back;
    struct og_http_request *req;
};

static struct options options;
static char answer_text[ANSWER_BYTES];
static struct {
    struct og_mpsc queue;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool has_work, ends;
} lane = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void
answer(struct og_http_request *req)
{
    struct og_http_reply reply = {.status = 200,
                                  .content_type = OG_STR("application/json"),
                                  .body = {answer_text, ANSWER_BYTES}};
    og_http_answer(req, &reply);
}

static void
run_back(struct og_loop_task *task)
{
    answer(OG_CONTAINER_OF(task, struct parcel, back)->req);
}

static void *
run_lane(void *arg)
{
    for (;;) {
        pthread_mutex_lock(&lane.lock);
        while (!lane.has_work && !lane.ends) {
            pthread_cond_wait(&lane.wake, &lane.lock);
        }
        bool ends = lane.ends;
        lane.has_work = false;
        pthread_mutex_unlock(&lane.lock);
        struct og_mpsc_node *node = og_mpsc_take_all(&lane.queue);
        while (node) {
            struct parcel *parcel = OG_CONTAINER_OF(node, struct parcel, node);
            node = node->next;
            og_loop_post(parcel->req->loop, &parcel->back);
        }
        if (ends) {
            return NULL;
        }
    }
}

static void
hand_over(struct og_http_request *req)
{
    struct parcel *parcel = OG_ARENA_NEW(req->mem, struct parcel);
    parcel->req = req;
    parcel->back.run = run_back;
    if (og_mpsc_push(&lane.queue, &parcel->node)) {
        pthread_mutex_lock(&lane.lock);
        lane.has_work = true;
        pthread_cond_signal(&lane.wake);
        pthread_mutex_unlock(&lane.lock);
    }
}

static void
on_closed(void *ctx)
{
}

static int64_t
on_head(void *ctx, struct og_http_request *req, struct og_http_reply *refusal)
{
    return 65536;
}

static void
on_request(void *ctx, struct og_http_request *req)
{
    static const struct og_sink_owner owner = {on_closed, NULL};
    if (req->method == OG_GET && og_str_eq(req->path, OG_STR("/events"))) {
        struct og_http_reply head = {.status = 200, .content_type = OG_STR("text/event-stream")};
        og_http_stream(req, &head, &owner, STREAM_QUEUE_BYTES);
    } else if (options.hand_over) {
        hand_over(req);
    } else {
        answer(req);
    }
}

static bool
parse_options(int argc, char **argv)
{
    options.loops = 2;
    for (int i = 1; i < argc; i++) {
        int left = argc - i - 1;
        if (!strcmp(argv[i], "--loops") && left >= 1) {
            options.loops = atoi(argv[++i]);
        } else if (!strcmp(argv[i], "--port") && left >= 1) {
            options.port = atoi(argv[++i]);
        } else if (!strcmp(argv[i], "--port-file") && left >= 1) {
            options.port_file = argv[++i];
        } else if (!strcmp(argv[i], "--tls") && left >= 2) {
            options.cert = argv[++i];
            options.key = argv[++i];
        } else if (!strcmp(argv[i], "--hand-over")) {
            options.hand_over = true;
        } else {
            return false;
        }
    }
    return true;
}

static void
tell_port(int port)
{
    printf("%d\n", port);
    fflush(stdout);
    FILE *file = options.port_file ? fopen(options.port_file, "w") : NULL;
    if (file) {
        fprintf(file, "%d\n", port);
        fclose(file);
    }
}

static int
fail(const struct og_err *err)
{
    fprintf(stderr, "noop_server: %s\n", err->text);
    return 1;
}

static int
serve(void)
{
    struct og_http_config config;
    struct og_http_handler handler = {.on_head = on_head, .on_request = on_request};
    struct og_http_server *server;
    struct og_err err;
    sigset_t ends;
    pthread_t thread;
    int number;

    og_http_config_defaults(&config);
    config.listen[0] = (struct og_http_listen){"127.0.0.1", options.port, options.cert != NULL};
    config.listen_count = 1;
    config.loop_count = options.loops;
    config.cert_file = options.cert;
    config.key_file = options.key;
    config.connections_max = 20000;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (og_http_server_create(&config, &handler, &server, &err) != OG_OK ||
        og_http_server_start(server, &err) != OG_OK) {
        return fail(&err);
    }
    pthread_create(&thread, NULL, run_lane, NULL);
    tell_port(og_http_server_port(server, 0));
    sigwait(&ends, &number);
    og_http_server_stop(server);
    pthread_mutex_lock(&lane.lock);
    lane.ends = true;
    pthread_cond_signal(&lane.wake);
    pthread_mutex_unlock(&lane.lock);
    pthread_join(thread, NULL);
    og_http_server_destroy(server);
    return 0;
}

int
main(int argc, char **argv)
{
    struct og_err err;
    memset(answer_text, ' ', sizeof(answer_text));
    memcpy(answer_text, "{\"status\":\"ok\",\"filler\":\"", 25);
    memset(answer_text + 25, 'x', ANSWER_BYTES - 27);
    memcpy(answer_text + ANSWER_BYTES - 2, "\"}", 2);
    if (!parse_options(argc, argv)) {
        fprintf(stderr, "usage: noop_server [--loops N] [--tls CERT KEY] [--port N] "
                        "[--port-file FILE] [--hand-over]\n");
        return 2;
    }
    if (og_crypto_init(&err) != OG_OK) {
        return fail(&err);
    }
    return serve();
}
