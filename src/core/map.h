/*
 * A map from short strings to what the caller owns. The one door to uthash.
 *
 * Keys are borrowed: they must live, unchanged, as long as the entry (usually they are inside the
 * value). Iteration is in the order of insertion. Not thread-safe. Cost: constant on average.
 */
#pragma once

#include "base/str.h"

struct og_map_node;

struct og_map {
    struct og_map_node *head; /* zeroed: empty */
};

/* The value, or NULL. */
void *og_map_get(const struct og_map *self, struct og_str key);
/* The key must not be there yet (not checked: that is a search of its own); value not NULL. */
void og_map_put(struct og_map *self, struct og_str key, void *value);
/* Takes the entry out and returns its value, or NULL. */
void *og_map_remove(struct og_map *self, struct og_str key);
size_t og_map_count(const struct og_map *self);

/* for (c = og_map_first(map); c; c = og_map_next(c)) ... og_map_value(c). Removing the current
 * entry is allowed if its successor was fetched before. */
struct og_map_node *og_map_first(const struct og_map *self);
struct og_map_node *og_map_next(const struct og_map_node *node);
void *og_map_value(const struct og_map_node *node);

/* Frees the map, not the values. Takes zeroed. */
void og_map_finish(struct og_map *self);
