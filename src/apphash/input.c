/*
 * Regular files are read with pread, so that an app of several gigabytes costs no more than a
 * small one; they are not mapped, because a file that shrinks meanwhile would then end the program.
 */
#include "apphash/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_STEP_BYTES 65536

static enum og_code
ends_early(struct og_err *err)
{
    return og_fail(err, OG_E_INVALID, "file", "the file is cut off or damaged: it ends early");
}

static enum og_code
read_pipe(struct og_input *self, int fd, struct og_err *err)
{
    og_buf_init(&self->buf, OG_INPUT_PIPE_BYTES_MAX);
    for (;;) {
        char *room = og_buf_reserve(&self->buf, PIPE_STEP_BYTES);
        if (!room) {
            return og_fail(err, OG_E_TOO_LARGE, "file",
                           "more than %u MiB come from the pipe: give the file itself",
                           OG_INPUT_PIPE_BYTES_MAX >> 20);
        }
        ssize_t got = read(fd, room, PIPE_STEP_BYTES);
        if (got < 0 && errno != EINTR) {
            return og_fail(err, OG_E_INVALID, "file", "cannot read it: %s", strerror(errno));
        }
        if (got == 0) {
            break;
        }
        og_buf_commit(&self->buf, got > 0 ? (size_t)got : 0);
    }
    self->whole = og_buf_str(&self->buf);
    self->size_bytes = self->whole.len;
    return OG_OK;
}

enum og_code
og_input_open(struct og_input *self, const char *path, struct og_err *err)
{
    struct stat about;
    bool is_stdin = strcmp(path, "-") == 0;
    *self = (struct og_input){.fd = -1};
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        return og_fail(err, OG_E_NOT_FOUND, "file", "cannot open %.100s: %s", path,
                       strerror(errno));
    }
    if (S_ISREG(about.st_mode) && !is_stdin) {
        self->fd = fd;
        self->size_bytes = (uint64_t)about.st_size;
        return OG_OK;
    }
    enum og_code code = S_ISDIR(about.st_mode)
                            ? og_fail(err, OG_E_INVALID, "file", "%.100s is a folder", path)
                            : read_pipe(self, fd, err);
    if (!is_stdin) {
        close(fd);
    }
    return code;
}

void
og_input_over(struct og_input *self, struct og_str bytes)
{
    *self = (struct og_input){.fd = -1, .whole = bytes, .size_bytes = bytes.len};
}

void
og_input_close(struct og_input *self)
{
    if (self->fd > 0) {
        close(self->fd);
    }
    og_buf_finish(&self->buf);
    *self = (struct og_input){.fd = -1};
}

enum og_code
og_input_read(const struct og_input *self, uint64_t at, size_t count, struct og_arena *mem,
              struct og_str *out, struct og_err *err)
{
    if (at > self->size_bytes || count > self->size_bytes - at) {
        return ends_early(err);
    }
    if (self->fd < 0) {
        *out = (struct og_str){self->whole.ptr + at, count};
        return OG_OK;
    }
    char *bytes = og_arena_alloc(mem, count);
    size_t have = 0;
    while (have < count) {
        ssize_t got = pread(self->fd, bytes + have, count - have, (off_t)(at + have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return ends_early(err);
        }
        have += (size_t)got;
    }
    *out = (struct og_str){bytes, count};
    return OG_OK;
}
