/*
 * The lanes as a whole: connections and threads, started in order and ended without losing an
 * operation. Workers stand in one array: the writer, the slow one, then the readers.
 */
#include "lane/lanes.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lane/lane_metrics.h"
#include "lane/lane_priv.h"

#define COMMIT_SHOWN_MS 10000

enum worker_place { WORKER_WRITE, WORKER_SLOW, WORKER_READ };

struct og_lanes {
    struct og_lanes_config config;
    char *path;       /* config.db.path, ours */
    atomic_uint turn; /* which reader is asked first */
    int worker_count;
    struct og_lane_worker workers[];
};

struct span {
    struct og_lane_worker *workers;
    int count;
};

static struct span
workers_of(struct og_lanes *self, enum og_lane lane)
{
    switch (lane) {
    case OG_LANE_WRITE:
        return (struct span){&self->workers[WORKER_WRITE], 1};
    case OG_LANE_SLOW:
        return (struct span){&self->workers[WORKER_SLOW], 1};
    case OG_LANE_READ:
        return (struct span){&self->workers[WORKER_READ], self->worker_count - WORKER_READ};
    case OG_LANE_NONE:
    case OG_LANE_COUNT:
        break;
    }
    assert(!"an operation without a lane");
    return (struct span){NULL, 0};
}

struct worker_kind {
    enum og_lane lane;
    const char *word;
    void (*run)(struct og_lane_worker *self);
    int (*turn)(struct og_lane_worker *self);
};

static const struct worker_kind worker_kinds[] = {
    [WORKER_WRITE] = {OG_LANE_WRITE, "write", og_write_lane_run, og_write_lane_turn},
    [WORKER_SLOW] = {OG_LANE_SLOW, "slow", og_slow_lane_run, og_slow_lane_turn},
    [WORKER_READ] = {OG_LANE_READ, "read", og_read_lane_run, og_read_lane_turn},
};

static int
queue_max_of(const struct og_lanes_config *config, enum og_lane lane)
{
    switch (lane) {
    case OG_LANE_READ: /* shared among the readers */
        return (config->queue_max + config->reader_count - 1) / config->reader_count;
    case OG_LANE_SLOW:
        return config->slow_queue_max;
    default:
        return config->queue_max;
    }
}

static void
name_worker(struct og_lane_worker *worker, const struct worker_kind *kind, int number)
{
    if (number < 0) {
        snprintf(worker->name, sizeof worker->name, "og-%s", kind->word);
    } else {
        snprintf(worker->name, sizeof worker->name, "og-%s%d", kind->word, number % 1000);
    }
}

static enum og_code
init_worker(struct og_lanes *self, int place, struct og_err *err)
{
    struct og_lane_worker *worker = &self->workers[place];
    const struct worker_kind *kind = &worker_kinds[place < WORKER_READ ? place : WORKER_READ];
    worker->lane = kind->lane;
    worker->run = kind->run;
    worker->turn = kind->turn;
    worker->config = &self->config;
    name_worker(worker, kind, place < WORKER_READ ? -1 : place - WORKER_READ);
    og_trouble_init(&worker->trouble, kind->word);
    enum og_code code =
        og_lane_queue_init(&worker->queue, queue_max_of(&self->config, kind->lane), err);
    if (code == OG_OK) {
        struct og_db_config db = self->config.db;
        db.read_only = kind->lane != OG_LANE_WRITE;
        code = og_db_connect(&db, &worker->db, err);
    }
    return code;
}

enum og_code
og_lanes_create(const struct og_lanes_config *config, struct og_lanes **out, struct og_err *err)
{
    assert(config->queue_max > 0 && config->batch_max > 0 && config->reader_count > 0);
    assert(config->slow_queue_max > 0 && config->clock);
    int count = WORKER_READ + config->reader_count;
    struct og_lanes *self = og_xalloc(sizeof *self + (size_t)count * sizeof self->workers[0]);
    self->config = *config;
    self->path = og_xstrdup(config->db.path);
    self->config.db.path = self->path;
    og_lane_metrics_register();
    enum og_code code = OG_OK;
    while (code == OG_OK && self->worker_count < count) {
        code = init_worker(self, self->worker_count++, err);
    }
    if (code != OG_OK) {
        og_lanes_destroy(self);
        self = NULL;
    }
    *out = self;
    return code;
}

static void *
run_worker(void *arg)
{
    struct og_lane_worker *worker = arg;
    pthread_setname_np(pthread_self(), worker->name);
    worker->run(worker);
    return NULL;
}

/* Signals are for the main thread: ours start with all of them blocked. */
static int
start_threads(struct og_lanes *self)
{
    sigset_t all;
    sigset_t before;
    int status = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; status == 0 && i < self->worker_count; i++) {
        struct og_lane_worker *worker = &self->workers[i];
        status = pthread_create(&worker->thread, NULL, run_worker, worker);
        worker->is_running = status == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

enum og_code
og_lanes_start(struct og_lanes *self, struct og_err *err)
{
    int status = start_threads(self);
    if (status != 0) {
        og_lanes_stop(self);
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "cannot start a thread: %s", strerror(status));
    }
    return OG_OK;
}

int
og_lanes_turn(struct og_lanes *self)
{
    int applied = 0;
    for (int i = 0; i < self->worker_count; i++) {
        struct og_lane_worker *worker = &self->workers[i];
        assert(!worker->is_running);
        if (og_lane_queue_length(&worker->queue) > 0) {
            applied += worker->turn(worker);
            i = -1; /* its answers may have brought work to others */
        }
    }
    return applied;
}

void
og_lanes_stop(struct og_lanes *self)
{
    for (int i = 0; i < self->worker_count; i++) {
        og_lane_queue_stop(&self->workers[i].queue);
    }
    for (int i = 0; i < self->worker_count; i++) {
        if (self->workers[i].is_running) {
            pthread_join(self->workers[i].thread, NULL);
            self->workers[i].is_running = false;
        }
    }
}

/* The writer goes last: the last connection folds the log into the file. */
void
og_lanes_destroy(struct og_lanes *self)
{
    if (!self) {
        return;
    }
    for (int i = self->worker_count - 1; i >= 0; i--) {
        assert(!self->workers[i].is_running);
        og_db_close(self->workers[i].db);
        og_lane_queue_finish(&self->workers[i].queue);
        og_trouble_finish(&self->workers[i].trouble);
    }
    free(self->path);
    free(self);
}

/* In use */

static struct og_lane_worker *
least_loaded(struct og_lanes *self, struct span span)
{
    unsigned turn = span.count > 1 ? atomic_fetch_add(&self->turn, 1) : 0;
    struct og_lane_worker *best = NULL;
    int best_length = 0;
    for (int i = 0; i < span.count; i++) {
        struct og_lane_worker *worker = &span.workers[(turn + (unsigned)i) % (unsigned)span.count];
        int length = og_lane_queue_length(&worker->queue);
        if (!best || length < best_length) {
            best = worker;
            best_length = length;
        }
    }
    return best;
}

enum og_code
og_lane_submit(struct og_lanes *self, enum og_lane lane, struct og_op *op)
{
    struct og_lane_worker *worker = least_loaded(self, workers_of(self, lane));
    op->submitted_us = og_mono_us();
    og_lane_metrics_waiting(lane, 1);
    enum og_code code = og_lane_queue_push(&worker->queue, op);
    if (code != OG_OK) {
        og_lane_metrics_waiting(lane, -1);
        og_lane_metrics_rejected(lane);
    }
    return code;
}

/* Milliseconds that the present commit takes, or the last one took if that is not long ago. */
static int64_t
commit_ms_of(const struct og_lane_worker *worker)
{
    const int64_t now_ms = og_mono_ms(worker->config->clock);
    const int64_t began_at = atomic_load(&worker->commit.began_at);
    const int64_t ended_at = atomic_load(&worker->commit.ended_at);
    const int64_t last_ms =
        now_ms - ended_at < COMMIT_SHOWN_MS ? atomic_load(&worker->commit.took_ms) : 0;
    const int64_t present_ms = began_at ? now_ms - began_at : 0;
    return present_ms > last_ms ? present_ms : last_ms;
}

void
og_lane_health(struct og_lanes *self, enum og_lane lane, struct og_lane_health *out)
{
    struct span span = workers_of(self, lane);
    *out = (struct og_lane_health){0};
    for (int i = 0; i < span.count; i++) {
        struct og_lane_worker *worker = &span.workers[i];
        int64_t since_ms = 0;
        char reason[sizeof out->reason];
        out->commit_ms = commit_ms_of(worker);
        out->waiting += og_lane_queue_length(&worker->queue);
        if (og_trouble_is_failing(&worker->trouble, &since_ms, reason)) {
            out->is_failing = true;
            out->failing_since_ms = since_ms;
            out->trouble = og_trouble_kind(&worker->trouble);
        }
        if (reason[0]) {
            memcpy(out->reason, reason, sizeof reason);
        }
    }
}

struct og_db *
og_lanes_writer(struct og_lanes *self)
{
    return self->workers[WORKER_WRITE].db;
}
