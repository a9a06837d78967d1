/* JSON lines. Written with write() from a buffer of whole lines; when the file cannot be written
 * the lines are dropped and one warning is logged. */
#include "phone/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

#define FLUSH_BYTES 65536
#define LINES_MAX_BYTES (4 << 20)

struct og_recorder {
    int fd;
    bool is_shared; /* standard output: not ours to close */
    bool has_failed;
    struct og_buf lines;
    struct og_json_writer line; /* the one under way */
};

enum og_code
og_recorder_open(const char *path, struct og_recorder **out, struct og_err *err)
{
    bool is_shared = strcmp(path, "-") == 0;
    int fd = is_shared ? STDOUT_FILENO
                       : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return og_fail(err, OG_E_UNAVAILABLE, "jsonl", "cannot open %s: %s", path, strerror(errno));
    }
    struct og_recorder *self = og_xalloc(sizeof(*self));
    self->fd = fd;
    self->is_shared = is_shared;
    og_buf_init(&self->lines, LINES_MAX_BYTES);
    *out = self;
    return OG_OK;
}

void
og_recorder_close(struct og_recorder *self)
{
    if (!self) {
        return;
    }
    og_recorder_flush(self);
    if (!self->is_shared) {
        close(self->fd);
    }
    og_buf_finish(&self->lines);
    free(self);
}

bool
og_recorder_is_dirty(const struct og_recorder *self)
{
    return self->lines.len > 0;
}

void
og_recorder_flush(struct og_recorder *self)
{
    size_t done = 0;
    while (done < self->lines.len && !self->has_failed) {
        ssize_t wrote = write(self->fd, self->lines.ptr + done, self->lines.len - done);
        if (wrote < 0 && errno != EINTR) {
            self->has_failed = true;
            og_log_warn("phone", "the JSON lines cannot be written any more", "error=%s",
                        og_log_quote(og_str_from(strerror(errno))));
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    og_buf_clear(&self->lines);
}

static struct og_json_writer *
begin(struct og_recorder *self, const char *event, const struct og_vphone *phone)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct og_json_writer *w = &self->line;
    og_json_begin(w, &self->lines);
    og_json_object(w, NULL);
    og_json_add_cstr(w, "event", event);
    og_json_add_time(w, "at", (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    og_json_add_i64(w, "at_us", (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    og_json_add_i64(w, "phone", og_vphone_index(phone) + 1);
    og_json_add_cstr(w, "device", og_vphone_identity(phone)->id);
    return w;
}

static void
end(struct og_recorder *self)
{
    og_json_end(&self->line);
    og_buf_add_byte(&self->lines, '\n');
    if (self->lines.full || self->lines.len >= FLUSH_BYTES) {
        og_recorder_flush(self);
    }
}

void
og_recorder_registered(struct og_recorder *self, const struct og_vphone *phone)
{
    struct og_json_writer *w = begin(self, "registered", phone);
    og_json_add_cstr(w, "login", og_vphone_identity(phone)->login);
    end(self);
}

void
og_recorder_received(struct og_recorder *self, const struct og_vphone *phone,
                     const struct og_sms *sms)
{
    struct og_json_writer *w = begin(self, "received", phone);
    og_json_add_cstr(w, "id", sms->id);
    og_json_add_i64(w, "priority", sms->priority);
    end(self);
}

void
og_recorder_sms(struct og_recorder *self, const struct og_vphone *phone,
                const struct og_aired_sms *aired)
{
    const struct og_sms *sms = aired->sms;
    struct og_json_writer *w = begin(self, "sms", phone);
    og_json_add_cstr(w, "id", sms->id);
    og_json_add_cstr(w, "to", aired->to);
    og_json_add_str(w, "text", (struct og_str){sms->text, sms->text_len});
    og_json_add_i64(w, "parts", sms->parts);
    og_json_add_i64(w, "sim", aired->sim);
    end(self);
}

void
og_recorder_report(struct og_recorder *self, const struct og_vphone *phone,
                   const struct og_sms *sms, enum og_sms_state as, int status)
{
    struct og_json_writer *w = begin(self, "report", phone);
    og_json_add_cstr(w, "id", sms->id);
    og_json_add_cstr(w, "state", og_sms_state_name(as == OG_SMS_STATE_COUNT ? sms->state : as));
    og_json_add_i64(w, "status", status);
    end(self);
}

void
og_recorder_violation(struct og_recorder *self, const struct og_vphone *phone,
                      enum og_violation violation, struct og_str about)
{
    struct og_json_writer *w = begin(self, "violation", phone);
    og_json_add_cstr(w, "kind", og_violation_name(violation));
    og_json_add_str(w, "about", og_str_slice(about, 0, 100));
    end(self);
}
