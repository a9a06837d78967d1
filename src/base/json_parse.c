/*
 * JSON from peers into nodes. It asks for one block of memory, whose size it finds by looking over
 * the text once; the same look measures the nesting before anything recurses. Reasons never repeat
 * the input. docs/decisions/0011-json.md says why this is not a library.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/json_node.h"
#include "base/secret.h"

#define FEW_MEMBERS 16 /* up to so many are compared with each other as they come */

/* What the text can need at most, found without understanding it. */
struct outline {
    int depth;
    size_t values;
};

struct parser {
    struct og_str text;
    size_t at;
    struct og_json *nodes;
    uint32_t node_count;
    char *chars; /* free space for strings and numbers; what is read takes no more than the text */
    const char *fault;
};

/* Brackets and commas outside strings. Where the text is broken the figures mean nothing, but up to
 * there they hold, and no further will the parser go. */
static struct outline
look_over(struct og_str text)
{
    struct outline out = {0, 1};
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            out.values++;
            out.depth = depth > out.depth ? depth : out.depth;
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == ',') {
            out.values++;
        }
    }
    return out;
}

static bool
fail(struct parser *self, const char *fault)
{
    if (!self->fault) {
        self->fault = self->at < self->text.len ? fault : "the JSON ends too early";
    }
    return false;
}

static bool
fail_syntax(struct parser *self)
{
    return fail(self, "not well-formed JSON");
}

/* The byte that comes next, or -1. */
static int
peek(const struct parser *self)
{
    return self->at < self->text.len ? (unsigned char)self->text.ptr[self->at] : -1;
}

static void
skip_space(struct parser *self)
{
    int c = peek(self);
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        self->at++;
        c = peek(self);
    }
}

/* ---- strings ---- */

static int
hex_digit(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits; -1 when they are not. */
static int32_t
read_unit(struct parser *self)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(self));
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
        self->at++;
    }
    return unit;
}

static void
put_point(struct parser *self, uint32_t point)
{
    static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    int len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (int i = len - 1; i > 0; i--) {
        self->chars[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    self->chars[0] = (char)(len == 1 ? point : leads[len] | point);
    self->chars += len;
}

/* Behind "\u". A pair of surrogates is one character; half a pair is none. */
static bool
read_unicode(struct parser *self)
{
    int32_t point = read_unit(self);
    if (point == 0) {
        return fail(self, "a NUL character in a string");
    }
    if (point >= 0xD800 && point <= 0xDBFF) {
        bool has_second = peek(self) == '\\' && self->at + 1 < self->text.len &&
                          self->text.ptr[self->at + 1] == 'u';
        self->at += has_second ? 2 : 0;
        int32_t second = has_second ? read_unit(self) : -1;
        if (second < 0xDC00 || second > 0xDFFF) {
            return fail_syntax(self);
        }
        point = 0x10000 + ((point - 0xD800) << 10) + (second - 0xDC00);
    } else if (point < 0 || (point >= 0xDC00 && point <= 0xDFFF)) {
        return fail_syntax(self);
    }
    put_point(self, (uint32_t)point);
    return true;
}

/* Behind the backslash. */
static bool
read_escape(struct parser *self)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    int c = peek(self);
    if (c == 'u') {
        self->at++;
        return read_unicode(self);
    }
    const char *name = c > 0 ? strchr(names, c) : NULL;
    if (!name) {
        return fail_syntax(self);
    }
    *self->chars++ = values[name - names];
    self->at++;
    return true;
}

static bool
read_foreign(struct parser *self)
{
    uint32_t point;
    struct og_str rest = og_str_slice(self->text, self->at, self->text.len);
    size_t len = og_utf8_next(rest, &point);
    if (len == 0) {
        self->fault = "not well-formed UTF-8";
        return false;
    }
    memcpy(self->chars, rest.ptr, len);
    self->chars += len;
    self->at += len;
    return true;
}

/* Bytes that stand for themselves. */
static void
copy_plain(struct parser *self)
{
    const char *from = self->text.ptr + self->at, *end = self->text.ptr + self->text.len;
    const char *to = from;
    while (to < end && (unsigned char)*to >= 0x20 && (unsigned char)*to < 0x80 && *to != '"' &&
           *to != '\\') {
        to++;
    }
    memcpy(self->chars, from, (size_t)(to - from));
    self->chars += to - from;
    self->at += (size_t)(to - from);
}

/* At the opening quote. */
static bool
read_string(struct parser *self, struct og_str *out)
{
    char *start = self->chars;
    self->at++;
    for (;;) {
        copy_plain(self);
        int c = peek(self);
        bool ok = true;
        if (c == '"') {
            break;
        } else if (c == '\\') {
            self->at++;
            ok = read_escape(self);
        } else {
            ok = c >= 0x80 ? read_foreign(self) : fail_syntax(self);
        }
        if (!ok) {
            return false;
        }
    }
    self->at++;
    *out = (struct og_str){start, (size_t)(self->chars - start)};
    *self->chars++ = '\0';
    return true;
}

/* ---- numbers ---- */

/* At least one; false when there is none. */
static bool
skip_digits(struct parser *self)
{
    size_t from = self->at;
    while (peek(self) >= '0' && peek(self) <= '9') {
        self->at++;
    }
    return self->at > from;
}

static bool
skip_number(struct parser *self, bool *is_whole_out)
{
    *is_whole_out = true;
    self->at += peek(self) == '-';
    if (peek(self) == '0') {
        self->at++;
    } else if (!skip_digits(self)) {
        return fail_syntax(self);
    }
    if (peek(self) == '.') {
        *is_whole_out = false;
        self->at++;
        if (!skip_digits(self)) {
            return fail_syntax(self);
        }
    }
    if (peek(self) == 'e' || peek(self) == 'E') {
        *is_whole_out = false;
        self->at++;
        self->at += peek(self) == '+' || peek(self) == '-';
        if (!skip_digits(self)) {
            return fail_syntax(self);
        }
    }
    return true;
}

/* What does not fit 64 bits is kept as a fraction, so that the check of the member can refuse it by
 * its name. */
static bool
read_number(struct parser *self, struct og_json *node)
{
    size_t from = self->at;
    if (!skip_number(self, &node->is_whole)) {
        return false;
    }
    size_t len = self->at - from;
    char *copy = self->chars;
    memcpy(copy, self->text.ptr + from, len);
    copy[len] = '\0';
    self->chars += len + 1;
    node->kind = OG_JSON_K_NUMBER;
    if (node->is_whole) {
        node->is_whole = og_str_to_i64((struct og_str){copy, len}, &node->value.whole);
    }
    if (!node->is_whole) {
        node->value.real = strtod(copy, NULL); /* nobody sets a locale with another point */
        if (!isfinite(node->value.real)) {
            self->fault = "a number is too large";
            return false;
        }
    }
    return true;
}

/* ---- lists ---- */

static bool read_value(struct parser *self, const char *name);

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Has a member of the object, but the last one, the last one's name? */
static bool
is_named_already(const struct og_json *object, const struct og_json *last)
{
    const struct og_json *member = object + 1;
    while (member < last) {
        if (strcmp(member->name, last->name) == 0) {
            return true;
        }
        member += member->span;
    }
    return false;
}

/* For an object of many, once all are there: comparing each with each would take the peer's time to
 * the square. */
static bool
has_twins(const struct og_json *object)
{
    size_t count = object->value.list.count;
    const char **names = og_xalloc(count * sizeof *names);
    const struct og_json *member = object + 1;
    for (size_t i = 0; i < count; i++) {
        names[i] = member->name;
        member += member->span;
    }
    qsort(names, count, sizeof *names, compare_names);
    bool found = false;
    for (size_t i = 1; i < count; i++) {
        found = found || strcmp(names[i - 1], names[i]) == 0;
    }
    free(names);
    return found;
}

static bool
fail_twins(struct parser *self)
{
    self->fault = "a member appears twice";
    return false;
}

static bool
read_member(struct parser *self, struct og_json *object)
{
    struct og_str name;
    if (peek(self) != '"') {
        return fail_syntax(self);
    }
    if (!read_string(self, &name)) {
        return false;
    }
    skip_space(self);
    if (peek(self) != ':') {
        return fail_syntax(self);
    }
    self->at++;
    skip_space(self);
    struct og_json *member = &self->nodes[self->node_count];
    if (!read_value(self, name.ptr)) {
        return false;
    }
    if (object->value.list.count < FEW_MEMBERS && is_named_already(object, member)) {
        return fail_twins(self);
    }
    return true;
}

/* At the opening bracket. */
static bool
read_list(struct parser *self, struct og_json *list, enum og_json_kind kind)
{
    char end = kind == OG_JSON_K_ARRAY ? ']' : '}';
    list->kind = (uint8_t)kind;
    self->at++;
    skip_space(self);
    if (peek(self) == end) {
        self->at++;
        return true;
    }
    for (;;) {
        if (!(kind == OG_JSON_K_ARRAY ? read_value(self, NULL) : read_member(self, list))) {
            return false;
        }
        list->value.list.count++;
        skip_space(self);
        int c = peek(self);
        if (c != ',' && c != end) {
            return fail_syntax(self);
        }
        self->at++;
        if (c == end) {
            break;
        }
        skip_space(self);
    }
    bool is_checked = kind == OG_JSON_K_ARRAY || list->value.list.count <= FEW_MEMBERS;
    return is_checked || !has_twins(list) || fail_twins(self);
}

/* ---- values ---- */

static bool
read_word(struct parser *self, struct og_str word)
{
    if (!og_str_starts(og_str_slice(self->text, self->at, self->text.len), word)) {
        return fail_syntax(self);
    }
    self->at += word.len;
    return true;
}

static bool
fill_value(struct parser *self, struct og_json *node)
{
    switch (peek(self)) {
    case '{':
        return read_list(self, node, OG_JSON_K_OBJECT);
    case '[':
        return read_list(self, node, OG_JSON_K_ARRAY);
    case '"':
        node->kind = OG_JSON_K_STRING;
        return read_string(self, &node->value.text);
    case 't':
        node->kind = OG_JSON_K_BOOL;
        node->is_true = true;
        return read_word(self, OG_STR("true"));
    case 'f':
        node->kind = OG_JSON_K_BOOL;
        return read_word(self, OG_STR("false"));
    case 'n':
        return read_word(self, OG_STR("null"));
    default:
        return read_number(self, node);
    }
}

static bool
read_value(struct parser *self, const char *name)
{
    struct og_json *node = &self->nodes[self->node_count++];
    *node = (struct og_json){.kind = OG_JSON_K_NULL, .name = name};
    if (!fill_value(self, node)) {
        return false;
    }
    node->span = (uint32_t)(&self->nodes[self->node_count] - node);
    return true;
}

static bool
read_document(struct parser *self)
{
    skip_space(self);
    if (!read_value(self, NULL)) {
        return false;
    }
    skip_space(self);
    return self->at == self->text.len || fail(self, "text after the JSON value");
}

static enum og_code
explain(const struct parser *self, struct og_err *err)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < self->at; i++) {
        bool is_end = self->text.ptr[i] == '\n';
        line += is_end;
        column = is_end ? 1 : column + 1;
    }
    return og_fail(err, OG_E_INVALID, "", "%s (line %d, column %d)", self->fault, line, column);
}

enum og_code
og_json_parse(struct og_str text, int max_depth, struct og_json_doc *out, struct og_err *err)
{
    *out = (struct og_json_doc){0};
    struct outline outline = look_over(text);
    if (outline.depth > max_depth) {
        return og_fail(err, OG_E_INVALID, "", "JSON is nested deeper than %d", max_depth);
    }
    if (outline.values > UINT32_MAX) {
        return og_fail(err, OG_E_TOO_LARGE, "", "too many JSON values");
    }
    size_t nodes_bytes = outline.values * sizeof(struct og_json);
    out->size_bytes = nodes_bytes + text.len + 1;
    out->root = og_xrealloc(NULL, out->size_bytes);
    struct parser self = {.text = text, .nodes = out->root};
    self.chars = (char *)out->root + nodes_bytes;
    if (!read_document(&self)) {
        enum og_code code = explain(&self, err);
        og_json_doc_finish(out);
        return code;
    }
    assert(self.node_count <= outline.values);
    assert(self.chars <= (char *)out->root + out->size_bytes);
    return OG_OK;
}

void
og_json_doc_finish(struct og_json_doc *doc)
{
    og_wipe(doc->root, doc->root ? doc->size_bytes : 0);
    free(doc->root);
    *doc = (struct og_json_doc){0};
}
