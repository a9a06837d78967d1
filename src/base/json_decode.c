/*
 * Filling structs from JSON objects by a table of members. Everything that a peer may get wrong is
 * refused with the name of the member; foreign names and values are not repeated.
 */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"

struct decode {
    const struct og_json_member *member;
    const struct og_json *node;
    const char *parent;
    struct og_arena *mem;
    void *at; /* where the value goes */
    struct og_err *err;
};

static enum og_code
fail_member(const struct decode *d, const char *what)
{
    char field[sizeof(d->err->field)];
    snprintf(field, sizeof(field), "%s%s%s", d->parent, d->parent[0] ? "." : "", d->member->name);
    return og_fail(d->err, OG_E_INVALID, field, "%s", what);
}

static bool
has_limits(const struct og_json_member *member)
{
    return member->min != 0 || member->max != 0;
}

static enum og_code
fail_range(const struct decode *d, const char *what)
{
    const struct og_json_member *member = d->member;
    char text[120];
    if (member->max == INT64_MAX) {
        snprintf(text, sizeof(text), "must %s at least %lld", what, (long long)member->min);
    } else {
        snprintf(text, sizeof(text), "must %s from %lld to %lld", what, (long long)member->min,
                 (long long)member->max);
    }
    return fail_member(d, text);
}

static enum og_code
check_range(const struct decode *d, int64_t value, const char *what)
{
    bool is_inside = value >= d->member->min && value <= d->member->max;
    return is_inside || !has_limits(d->member) ? OG_OK : fail_range(d, what);
}

/* The text is well-formed here: every byte that does not continue a character starts one. */
static int64_t
count_characters(struct og_str text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    }
    return count;
}

static enum og_code
decode_node(const struct decode *d)
{
    *(const struct og_json **)d->at = d->node;
    return OG_OK;
}

static enum og_code
decode_object(const struct decode *d)
{
    if (og_json_kind(d->node) != OG_JSON_K_OBJECT) {
        return fail_member(d, "must be an object");
    }
    return decode_node(d);
}

static enum og_code
decode_array(const struct decode *d)
{
    if (og_json_kind(d->node) != OG_JSON_K_ARRAY) {
        return fail_member(d, "must be an array");
    }
    enum og_code code = check_range(d, (int64_t)og_json_count(d->node), "have entries");
    return code == OG_OK ? decode_node(d) : code;
}

static enum og_code
decode_string(const struct decode *d)
{
    struct og_str text;
    if (!og_json_to_str(d->node, &text)) {
        return fail_member(d, "must be a string");
    }
    enum og_code code =
        has_limits(d->member) ? check_range(d, count_characters(text), "have characters") : OG_OK;
    if (code == OG_OK) {
        *(struct og_str *)d->at = og_str_dup(d->mem, text);
    }
    return code;
}

static enum og_code
decode_int(const struct decode *d)
{
    static const char what[] = "be a whole number";
    int64_t value;
    if (!og_json_to_i64(d->node, &value)) {
        return has_limits(d->member) ? fail_range(d, what)
                                     : fail_member(d, "must be a whole number");
    }
    enum og_code code = check_range(d, value, what);
    if (code == OG_OK) {
        *(int64_t *)d->at = value;
    }
    return code;
}

static enum og_code
decode_bool(const struct decode *d)
{
    return og_json_to_bool(d->node, d->at) ? OG_OK : fail_member(d, "must be true or false");
}

static enum og_code
decode_time(const struct decode *d)
{
    struct og_str text;
    if (!og_json_to_str(d->node, &text) || !og_time_parse(text, d->at)) {
        return fail_member(d, "must be a time like 2026-01-02T03:04:05.120Z");
    }
    return OG_OK;
}

static enum og_code
decode_strings(const struct decode *d)
{
    if (og_json_kind(d->node) != OG_JSON_K_ARRAY) {
        return fail_member(d, "must be an array of strings");
    }
    size_t count = og_json_count(d->node);
    enum og_code code = check_range(d, (int64_t)count, "have entries");
    if (code != OG_OK) {
        return code;
    }
    struct og_str *items = OG_ARENA_ARRAY(d->mem, struct og_str, count);
    for (size_t i = 0; i < count; i++) {
        struct og_str text;
        if (!og_json_to_str(og_json_at(d->node, i), &text)) {
            return fail_member(d, "must be an array of strings");
        }
        items[i] = og_str_dup(d->mem, text);
    }
    *(struct og_str_list *)d->at = (struct og_str_list){items, count};
    return OG_OK;
}

static enum og_code (*const decoders[])(const struct decode *d) = {
    [OG_JSON_ANY] = decode_node,   [OG_JSON_OBJECT] = decode_object, [OG_JSON_ARRAY] = decode_array,
    [OG_JSON_STRING] = decode_string, [OG_JSON_INT] = decode_int, [OG_JSON_BOOL] = decode_bool,
    [OG_JSON_TIME] = decode_time,  [OG_JSON_STRINGS] = decode_strings,
};

/* Looks for the first member that no row names. */
struct search {
    const struct og_json_member *members;
    size_t count;
    struct og_str unknown;
};

static bool
look_at_member(void *ctx, struct og_str name, const struct og_json *value)
{
    (void)value;
    struct search *search = ctx;
    for (size_t i = 0; i < search->count; i++) {
        if (og_str_eq(name, og_str_from(search->members[i].name))) {
            return true;
        }
    }
    search->unknown = name;
    return false;
}

/* A foreign name is shown only when it is a plain word. */
static bool
is_showable(struct og_str name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    return name.len > 0 && name.len <= 32 && strspn(name.ptr, plain) == name.len;
}

static enum og_code
fail_unknown(const struct og_json *object, const struct og_json_member *members, size_t count,
             const char *parent, struct og_err *err)
{
    struct search search = {members, count, {0}};
    og_json_each(object, look_at_member, &search);
    struct og_str name = is_showable(search.unknown) ? search.unknown : (struct og_str){0};
    char field[sizeof(err->field)];
    snprintf(field, sizeof(field), "%s%s%" OG_STR_FMT, parent, parent[0] && name.len ? "." : "",
             OG_STR_ARG(name));
    return og_fail(err, OG_E_INVALID, field, "unknown member");
}

enum og_code
og_json_decode(const struct og_json *object, const struct og_json_member *members, size_t count,
               enum og_json_unknown unknown, const char *parent, struct og_arena *mem, void *out,
               struct og_err *err)
{
    if (og_json_kind(object) != OG_JSON_K_OBJECT) {
        return og_fail(err, OG_E_INVALID, parent, "must be an object");
    }
    size_t found_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct og_json_member *member = &members[i];
        assert((size_t)member->type < sizeof(decoders) / sizeof(decoders[0]));
        struct decode d = {member, og_json_get(object, member->name), parent, mem,
                           (char *)out + member->offset, err};
        found_count += d.node != NULL;
        if (og_json_kind(d.node) == OG_JSON_K_NULL) {
            if (member->required) {
                return fail_member(&d, "is required");
            }
            continue;
        }
        enum og_code code = decoders[member->type](&d);
        if (code != OG_OK) {
            return code;
        }
        if (member->present_offset != 0) {
            *((bool *)((char *)out + member->present_offset)) = true;
        }
    }
    if (unknown == OG_JSON_UNKNOWN_REFUSED && found_count < og_json_count(object)) {
        return fail_unknown(object, members, count, parent, err);
    }
    return OG_OK;
}
