/*
 * Finds and loads the module, once, whichever thread is first. Until it is loaded every call takes
 * a lock; after that none does.
 */
#include "plan/phone_plan.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "plan/plan_module.h"

#define MODULE_FILE "og_plan.so"
#define PATH_MAX_BYTES 4096

struct og_plan {
    struct og_phone_plan face;
    char *module_path; /* NULL: search */
    _Atomic(og_plan_module_fn *) parse;
    _Atomic int64_t made_at; /* 0: not known */
    pthread_mutex_t lock; /* one loader at a time */
};

/* <folder of the program>/plan/og_plan.so: how the build tree lies. False when it is too long. */
static bool
beside_program(char *out, size_t size_bytes)
{
    char program[PATH_MAX_BYTES];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len <= 0) {
        return false;
    }
    while (len > 0 && program[len - 1] != '/') {
        len--;
    }
    int written = snprintf(out, size_bytes, "%.*splan/%s", (int)len, program, MODULE_FILE);
    return written > 0 && (size_t)written < size_bytes;
}

/* The one that was named, or the first that is there, or the one that should be. */
static const char *
find_module(const struct og_plan *self, char *room, size_t size_bytes)
{
    if (self->module_path) {
        return self->module_path;
    }
    return beside_program(room, size_bytes) && access(room, R_OK) == 0
               ? room
               : OG_PLAN_DIR "/" MODULE_FILE;
}

bool
og_plan_is_there(const struct og_plan *self, struct og_err *err)
{
    char room[PATH_MAX_BYTES];
    const char *path = find_module(self, room, sizeof room);
    return access(path, R_OK) == 0 ||
           og_fail(err, OG_E_UNAVAILABLE, "", "there is no %s", path) == OG_OK;
}

/* Packages keep the dates of the files that they were made of. */
static int64_t
date_of_data(void *module)
{
    struct stat about;
    og_plan_module_file_fn *file = (og_plan_module_file_fn *)dlsym(module,
                                                                   OG_PLAN_MODULE_FILE_SYMBOL);
    return file && stat(file(), &about) == 0 ? (int64_t)about.st_mtime * 1000 : 0;
}

static enum og_code
load_locked(struct og_plan *self, struct og_err *err)
{
    if (atomic_load_explicit(&self->parse, memory_order_relaxed)) {
        return OG_OK;
    }
    char room[PATH_MAX_BYTES];
    void *module = dlopen(find_module(self, room, sizeof room), RTLD_NOW | RTLD_LOCAL);
    void *symbol = module ? dlsym(module, OG_PLAN_MODULE_SYMBOL) : NULL;
    if (!symbol) {
        const char *why = dlerror();
        return og_fail(err, OG_E_UNAVAILABLE, "", "no numbering plans: %s", why ? why : "unknown");
    }
    atomic_store(&self->made_at, date_of_data(module));
    atomic_store_explicit(&self->parse, (og_plan_module_fn *)symbol, memory_order_release);
    return OG_OK;
}

enum og_code
og_plan_load(struct og_plan *self, struct og_err *err)
{
    pthread_mutex_lock(&self->lock);
    enum og_code code = load_locked(self, err);
    pthread_mutex_unlock(&self->lock);
    return code;
}

static enum og_code
parse(void *ctx, struct og_str text, const char *region, struct og_phone_facts *out,
      struct og_err *err)
{
    struct og_plan *self = ctx;
    const char *why = "";

    if (!atomic_load_explicit(&self->parse, memory_order_acquire)) {
        enum og_code code = og_plan_load(self, err);
        if (code != OG_OK) {
            return code;
        }
    }
    og_plan_module_fn *fn = atomic_load_explicit(&self->parse, memory_order_acquire);
    enum og_code code = fn(text, region, out, &why);
    return code == OG_OK ? OG_OK : og_fail(err, code, "", "%s", why);
}

static bool
is_there(void *ctx)
{
    const struct og_plan *self = ctx;
    return atomic_load_explicit(&self->parse, memory_order_acquire) ||
           og_plan_is_there(self, NULL);
}

static int64_t
made_at(void *ctx)
{
    struct og_plan *self = ctx;
    return atomic_load(&self->made_at);
}

struct og_plan *
og_plan_create(const char *module_path)
{
    struct og_plan *self = og_xalloc(sizeof(*self));
    self->face = (struct og_phone_plan){parse, self, OG_PLAN_VERSION, is_there, made_at};
    self->module_path = og_xstrdup(module_path);
    atomic_init(&self->parse, NULL);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

void
og_plan_destroy(struct og_plan *self)
{
    if (self) {
        pthread_mutex_destroy(&self->lock);
        free(self->module_path);
        free(self);
    }
}

const struct og_phone_plan *
og_plan_face(struct og_plan *self)
{
    return &self->face;
}
