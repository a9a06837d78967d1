/*
 * The arena and the heap functions that do not fail. An arena is a list of blocks, newest first;
 * what is handed out is cut from the newest. What was used is wiped before it goes back to the
 * heap, because requests carry codes and credentials.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, size) ASAN_POISON_MEMORY_REGION((ptr), (size))
#define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION((ptr), (size))
#define GAP_BYTES 16 /* between two pieces, so that running over the end of one is seen */
#else
#define POISON(ptr, size) ((void)0)
#define UNPOISON(ptr, size) ((void)0)
#define GAP_BYTES 0
#endif

#define BLOCK_BYTES_DEFAULT 4096
#define BLOCK_BYTES_MAX (64 * 1024) /* where doubling ends, and the largest that reset keeps */
#define PIECE_BYTES_MAX (SIZE_MAX / 4)

struct og_arena_block {
    struct og_arena_block *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void
out_of_memory(size_t size_bytes)
{
    og_log_error("base", "out of memory", "wanted_bytes=%zu", size_bytes);
    abort();
}

static size_t
round_up(size_t size_bytes)
{
    size_t mask = alignof(max_align_t) - 1;
    return (size_bytes + mask) & ~mask;
}

static void
free_block(struct og_arena_block *block)
{
    UNPOISON(block->bytes, block->cap);
    og_wipe(block->bytes, block->used);
    free(block);
}

static struct og_arena_block *
add_block(struct og_arena *self, size_t piece_bytes)
{
    size_t cap = self->block_bytes;
    if (piece_bytes > cap) {
        cap = piece_bytes;
    } else if (self->block_bytes < BLOCK_BYTES_MAX) {
        self->block_bytes *= 2;
    }
    struct og_arena_block *block = malloc(sizeof(*block) + cap);
    if (!block) {
        out_of_memory(cap);
    }
    block->next = self->head;
    block->cap = cap;
    block->used = 0;
    POISON(block->bytes, cap);
    self->head = block;
    return block;
}

void
og_arena_init(struct og_arena *self, size_t first_block_bytes)
{
    self->head = NULL;
    self->block_bytes = round_up(first_block_bytes ? first_block_bytes : BLOCK_BYTES_DEFAULT);
    self->used_bytes = 0;
}

void
og_arena_finish(struct og_arena *self)
{
    while (self->head) {
        struct og_arena_block *block = self->head;
        self->head = block->next;
        free_block(block);
    }
    self->used_bytes = 0;
}

void
og_arena_reset(struct og_arena *self)
{
    struct og_arena_block *kept = NULL;
    while (self->head) {
        struct og_arena_block *block = self->head;
        self->head = block->next;
        if (!kept && block->cap <= BLOCK_BYTES_MAX) {
            kept = block;
        } else {
            free_block(block);
        }
    }
    if (kept) {
        UNPOISON(kept->bytes, kept->cap);
        og_wipe(kept->bytes, kept->used);
        POISON(kept->bytes, kept->cap);
        kept->next = NULL;
        kept->used = 0;
        self->head = kept;
    }
    self->used_bytes = 0;
}

void *
og_arena_alloc(struct og_arena *self, size_t size_bytes)
{
    if (size_bytes > PIECE_BYTES_MAX) {
        out_of_memory(size_bytes);
    }
    if (self->block_bytes == 0) {
        og_arena_init(self, 0);
    }
    size_t piece_bytes = round_up((size_bytes ? size_bytes : 1) + GAP_BYTES);
    struct og_arena_block *block = self->head;
    if (!block || block->cap - block->used < piece_bytes) {
        block = add_block(self, piece_bytes);
    }
    void *piece = block->bytes + block->used;
    block->used += piece_bytes;
    self->used_bytes += piece_bytes;
    UNPOISON(piece, size_bytes);
    return memset(piece, 0, size_bytes);
}

void *
og_arena_alloc_array(struct og_arena *self, size_t count, size_t size_bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total)) {
        out_of_memory(SIZE_MAX);
    }
    return og_arena_alloc(self, total);
}

void *
og_xalloc(size_t size_bytes)
{
    void *ptr = calloc(1, size_bytes ? size_bytes : 1);
    if (!ptr) {
        out_of_memory(size_bytes);
    }
    return ptr;
}

void *
og_xrealloc(void *ptr, size_t size_bytes)
{
    void *moved = realloc(ptr, size_bytes ? size_bytes : 1);
    if (!moved) {
        out_of_memory(size_bytes);
    }
    return moved;
}

char *
og_xstrdup(const char *text)
{
    if (!text) {
        return NULL;
    }
    size_t size_bytes = strlen(text) + 1;
    return memcpy(og_xalloc(size_bytes), text, size_bytes);
}
