/*
 * The engine's log file with a buffer in front. The room asks that a commit be on disk before
 * anybody hears of it; this relies on the engine flushing the log by xSync before it tells readers
 * of new frames. All other files, and all else that the engine asks of the system, is the system's.
 */
#include "store/db_log.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#define GATHERED_BYTES_MAX (124 * 1024) /* 30 frames; the engine's system layer takes no 128 KiB */

struct log_file {
    sqlite3_file base;
    char *bytes; /* GATHERED_BYTES_MAX; NULL until something is written */
    int count;   /* gathered, to be written at `at` */
    sqlite3_int64 at;
    sqlite3_file real[]; /* the system's own struct */
};

static sqlite3_file *
real_of(sqlite3_file *file)
{
    return ((struct log_file *)file)->real;
}

/* ---- gathering ---- */

/* What could not be written is dropped: the engine gives the transaction up, and writes these places
 * again. */
static int
flush(struct log_file *self)
{
    const int count = self->count;
    self->count = 0;
    return count > 0 ? self->real->pMethods->xWrite(self->real, self->bytes, count, self->at)
                     : SQLITE_OK;
}

static bool
follows(const struct log_file *self, int count, sqlite3_int64 at)
{
    return self->count > 0 && at == self->at + self->count &&
           count <= GATHERED_BYTES_MAX - self->count;
}

static int
write_log(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
    struct log_file *self = (struct log_file *)file;
    if (!follows(self, count, at)) {
        const int rc = flush(self);
        if (rc != SQLITE_OK || count > GATHERED_BYTES_MAX) {
            return rc != SQLITE_OK ? rc
                                   : self->real->pMethods->xWrite(self->real, bytes, count, at);
        }
        self->at = at;
    }
    if (!self->bytes && !(self->bytes = sqlite3_malloc(GATHERED_BYTES_MAX))) {
        return SQLITE_IOERR_NOMEM;
    }
    memcpy(self->bytes + self->count, bytes, (size_t)count);
    self->count += count;
    return SQLITE_OK;
}

/* ---- what needs the file as it should be ---- */

static int
read_log(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at)
{
    const int rc = flush((struct log_file *)file);
    return rc == SQLITE_OK ? real_of(file)->pMethods->xRead(real_of(file), bytes, count, at) : rc;
}

static int
truncate_log(sqlite3_file *file, sqlite3_int64 size)
{
    const int rc = flush((struct log_file *)file);
    return rc == SQLITE_OK ? real_of(file)->pMethods->xTruncate(real_of(file), size) : rc;
}

static int
sync_log(sqlite3_file *file, int flags)
{
    const int rc = flush((struct log_file *)file);
    return rc == SQLITE_OK ? real_of(file)->pMethods->xSync(real_of(file), flags) : rc;
}

static int
size_log(sqlite3_file *file, sqlite3_int64 *size)
{
    const int rc = flush((struct log_file *)file);
    return rc == SQLITE_OK ? real_of(file)->pMethods->xFileSize(real_of(file), size) : rc;
}

/* What was never flushed belongs to no commit. */
static int
close_log(sqlite3_file *file)
{
    struct log_file *self = (struct log_file *)file;
    sqlite3_free(self->bytes);
    self->bytes = NULL;
    self->count = 0;
    return self->real->pMethods->xClose(self->real);
}

/* ---- the system's ---- */

static int
lock_log(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
unlock_log(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
is_log_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int
control_log(sqlite3_file *file, int what, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, arg);
}

static int
sector_of_log(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
traits_of_log(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1, /* neither shared memory nor mapping: those are the database file's */
    .xClose = close_log,
    .xRead = read_log,
    .xWrite = write_log,
    .xTruncate = truncate_log,
    .xSync = sync_log,
    .xFileSize = size_log,
    .xLock = lock_log,
    .xUnlock = unlock_log,
    .xCheckReservedLock = is_log_reserved,
    .xFileControl = control_log,
    .xSectorSize = sector_of_log,
    .xDeviceCharacteristics = traits_of_log,
};

/* Any other file is the system's from its first byte on: nothing of ours is in its way. */
static int
open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
    sqlite3_vfs *system = vfs->pAppData;
    if (!(flags & SQLITE_OPEN_WAL)) {
        return system->xOpen(system, path, file, flags, flags_out);
    }
    struct log_file *self = (struct log_file *)file;
    *self = (struct log_file){0};
    const int rc = system->xOpen(system, path, self->real, flags, flags_out);
    self->base.pMethods = rc == SQLITE_OK ? &log_methods : NULL;
    return rc;
}

int
og_db_log_register(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    if (!system) {
        return SQLITE_ERROR;
    }
    vfs = *system;
    vfs.zName = OG_DB_LOG_VFS;
    vfs.pNext = NULL;
    vfs.pAppData = system;
    vfs.szOsFile = (int)sizeof(struct log_file) + system->szOsFile;
    vfs.xOpen = open_file;
    return sqlite3_vfs_register(&vfs, 0);
}
