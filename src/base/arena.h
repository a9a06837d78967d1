/*
 * An arena: memory that is taken in small pieces and given back all at once.
 *
 * One per request, opened by http and dropped after the reply; jobs have one per round. Touched by
 * one thread at a time. Under AddressSanitizer only bytes handed out may be read or written.
 * Exhaustion of the machine's memory logs and aborts, so callers see no failure.
 */
#pragma once

#include <stddef.h>

struct og_arena_block;

struct og_arena {
    struct og_arena_block *head; /* newest block first */
    size_t block_bytes;          /* size of the next block */
    size_t used_bytes;           /* handed out since init or reset */
};

/* first_block_bytes  size of the first block, 0 for a default; nothing is allocated before use */
void og_arena_init(struct og_arena *self, size_t first_block_bytes);
/* Frees everything; the arena is as after init. Takes a zeroed arena too. */
void og_arena_finish(struct og_arena *self);
/* Forget what was handed out but keep one block for the next user. Wipes it. */
void og_arena_reset(struct og_arena *self);

/* Zeroed bytes, aligned for any type. size 0 gives a valid pointer. */
void *og_arena_alloc(struct og_arena *self, size_t size_bytes);
/* Zeroed array; aborts on overflow of count * size. */
void *og_arena_alloc_array(struct og_arena *self, size_t count, size_t size_bytes);

#define OG_ARENA_NEW(arena, type) ((type *)og_arena_alloc((arena), sizeof(type)))
#define OG_ARENA_ARRAY(arena, type, count)                                                        \
    ((type *)og_arena_alloc_array((arena), (count), sizeof(type)))

/* Heap memory that aborts on exhaustion, for long-lived objects; freed with free(). */
void *og_xalloc(size_t size_bytes); /* zeroed */
void *og_xrealloc(void *ptr, size_t size_bytes);
char *og_xstrdup(const char *text); /* NULL gives NULL */
