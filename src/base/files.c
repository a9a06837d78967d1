/*
 * Files that the program keeps. A write is either wholly there after a crash or not at all:
 * temporary neighbour, fsync, rename, fsync of the folder.
 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/secret.h"

#define READ_STEP_BYTES 16384

static enum og_code
fail_errno(struct og_err *err, const char *what, const char *path)
{
    int cause = errno;
    enum og_code code = cause == ENOENT || cause == ENOTDIR ? OG_E_NOT_FOUND : OG_E_UNAVAILABLE;
    return og_fail(err, code, "", "%s %s: %s", what, path, strerror(cause));
}

static ssize_t
read_again(int fd, char *to, size_t size_bytes)
{
    ssize_t got;
    do {
        got = read(fd, to, size_bytes);
    } while (got < 0 && errno == EINTR);
    return got;
}

static enum og_code
read_all(int fd, const char *path, struct og_buf *out, struct og_err *err)
{
    for (;;) {
        char step[READ_STEP_BYTES];
        ssize_t got = read_again(fd, step, sizeof(step));
        if (got > 0) {
            og_buf_add(out, (struct og_str){step, (size_t)got});
        }
        og_wipe(step, got > 0 ? (size_t)got : 0);
        if (got < 0) {
            return fail_errno(err, "cannot read", path);
        }
        if (out->full) {
            return og_fail(err, OG_E_TOO_LARGE, "", "%s is longer than %zu bytes", path,
                           out->max_bytes);
        }
        if (got == 0) {
            return OG_OK;
        }
    }
}

enum og_code
og_file_read(const char *path, struct og_buf *out, struct og_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_errno(err, "cannot open", path);
    }
    enum og_code code = read_all(fd, path, out, err);
    close(fd);
    return code;
}

static bool
write_all(int fd, struct og_str content)
{
    while (content.len > 0) {
        ssize_t done = write(fd, content.ptr, content.len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        content = og_str_slice(content, (size_t)done, content.len);
    }
    return true;
}

/* fchmod: the mode is exactly what was asked for, whatever the umask is. */
static bool
write_and_close(int fd, struct og_str content, int mode)
{
    bool done = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, content) && fsync(fd) == 0;
    int cause = errno;
    if (close(fd) != 0 && done) {
        return false;
    }
    errno = cause;
    return done;
}

/* Makes the rename last. */
static bool
sync_folder_of(struct og_arena *mem, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    const char *folder = ".";
    if (slash) {
        folder = len == 0 ? "/" : og_str_cstr(mem, (struct og_str){path, len});
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool done = fsync(fd) == 0;
    int cause = errno;
    close(fd);
    errno = cause;
    return done;
}

enum og_code
og_file_write(const char *path, struct og_str content, int mode, struct og_err *err)
{
    struct og_arena mem;
    og_arena_init(&mem, 1024);
    char tail[9];
    og_token_make(8, tail);
    const char *neighbour = og_str_printf(&mem, "%s.new-%s", path, tail).ptr;
    enum og_code code = OG_OK;

    int fd = open(neighbour, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        code = fail_errno(err, "cannot create", neighbour);
    } else if (!write_and_close(fd, content, mode) || rename(neighbour, path) != 0) {
        code = fail_errno(err, "cannot write", path);
        unlink(neighbour);
    } else if (!sync_folder_of(&mem, path)) {
        code = fail_errno(err, "cannot sync the folder of", path);
    }
    og_arena_finish(&mem);
    return code;
}

static bool
is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static enum og_code
make_one(const char *path, struct og_err *err)
{
    if (mkdir(path, 0700) == 0 || (errno == EEXIST && is_folder(path))) {
        return OG_OK;
    }
    fail_errno(err, "cannot make folder", path);
    if (err) {
        err->code = OG_E_UNAVAILABLE;
    }
    return OG_E_UNAVAILABLE;
}

enum og_code
og_dir_make(const char *path, struct og_err *err)
{
    if (is_folder(path)) {
        return OG_OK;
    }
    char *copy = og_xstrdup(path);
    enum og_code code = OG_OK;
    for (char *at = copy + 1; copy[0] != '\0' && *at != '\0' && code == OG_OK; at++) {
        if (*at == '/' && at[-1] != '/') {
            *at = '\0';
            code = make_one(copy, err);
            *at = '/';
        }
    }
    if (code == OG_OK) {
        code = make_one(path, err);
    }
    free(copy);
    return code;
}

bool
og_file_is_exposed(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
}
