/*
 * zlib tells by itself whether a file is compressed. The first bytes tell what is no dump in SQL:
 * read as one, it would end "in the middle of a statement".
 */
#include "import/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#define MAKE "make one with `mariadb-dump --single-transaction DATABASE > dump.sql`, or mysqldump"

/* What people take for a dump, by its first bytes. */
static const struct {
    struct og_str begins;
    const char *what, *advice;
} others[] = {
    {{"<?xml", 5}, "XML", "leave out --xml and "},
    {{"<mysqldump", 10}, "XML", "leave out --xml and "},
    {{"SQLite format 3", 15}, "an SQLite database", ""},
    {{"PGDMP", 5}, "an archive of PostgreSQL", ""},
    {{"PK\003\004", 4}, "a zip file", "unpack it, or "},
    {{"BZh", 3}, "compressed by bzip2", "unpack it, or "},
    {{"\3757zXZ", 5}, "compressed by xz", "unpack it, or "},
    {{"\050\265\057\375", 4}, "compressed by zstd", "unpack it, or "},
    {{"\377\376", 2}, "in UTF-16, as PowerShell's `>` writes", "use --result-file, or "},
    {{"{", 1}, "JSON", ""},
};

static enum og_code
check_begin(struct og_str head, struct og_err *err)
{
    static const struct og_str mark = {"\357\273\277", 3}; /* of UTF-8 */
    head = og_str_starts(head, mark) ? og_str_slice(head, mark.len, head.len) : head;
    head = og_str_trim(head);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (og_str_starts(head, others[i].begins)) {
            return og_fail(err, OG_E_INVALID, "", "this is %s, and no dump in SQL: %s" MAKE,
                           others[i].what, others[i].advice);
        }
    }
    return head.len ? OG_OK : og_fail(err, OG_E_INVALID, "", "the dump is empty; " MAKE);
}

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
    const bool is_first = !self->is_begun;
    self->is_begun = true;
    return is_first ? check_begin((struct og_str){to, (size_t)got}, err) : OG_OK;
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
