/*
 * Looking at the nodes of a parsed document. Members are found by comparing names: objects that
 * anybody asks for something are small.
 */
#include <math.h>
#include <string.h>

#include "base/json_node.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: beyond it a double skips whole numbers */

static bool
is_list(const struct og_json *node)
{
    return node && (node->kind == OG_JSON_K_ARRAY || node->kind == OG_JSON_K_OBJECT);
}

enum og_json_kind
og_json_kind(const struct og_json *node)
{
    return node ? (enum og_json_kind)node->kind : OG_JSON_K_NULL;
}

size_t
og_json_count(const struct og_json *array_or_object)
{
    return is_list(array_or_object) ? array_or_object->value.list.count : 0;
}

const struct og_json *
og_json_at(const struct og_json *array, size_t index)
{
    if (og_json_kind(array) != OG_JSON_K_ARRAY || index >= array->value.list.count) {
        return NULL;
    }
    struct og_json *self = (struct og_json *)array; /* only the place where we were changes */
    bool is_ahead = self->value.list.seen_span > 0 && index >= self->value.list.seen_index;
    size_t at = is_ahead ? self->value.list.seen_index : 0;
    const struct og_json *node = array + (is_ahead ? self->value.list.seen_span : 1);
    for (; at < index; at++) {
        node += node->span;
    }
    self->value.list.seen_index = (uint32_t)index;
    self->value.list.seen_span = (uint32_t)(node - array);
    return node;
}

const struct og_json *
og_json_get(const struct og_json *object, const char *name)
{
    if (og_json_kind(object) != OG_JSON_K_OBJECT) {
        return NULL;
    }
    const struct og_json *member = object + 1;
    for (size_t i = 0; i < object->value.list.count; i++) {
        if (strcmp(member->name, name) == 0) {
            return member;
        }
        member += member->span;
    }
    return NULL;
}

bool
og_json_to_str(const struct og_json *node, struct og_str *out)
{
    if (og_json_kind(node) != OG_JSON_K_STRING) {
        return false;
    }
    *out = node->value.text;
    return true;
}

/* 5.0 and 5e0 are whole numbers too; past 2^53 only digits without a fraction are exact. */
bool
og_json_to_i64(const struct og_json *node, int64_t *out)
{
    if (og_json_kind(node) != OG_JSON_K_NUMBER) {
        return false;
    }
    if (node->is_whole) {
        *out = node->value.whole;
        return true;
    }
    double real = node->value.real;
    if (!(fabs(real) < WHOLE_MAX) || real != (double)(int64_t)real) {
        return false;
    }
    *out = (int64_t)real;
    return true;
}

bool
og_json_to_bool(const struct og_json *node, bool *out)
{
    if (og_json_kind(node) != OG_JSON_K_BOOL) {
        return false;
    }
    *out = node->is_true;
    return true;
}

void
og_json_each(const struct og_json *object,
             bool (*fn)(void *ctx, struct og_str name, const struct og_json *value), void *ctx)
{
    if (og_json_kind(object) != OG_JSON_K_OBJECT) {
        return;
    }
    const struct og_json *member = object + 1;
    for (size_t i = 0; i < object->value.list.count; i++) {
        if (!fn(ctx, og_str_from(member->name), member)) {
            return;
        }
        member += member->span;
    }
}
