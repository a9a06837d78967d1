/*
 * A hash of what waits; phones that wait for nothing are not in it.
 */
#include "live/wait_board.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/arena.h"

#define ID_BYTES 37

struct row {
    char device[ID_BYTES];
    struct og_wait wait;
    UT_hash_handle hh;
};

struct og_wait_board {
    struct {
        pthread_mutex_t lock;
        struct row *rows;
    } shared;
};

struct og_wait_board *
og_wait_board_create(void)
{
    struct og_wait_board *self = og_xalloc(sizeof *self);
    pthread_mutex_init(&self->shared.lock, NULL);
    return self;
}

void
og_wait_board_destroy(struct og_wait_board *self)
{
    struct row *row, *next;
    if (!self) {
        return;
    }
    HASH_ITER(hh, self->shared.rows, row, next)
    {
        HASH_DEL(self->shared.rows, row);
        free(row);
    }
    pthread_mutex_destroy(&self->shared.lock);
    free(self);
}

static void
copy_id(char out[ID_BYTES], struct og_str id)
{
    const size_t len = id.len < ID_BYTES - 1 ? id.len : ID_BYTES - 1;
    memset(out, 0, ID_BYTES);
    memcpy(out, id.ptr, len);
}

void
og_wait_board_set(struct og_wait_board *self, struct og_str device, const struct og_wait *wait)
{
    char id[ID_BYTES];
    struct row *row;
    if (device.len == 0) {
        return;
    }
    copy_id(id, device);
    pthread_mutex_lock(&self->shared.lock);
    HASH_FIND_STR(self->shared.rows, id, row);
    if (!row && wait) {
        row = og_xalloc(sizeof *row);
        memcpy(row->device, id, sizeof id);
        HASH_ADD_STR(self->shared.rows, device, row);
    }
    if (wait) {
        row->wait = *wait;
    } else if (row) {
        HASH_DEL(self->shared.rows, row);
        free(row);
    }
    pthread_mutex_unlock(&self->shared.lock);
}

bool
og_wait_board_get(struct og_wait_board *self, struct og_str device, struct og_wait *out)
{
    char id[ID_BYTES];
    struct row *row = NULL;
    *out = (struct og_wait){0};
    if (device.len == 0) {
        return false;
    }
    copy_id(id, device);
    pthread_mutex_lock(&self->shared.lock);
    HASH_FIND_STR(self->shared.rows, id, row);
    if (row) {
        *out = row->wait;
    }
    pthread_mutex_unlock(&self->shared.lock);
    return row != NULL;
}
