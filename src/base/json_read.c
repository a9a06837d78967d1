/*
 * Reading JSON: the one door to jansson. An og_json is a json_t in disguise. The text comes from
 * peers, so nesting is measured before jansson recurses, and messages never repeat the input.
 */
#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/json.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: beyond it a double skips whole numbers */

static const json_t *
to_jansson(const struct og_json *node)
{
    return (const json_t *)node;
}

static const struct og_json *
from_jansson(const json_t *node)
{
    return (const struct og_json *)node;
}

static void
seed_hash(void)
{
    json_object_seed(0);
}

/* Deepest nesting of brackets outside strings. Broken JSON gives some number; the parser refuses it. */
static int
measure_depth(struct og_str text)
{
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return deepest;
}

static const char *
explain(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the JSON ends too early";
    case json_error_end_of_input_expected:
        return "text after the JSON value";
    case json_error_invalid_utf8:
        return "not well-formed UTF-8";
    case json_error_duplicate_key:
        return "a member appears twice";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character in a string";
    case json_error_numeric_overflow:
        return "a number is too large";
    default:
        return "not well-formed JSON";
    }
}

enum og_code
og_json_parse(struct og_str text, int max_depth, struct og_json_doc *out, struct og_err *err)
{
    static pthread_once_t seeded = PTHREAD_ONCE_INIT;
    pthread_once(&seeded, seed_hash);
    out->root = NULL;
    if (measure_depth(text) > max_depth) {
        return og_fail(err, OG_E_INVALID, "", "JSON is nested deeper than %d", max_depth);
    }
    json_error_t error;
    const char *bytes = text.len ? text.ptr : "";
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *root = json_loadb(bytes, text.len, flags, &error);
    if (!root && json_error_code(&error) == json_error_numeric_overflow) {
        /* as a fraction, so that the check of the member can refuse it by its name */
        root = json_loadb(bytes, text.len, flags | JSON_DECODE_INT_AS_REAL, &error);
    }
    if (!root) {
        return og_fail(err, OG_E_INVALID, "", "%s (line %d, column %d)",
                       explain(json_error_code(&error)), error.line, error.column);
    }
    out->root = (struct og_json *)root;
    return OG_OK;
}

void
og_json_doc_finish(struct og_json_doc *doc)
{
    json_decref((json_t *)doc->root);
    doc->root = NULL;
}

enum og_json_kind
og_json_kind(const struct og_json *node)
{
    if (!node) {
        return OG_JSON_K_NULL;
    }
    switch (json_typeof(to_jansson(node))) {
    case JSON_OBJECT:
        return OG_JSON_K_OBJECT;
    case JSON_ARRAY:
        return OG_JSON_K_ARRAY;
    case JSON_STRING:
        return OG_JSON_K_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return OG_JSON_K_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return OG_JSON_K_BOOL;
    default:
        return OG_JSON_K_NULL;
    }
}

size_t
og_json_count(const struct og_json *array_or_object)
{
    const json_t *node = to_jansson(array_or_object);
    return json_is_array(node) ? json_array_size(node) : json_object_size(node);
}

const struct og_json *
og_json_at(const struct og_json *array, size_t index)
{
    return from_jansson(json_array_get(to_jansson(array), index));
}

const struct og_json *
og_json_get(const struct og_json *object, const char *name)
{
    return from_jansson(json_object_get(to_jansson(object), name));
}

bool
og_json_to_str(const struct og_json *node, struct og_str *out)
{
    const json_t *value = to_jansson(node);
    if (!json_is_string(value)) {
        return false;
    }
    *out = (struct og_str){json_string_value(value), json_string_length(value)};
    return true;
}

/* 5.0 and 5e0 are whole numbers too; past 2^53 only digits without a fraction are exact. */
bool
og_json_to_i64(const struct og_json *node, int64_t *out)
{
    const json_t *value = to_jansson(node);
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    double real = json_is_real(value) ? json_real_value(value) : NAN;
    if (!(fabs(real) < WHOLE_MAX) || real != trunc(real)) {
        return false;
    }
    *out = (int64_t)real;
    return true;
}

bool
og_json_to_bool(const struct og_json *node, bool *out)
{
    const json_t *value = to_jansson(node);
    if (!json_is_boolean(value)) {
        return false;
    }
    *out = json_is_true(value);
    return true;
}

void
og_json_each(const struct og_json *object,
             bool (*fn)(void *ctx, struct og_str name, const struct og_json *value), void *ctx)
{
    json_t *node = (json_t *)object;
    for (void *at = json_object_iter(node); at; at = json_object_iter_next(node, at)) {
        const char *name = json_object_iter_key(at);
        if (!fn(ctx, og_str_from(name), from_jansson(json_object_iter_value(at)))) {
            return;
        }
    }
}

/* Decoding by a table */

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
check_range(const struct decode *d, int64_t value, const char *what)
{
    const struct og_json_member *member = d->member;
    if (!has_limits(member) || (value >= member->min && value <= member->max)) {
        return OG_OK;
    }
    char text[120];
    if (member->max == INT64_MAX) {
        snprintf(text, sizeof(text), "must %s at least %lld", what, (long long)member->min);
    } else {
        snprintf(text, sizeof(text), "must %s from %lld to %lld", what, (long long)member->min,
                 (long long)member->max);
    }
    return fail_member(d, text);
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
    *(const struct og_json **)d->at = d->node;
    return check_range(d, (int64_t)og_json_count(d->node), "have entries");
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
    int64_t value;
    if (og_json_kind(d->node) != OG_JSON_K_NUMBER) {
        return fail_member(d, "must be a whole number");
    }
    if (!og_json_to_i64(d->node, &value)) {
        double real = json_number_value(to_jansson(d->node));
        return fabs(real) < WHOLE_MAX ? fail_member(d, "must be a whole number")
                                      : fail_member(d, "is too large a number");
    }
    enum og_code code = check_range(d, value, "be");
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

static bool
is_known(struct og_str name, const struct og_json_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (og_str_eq(name, og_str_from(members[i].name))) {
            return true;
        }
    }
    return false;
}

static enum og_code
fail_unknown(const struct og_json *object, const struct og_json_member *members, size_t count,
             const char *parent, struct og_err *err)
{
    const char *name = "";
    json_t *node = (json_t *)object;
    for (void *at = json_object_iter(node); at; at = json_object_iter_next(node, at)) {
        name = json_object_iter_key(at);
        if (!is_known(og_str_from(name), members, count)) {
            break;
        }
    }
    /* a foreign name is shown only when it is a plain word */
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    bool is_plain = name[len] == '\0' && len > 0 && len <= 32;
    char field[sizeof(err->field)];
    snprintf(field, sizeof(field), "%s%s%s", parent, parent[0] && is_plain ? "." : "",
             is_plain ? name : "");
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
