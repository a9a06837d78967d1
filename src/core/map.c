/*
 * uthash's macros stay in this file. Memory that runs out aborts in the allocators of base.
 */
#include "core/map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"

#define uthash_malloc(size) og_xalloc(size)
#define uthash_free(ptr, size) free(ptr)
#include <uthash.h>

struct og_map_node {
    void *value;
    UT_hash_handle hh;
};

static struct og_map_node *
find(const struct og_map *self, struct og_str key)
{
    struct og_map_node *node = NULL;
    if (key.len > 0) {
        HASH_FIND(hh, self->head, key.ptr, key.len, node);
    }
    return node;
}

void *
og_map_get(const struct og_map *self, struct og_str key)
{
    struct og_map_node *node = find(self, key);
    return node ? node->value : NULL;
}

void
og_map_put(struct og_map *self, struct og_str key, void *value)
{
    assert(key.len > 0 && value);
    struct og_map_node *node = og_xalloc(sizeof(*node));
    node->value = value;
    HASH_ADD_KEYPTR(hh, self->head, key.ptr, key.len, node);
}

void *
og_map_remove(struct og_map *self, struct og_str key)
{
    struct og_map_node *node = find(self, key);
    if (!node) {
        return NULL;
    }
    void *value = node->value;
    HASH_DELETE(hh, self->head, node);
    free(node);
    return value;
}

size_t
og_map_count(const struct og_map *self)
{
    return HASH_COUNT(self->head);
}

struct og_map_node *
og_map_first(const struct og_map *self)
{
    return self->head;
}

struct og_map_node *
og_map_next(const struct og_map_node *node)
{
    return node->hh.next;
}

void *
og_map_value(const struct og_map_node *node)
{
    return node->value;
}

void
og_map_finish(struct og_map *self)
{
    struct og_map_node *node;
    struct og_map_node *next;
    HASH_ITER (hh, self->head, node, next) {
        HASH_DELETE(hh, self->head, node);
        free(node);
    }
    self->head = NULL;
}
