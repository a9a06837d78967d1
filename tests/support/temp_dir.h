/*
 * A folder of its own for a test, gone afterwards.
 */
#pragma once

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temp_dir {
    char path[64];
};

static inline void
temp_dir_make(struct temp_dir *self)
{
    snprintf(self->path, sizeof self->path, "%s", "/tmp/otpgate-test-XXXXXX");
    char *made = mkdtemp(self->path);
    assert(made);
    (void)made;
}

/* `path_out` of a file in the folder. */
static inline const char *
temp_dir_file(const struct temp_dir *self, const char *name, char path_out[PATH_MAX])
{
    snprintf(path_out, PATH_MAX, "%s/%s", self->path, name);
    return path_out;
}

/* Removes the files in it (there are no folders) and the folder. */
static inline void
temp_dir_remove(struct temp_dir *self)
{
    DIR *dir = opendir(self->path);
    struct dirent *entry;
    char path[PATH_MAX];
    while (dir && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            unlink(temp_dir_file(self, entry->d_name, path));
        }
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(self->path);
}
