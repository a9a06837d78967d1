/*
 * Reading JSON: the one door to jansson. An og_json is a json_t in disguise. The text comes from
 * peers, so nesting is measured before jansson recurses, and messages never repeat the input.
 */
#include <jansson.h>
#include <math.h>
#include <pthread.h>

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

/* Deepest nesting of brackets outside strings. Broken JSON gives some number; the parser refuses
 * it. */
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
    if (!(fabs(real) < WHOLE_MAX) || real != (double)(int64_t)real) {
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
