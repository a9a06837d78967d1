/*
 * Operations per second of the write lane by batch size: a message and its recipient each,
 * with append-only ids, answered on an event loop that submits the next one.
 *
 * lane_bench FOLDER [SECONDS]  one line for each batch size; the folder gets the database
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lane/lanes.h"
#include "store/migrate.h"

static const struct og_migration schema[] = {
    {1, "bench",
     "CREATE TABLE messages (id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL,"
     " device TEXT NOT NULL, text {blob} NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,"
     " created_at BIGINT NOT NULL, valid_until BIGINT NOT NULL);\n"
     "CREATE TABLE recipients (message TEXT NOT NULL, place INTEGER NOT NULL, phone TEXT NOT NULL,"
     " state TEXT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (message, place))"
     " {without_rowid};\n"
     "CREATE INDEX messages_open ON messages (id) WHERE state = 'Pending';\n"},
};

enum bench_sql { BENCH_MESSAGE, BENCH_RECIPIENT, BENCH_SQL_COUNT };

static const char *const bench_sql[BENCH_SQL_COUNT] = {
    [BENCH_MESSAGE] = "INSERT INTO messages (id, account, device, text, state, priority,"
                      " created_at, valid_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [BENCH_RECIPIENT] = "INSERT INTO recipients (message, place, phone, state, updated_at)"
                        " VALUES ($1, $2, $3, $4, $5)",
};

static const struct og_sql_page bench_page = {OG_PAGE_MESSAGE, bench_sql, BENCH_SQL_COUNT};

struct bench {
    struct og_lanes *lanes;
    struct og_loop *loop;
    int64_t batches; /* the write lane's */
    struct {
        int64_t number;
        int64_t operations;
        int64_t stop_at_us;
    } loop_only;
    atomic_int under_way;
};

struct bench_op {
    struct og_op op;
    struct bench *bench;
    char id[32];
};

static enum og_code
bench_apply(struct og_op *op, struct og_tx *tx)
{
    static const char text[120];
    struct bench_op *self = (struct bench_op *)op;
    struct og_value id = og_value_cstr(self->id);
    enum og_code code = og_db_run(
        tx->db, &bench_page, BENCH_MESSAGE,
        OG_ARGS(id, og_value_cstr("account-000000000001"), og_value_cstr("device-0000000000001"),
                og_value_blob((struct og_str){text, sizeof text}), og_value_cstr("Pending"),
                og_value_i64(0), og_value_i64(tx->now_ms), og_value_i64(tx->now_ms + 86400000)),
        NULL, &op->err);
    if (code != OG_OK) {
        return code;
    }
    return og_db_run(tx->db, &bench_page, BENCH_RECIPIENT,
                     OG_ARGS(id, og_value_i64(0), og_value_cstr("+15550001111"),
                             og_value_cstr("Pending"), og_value_i64(tx->now_ms)),
                     NULL, &op->err);
}

static void
submit_next(struct bench_op *self)
{
    snprintf(self->id, sizeof self->id, "%013lldabcdefgh",
             (long long)self->bench->loop_only.number++);
    if (og_lane_submit(self->bench->lanes, OG_LANE_WRITE, &self->op) != OG_OK) {
        abort();
    }
}

static void
bench_done(struct og_op *op)
{
    struct bench_op *self = (struct bench_op *)op;
    struct bench *bench = self->bench;
    if (op->code != OG_OK) {
        fprintf(stderr, "%s\n", op->err.text);
        exit(1);
    }
    bench->loop_only.operations++;
    if (og_mono_us() < bench->loop_only.stop_at_us) {
        submit_next(self);
    } else {
        atomic_fetch_sub(&bench->under_way, 1);
    }
}

static const struct og_op_kind bench_kind = {"bench.add", bench_apply, NULL, bench_done};

static void
count_batch(void *ctx)
{
    ((struct bench *)ctx)->batches++;
}

static void
must(enum og_code code, const struct og_err *err)
{
    if (code != OG_OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static void
make_schema(const char *path)
{
    struct og_err err = {0};
    struct og_db_config config = {.path = path};
    struct og_db *db = NULL;
    must(og_db_connect(&config, &db, &err), &err);
    must(og_schema_apply(db, schema, 1, 0, &err), &err);
    og_db_close(db);
}

static double
cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The first operations start here; from then on the loop's thread submits. */
static void
run(const char *path, int batch_max, int linger_us, int64_t seconds, int64_t *number)
{
    struct og_err err = {0};
    int window = batch_max == 1 ? 1 : batch_max * 2;
    struct bench bench = {.loop_only = {*number, 0, og_mono_us() + seconds * 1000000}};
    struct og_lanes_config config = {
        .db = {.path = path, .checkpoint_pages = 2000},
        .queue_max = window + 1,
        .batch_max = batch_max,
        .reader_count = 1,
        .slow_queue_max = 1,
        .linger_us = linger_us,
        .clock = og_clock_system(),
        .after_batch = count_batch,
        .ctx = &bench,
    };
    must(og_lanes_create(&config, &bench.lanes, &err), &err);
    must(og_loop_create("bench", &bench.loop, &err), &err);
    struct bench_op *ops = og_xalloc((size_t)window * sizeof *ops);
    atomic_store(&bench.under_way, window);
    for (int i = 0; i < window; i++) {
        ops[i] = (struct bench_op){{.kind = &bench_kind, .home = bench.loop}, &bench, ""};
        submit_next(&ops[i]);
    }
    int64_t start_us = og_mono_us();
    double start_cpu = cpu_seconds();
    must(og_loop_start(bench.loop, &err), &err);
    must(og_lanes_start(bench.lanes, &err), &err);
    while (atomic_load(&bench.under_way) > 0) {
        usleep(1000);
    }
    double wall = (double)(og_mono_us() - start_us) / 1e6;
    double cpu = cpu_seconds() - start_cpu;
    og_lanes_stop(bench.lanes);
    og_loop_stop(bench.loop);
    og_loop_join(bench.loop);
    double count = (double)bench.loop_only.operations;
    printf("batch_max=%d ops_per_s=%.0f cpu_us_per_op=%.1f mean_batch=%.1f\n", batch_max,
           count / wall, cpu * 1e6 / count, count / (double)bench.batches);
    *number = bench.loop_only.number;
    og_loop_destroy(bench.loop);
    og_lanes_destroy(bench.lanes);
    free(ops);
}

int
main(int argc, char **argv)
{
    static const int batches[] = {1, 8, 64, 512};
    char path[4096];
    int64_t number = 0;
    int64_t fsync_us = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: lane_bench FOLDER [SECONDS]\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/lane_bench.db", argv[1]);
    int64_t seconds = argc > 2 ? atoll(argv[2]) : 3;
    make_schema(path);
    if (og_db_measure_fsync(argv[1], &fsync_us, NULL) == OG_OK) {
        printf("fsync_us=%lld\n", (long long)fsync_us);
    }
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        run(path, batches[i], 0, seconds, &number);
    }
    return 0;
}
