/*
 * A tick asks the write lane whether a checkpoint is due; the slow lane signs and writes it; the
 * loop tells the URL. One at a time: a tick while one is under way does nothing.
 */
#include "jobs/checkpointer.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <uv.h>

#include "alert/board.h"
#include "base/log.h"
#include "net/http_client.h"
#include "service/audit/audit.h"

#define NOTE_BYTES_MAX 1024
#define TELL_TIMEOUT_MS 10000
#define TELL_AGAIN_MS 10000
#define ANSWER_BYTES_MAX 4096
#define FILE_MODE 0600

/* Write lane: is one due, and of what? */
struct take_op {
    struct og_op op;
    struct og_checkpointer *owner;
    struct og_audit_checkpoint checkpoint;
    bool is_due;
};

/* Slow lane: sign, append. Back on the loop: tell. */
struct write_op {
    struct og_op op;
    struct og_checkpointer *owner;
    struct og_audit_checkpoint checkpoint;
};

struct og_checkpointer {
    struct og_checkpointer_config config;
    struct og_loop *loop;
    uv_timer_t timer;
    struct og_loop_task stop_task;
    sem_t stopped;
    _Atomic bool is_under_way;
    struct take_op take;
    struct write_op write;
    int64_t taken_mono_ms; /* write lane's: when the last was taken */
    struct {               /* the loop's */
        struct og_client *client;
        struct og_client_call *call;
        struct og_buf note; /* not taken by the URL yet; "" : none */
        int64_t again_mono_ms;
    } tell;
};

/* ---- writing ---- */

static enum og_code
append(const char *path, struct og_str text, struct og_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, FILE_MODE);
    bool is_good = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_good ? OG_OK : og_fail(err, OG_E_UNAVAILABLE, "", "cannot write %s: %m", path);
}

/* One line: syslog knows no others. */
static void
tell_syslog(struct og_str note)
{
    char line[NOTE_BYTES_MAX];
    size_t len = 0;
    for (size_t i = 0; i < note.len && len + 1 < sizeof line; i++) {
        bool is_break = note.ptr[i] == '\n';
        if (!is_break || (len > 0 && line[len - 1] != ' ')) {
            line[len++] = is_break ? ' ' : note.ptr[i];
        }
    }
    line[len] = '\0';
    syslog(LOG_AUTHPRIV | LOG_NOTICE, "audit checkpoint: %s", line);
}

static void
sign(const struct og_checkpointer *self, const struct og_audit_checkpoint *checkpoint,
     struct og_buf *note)
{
    const struct og_services *svc = self->config.services;
    og_audit_checkpoint_write(checkpoint, og_audit_signer(svc->lane.audit), &svc->keys.audit, note);
}

/* Signs; appends to the file; *note gets the text. */
static enum og_code
put(struct og_checkpointer *self, const struct og_audit_checkpoint *checkpoint,
    struct og_buf *note, struct og_err *err)
{
    sign(self, checkpoint, note);
    if (self->config.syslog) {
        tell_syslog(og_buf_str(note));
    }
    og_buf_add_byte(note, '\n'); /* the file's empty line between two */
    return append(self->config.file, og_buf_str(note), err);
}

static void
log_failure(const struct og_err *err)
{
    static struct og_log_limit limit;
    int64_t held;
    if (og_log_limit_pass(&limit, 10000, &held)) {
        og_log_error("jobs", "a checkpoint of the audit log was not written", "reason=%s held=%lld",
                     og_log_quote(og_str_from(err->text)), (long long)held);
    }
}

/* ---- telling the URL, on the loop ---- */

static void
on_told(void *ctx, const struct og_client_answer *answer)
{
    struct og_checkpointer *self = ctx;
    self->tell.call = NULL;
    if (answer->failure == OG_CLIENT_ANSWERED && answer->status / 100 == 2) {
        og_buf_clear(&self->tell.note);
        og_alert_clear(self->config.services->alerts, OG_ALERT_AUDIT, OG_STR("url"));
        return;
    }
    og_alert_raise(self->config.services->alerts, OG_ALERT_AUDIT, OG_STR("url"), 0);
    self->tell.again_mono_ms = og_mono_ms(self->config.services->clock) + TELL_AGAIN_MS;
    og_log_warn("jobs", "a checkpoint was not taken and will be told again", "failure=%s status=%d",
                og_client_failure_name(answer->failure), answer->status);
}

static void
tell_url(struct og_checkpointer *self)
{
    if (self->tell.note.len == 0 || self->tell.call ||
        og_mono_ms(self->config.services->clock) < self->tell.again_mono_ms) {
        return;
    }
    const struct og_client_ask ask = {
        .method = "POST",
        .url = self->config.url,
        .body = og_buf_str(&self->tell.note),
        .timeout_ms = TELL_TIMEOUT_MS,
        .answer_max_bytes = ANSWER_BYTES_MAX,
        .on_done = on_told,
        .ctx = self,
    };
    self->tell.call = og_client_send(self->tell.client, &ask);
}

/* ---- the round ---- */

static enum og_code
write_apply(struct og_op *op, struct og_tx *tx)
{
    struct write_op *write = (struct write_op *)op;
    struct og_buf note;
    (void)tx;
    og_buf_init(&note, NOTE_BYTES_MAX);
    enum og_code code = put(write->owner, &write->checkpoint, &note, &op->err);
    og_buf_finish(&note);
    return code;
}

static void
write_done(struct og_op *op)
{
    struct write_op *write = (struct write_op *)op;
    struct og_checkpointer *self = write->owner;
    if (op->code != OG_OK) {
        log_failure(&op->err);
    }
    og_alert_set(self->config.services->alerts, OG_ALERT_AUDIT, OG_STR("file"), op->code != OG_OK);
    if (self->tell.client) {
        og_buf_clear(&self->tell.note); /* a newer one says all that an older one did */
        sign(self, &write->checkpoint, &self->tell.note);
        tell_url(self);
    }
    atomic_store(&self->is_under_way, false);
}

static void
take_committed(struct og_op *op, struct og_tx *tx)
{
    struct take_op *take = (struct take_op *)op;
    struct og_checkpointer *self = take->owner;
    struct og_audit *audit = self->config.services->lane.audit;
    int64_t fresh = og_audit_fresh(audit);
    take->is_due = fresh >= OG_CHECKPOINT_ENTRIES ||
                   (fresh > 0 && tx->mono_ms - self->taken_mono_ms >= OG_CHECKPOINT_EVERY_MS);
    if (take->is_due) {
        self->taken_mono_ms = tx->mono_ms;
        og_audit_take(self->config.services, &take->checkpoint);
    }
}

static void
take_done(struct og_op *op)
{
    static const struct og_op_kind kind = {"audit.sign", write_apply, NULL, write_done};
    struct take_op *take = (struct take_op *)op;
    struct og_checkpointer *self = take->owner;
    self->write = (struct write_op){
        .op = {.kind = &kind, .home = self->loop, .is_ours = true},
        .owner = self,
        .checkpoint = take->checkpoint,
    };
    if (!take->is_due ||
        og_lane_submit(self->config.lanes, OG_LANE_SLOW, &self->write.op) != OG_OK) {
        atomic_store(&self->is_under_way, false);
    }
}

static void
on_timer(uv_timer_t *timer)
{
    static const struct og_op_kind kind = {"audit.take", NULL, take_committed, take_done};
    struct og_checkpointer *self = timer->data;
    tell_url(self);
    if (atomic_exchange(&self->is_under_way, true)) {
        return;
    }
    self->take = (struct take_op){.op = {.kind = &kind, .home = self->loop}, .owner = self};
    if (og_lane_submit(self->config.lanes, OG_LANE_WRITE, &self->take.op) != OG_OK) {
        atomic_store(&self->is_under_way, false); /* full or stopping: the next tick does it */
    }
}

/* ---- life ---- */

static enum og_code
make_client(struct og_checkpointer *self, struct og_err *err)
{
    const struct og_client_config config = {
        .ca_file = self->config.ca_file[0] ? self->config.ca_file : NULL,
    };
    og_buf_init(&self->tell.note, NOTE_BYTES_MAX);
    return self->config.url[0] ? og_client_create(self->loop, &config, &self->tell.client, err)
                               : OG_OK;
}

enum og_code
og_checkpointer_create(const struct og_checkpointer_config *config, struct og_loop *loop,
                       struct og_checkpointer **out, struct og_err *err)
{
    struct og_checkpointer *self = og_xalloc(sizeof *self);
    self->config = *config;
    self->loop = loop;
    self->taken_mono_ms = og_mono_ms(config->services->clock);
    sem_init(&self->stopped, 0, 0);
    uv_timer_init(og_loop_uv(loop), &self->timer);
    self->timer.data = self;
    uint64_t tick_ms = (uint64_t)config->tick_ms;
    enum og_code code = make_client(self, err);
    if (code == OG_OK && uv_timer_start(&self->timer, on_timer, tick_ms, tick_ms) != 0) {
        code = og_fail(err, OG_E_UNAVAILABLE, "", "no timer");
    }
    if (code != OG_OK) {
        og_checkpointer_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct og_checkpointer *self = handle->data;
    sem_post(&self->stopped);
}

static void
stop_here(struct og_loop_task *task)
{
    struct og_checkpointer *self = OG_CONTAINER_OF(task, struct og_checkpointer, stop_task);
    og_client_destroy(self->tell.client);
    self->tell.client = NULL;
    uv_close((uv_handle_t *)&self->timer, on_closed);
}

void
og_checkpointer_stop(struct og_checkpointer *self)
{
    self->stop_task.run = stop_here;
    og_loop_post(self->loop, &self->stop_task);
    while (sem_wait(&self->stopped) != 0) {
    }
}

void
og_checkpointer_end(struct og_checkpointer *self)
{
    struct og_audit *audit = self->config.services->lane.audit;
    struct og_audit_checkpoint checkpoint = {0};
    struct og_err err = {0};
    struct og_buf note;
    if (og_audit_fresh(audit) == 0) {
        return;
    }
    og_audit_take(self->config.services, &checkpoint);
    og_buf_init(&note, NOTE_BYTES_MAX);
    if (put(self, &checkpoint, &note, &err) != OG_OK) {
        log_failure(&err);
    }
    og_buf_finish(&note);
}

void
og_checkpointer_destroy(struct og_checkpointer *self)
{
    if (self) {
        og_client_destroy(self->tell.client);
        og_buf_finish(&self->tell.note);
        sem_destroy(&self->stopped);
        free(self);
    }
}
