/*
 * The file side of an embedded database. The database file itself is opened here only when it did
 * not exist: closing any descriptor of it would drop the engine's own locks in this process.
 */
#include "store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/db.h"

#define FSYNC_SAMPLES 9

static enum og_code
fail_errno(struct og_err *err, const char *doing, const char *path)
{
    return og_fail(err, OG_E_UNAVAILABLE, NULL, "cannot %s %s: %s", doing, path, strerror(errno));
}

enum og_code
og_db_file_make(const char *path, struct og_err *err)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return OG_OK;
    }
    return errno == EEXIST ? OG_OK : fail_errno(err, "make", path);
}

static long
read_holder(int fd)
{
    char text[32] = "";
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    return got > 0 ? strtol(text, NULL, 10) : 0;
}

/* The number is for people who read the file; the lock is what counts. */
static void
write_holder(int fd)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        errno = 0;
    }
}

enum og_code
og_db_file_lock(const char *path, int *fd_out, struct og_err *err)
{
    char real[PATH_MAX];
    char name[PATH_MAX + sizeof ".lock"];
    *fd_out = -1;
    if (!realpath(path, real)) {
        return fail_errno(err, "find", path);
    }
    snprintf(name, sizeof name, "%s.lock", real);
    int fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail_errno(err, "open", name);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum og_code code =
            errno == EWOULDBLOCK
                ? og_fail(err, OG_E_UNAVAILABLE, NULL,
                          "another process (pid %ld) has the database open for writing: %s",
                          read_holder(fd), path)
                : fail_errno(err, "lock", name);
        close(fd);
        return code;
    }
    write_holder(fd);
    *fd_out = fd;
    return OG_OK;
}

static bool
sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

enum og_code
og_db_file_sync(const char *path, struct og_err *err)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    if (!sync_path(path, 0) || !sync_path(dirname(copy), O_DIRECTORY)) {
        return fail_errno(err, "sync", path);
    }
    return OG_OK;
}

static int
compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Appending and syncing is what the write-ahead log does at each commit. */
static bool
time_fsyncs(int fd, int64_t samples_us[FSYNC_SAMPLES])
{
    static const char page[4096];
    for (int i = 0; i < FSYNC_SAMPLES; i++) {
        int64_t start_us = og_mono_us();
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) != 0) {
            return false;
        }
        samples_us[i] = og_mono_us() - start_us;
    }
    return true;
}

enum og_code
og_db_measure_fsync(const char *folder, int64_t *median_us, struct og_err *err)
{
    char name[PATH_MAX];
    int64_t samples_us[FSYNC_SAMPLES];
    *median_us = 0;
    snprintf(name, sizeof name, "%s/.fsync-XXXXXX", folder);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        return fail_errno(err, "make a file in", folder);
    }
    unlink(name);
    bool good = time_fsyncs(fd, samples_us);
    int saved = errno;
    close(fd);
    if (!good) {
        errno = saved;
        return fail_errno(err, "write and sync in", folder);
    }
    qsort(samples_us, FSYNC_SAMPLES, sizeof samples_us[0], compare_i64);
    *median_us = samples_us[FSYNC_SAMPLES / 2];
    return OG_OK;
}
