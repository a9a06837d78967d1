/*
 * The grammar of the specification as far as secret keys use it. Nothing is built; class
 * descriptions are remembered only for the fields that they announce.
 */
#include "apphash/java_object.h"

#define STREAM_HEADER 0xaced0005u
#define CLASSES_MAX 4
#define FIELDS_MAX 16

enum token {
    TOKEN_NULL = 0x70,
    TOKEN_REFERENCE = 0x71,
    TOKEN_CLASS = 0x72,
    TOKEN_OBJECT = 0x73,
    TOKEN_STRING = 0x74,
    TOKEN_ARRAY = 0x75,
    TOKEN_END = 0x78,
};
#define FLAGS_PLAIN 0x02 /* serialisable, without data of its own making */

/* The field types of a class and of what it extends, the topmost last. */
struct classes {
    char fields[CLASSES_MAX][FIELDS_MAX];
    unsigned counts[CLASSES_MAX];
    unsigned depth;
};

static bool
fail(struct og_cursor *in)
{
    in->failed = true;
    return false;
}

/* A field's or array's type, as text or as one seen before. */
static bool
skip_type(struct og_cursor *in)
{
    uint8_t token = og_cursor_u8(in);
    if (token == TOKEN_STRING) {
        og_cursor_take(in, og_cursor_u16be(in));
    } else if (token == TOKEN_REFERENCE) {
        og_cursor_u32be(in);
    } else {
        return fail(in);
    }
    return !in->failed;
}

/* Behind TOKEN_CLASS: one class, without what it extends. */
static bool
read_class(struct og_cursor *in, char fields[FIELDS_MAX], unsigned *count)
{
    og_cursor_take(in, og_cursor_u16be(in)); /* its name */
    og_cursor_take(in, 8);                   /* its version */
    uint8_t flags = og_cursor_u8(in);
    *count = og_cursor_u16be(in);
    if (in->failed || flags != FLAGS_PLAIN || *count > FIELDS_MAX) {
        return fail(in);
    }
    for (unsigned i = 0; i < *count; i++) {
        fields[i] = (char)og_cursor_u8(in);
        og_cursor_take(in, og_cursor_u16be(in)); /* its name */
        if ((fields[i] == '[' || fields[i] == 'L') && !skip_type(in)) {
            return false;
        }
    }
    return og_cursor_u8(in) == TOKEN_END || fail(in);
}

/* An object's classes must all stand here; an array's may be one seen before. */
static bool
read_classes(struct og_cursor *in, bool is_array, struct classes *out)
{
    for (;;) {
        uint8_t token = og_cursor_u8(in);
        if (token == TOKEN_NULL && out->depth > 0) {
            return !in->failed;
        }
        if (token == TOKEN_REFERENCE && is_array) {
            og_cursor_u32be(in);
            return !in->failed;
        }
        if (token != TOKEN_CLASS || out->depth == CLASSES_MAX ||
            !read_class(in, out->fields[out->depth], &out->counts[out->depth])) {
            return fail(in);
        }
        out->depth++;
    }
}

/* An array's elements are taken for bytes: secret keys have no other arrays. */
static bool
skip_value(struct og_cursor *in)
{
    struct classes ignored = {.depth = 0};
    switch (og_cursor_u8(in)) {
    case TOKEN_NULL:
        return !in->failed;
    case TOKEN_REFERENCE:
        og_cursor_u32be(in);
        return !in->failed;
    case TOKEN_STRING:
        og_cursor_take(in, og_cursor_u16be(in));
        return !in->failed;
    case TOKEN_ARRAY:
        if (read_classes(in, true, &ignored)) {
            og_cursor_take(in, og_cursor_u32be(in));
        }
        return !in->failed;
    default:
        return fail(in);
    }
}

static bool
skip_field(struct og_cursor *in, char type)
{
    static const struct {
        char type;
        uint8_t size_bytes;
    } primitives[] = {{'B', 1}, {'C', 2}, {'D', 8}, {'F', 4}, {'I', 4}, {'J', 8}, {'S', 2},
                      {'Z', 1}};
    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++) {
        if (primitives[i].type == type) {
            og_cursor_take(in, primitives[i].size_bytes);
            return !in->failed;
        }
    }
    return type == '[' || type == 'L' ? skip_value(in) : fail(in);
}

bool
og_java_object_skip(struct og_cursor *self)
{
    struct classes classes = {.depth = 0};
    if (og_cursor_u32be(self) != STREAM_HEADER || og_cursor_u8(self) != TOKEN_OBJECT ||
        !read_classes(self, false, &classes)) {
        return fail(self);
    }
    for (unsigned c = classes.depth; c-- > 0;) { /* what is extended comes first */
        for (unsigned i = 0; i < classes.counts[c]; i++) {
            if (!skip_field(self, classes.fields[c][i])) {
                return false;
            }
        }
    }
    return true;
}
