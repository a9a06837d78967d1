/*
 * zlib tells by itself whether a file is compressed.
 */
#include "import/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

static enum og_code
read_block(void *ctx, char *to, size_t size_bytes, size_t *got_out, struct og_err *err)
{
    struct og_dump_file *self = ctx;
    int status = Z_OK;
    int got = gzread(self->file, to, (unsigned)size_bytes);
    if (got < 0 || (got == 0 && !gzeof(self->file))) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "the dump cannot be read: %s",
                       gzerror(self->file, &status));
    }
    (void)gzerror(self->file, &status);
    if (status == Z_BUF_ERROR) {
        return og_fail(err, OG_E_INVALID, "", "the compressed dump is cut off");
    }
    self->left_bytes -= got;
    if (self->left_bytes < 0) {
        return og_fail(err, OG_E_TOO_LARGE, "", "the dump is longer than we read");
    }
    *got_out = (size_t)got;
    return OG_OK;
}

enum og_code
og_dump_file_open(struct og_dump_file *self, const char *path, int64_t max_bytes,
                  struct og_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int why = errno;
        return og_fail(err, why == ENOENT ? OG_E_NOT_FOUND : OG_E_UNAVAILABLE, "",
                       "cannot open %s: %s", path, strerror(why));
    }
    *self = (struct og_dump_file){.source = {read_block, self}, .left_bytes = max_bytes};
    self->file = gzdopen(fd, "rb");
    if (!self->file) {
        close(fd);
        return og_fail(err, OG_E_UNAVAILABLE, "", "not enough memory to read %s", path);
    }
    return OG_OK;
}

void
og_dump_file_close(struct og_dump_file *self)
{
    if (self->file) {
        (void)gzclose(self->file);
    }
    *self = (struct og_dump_file){0};
}
