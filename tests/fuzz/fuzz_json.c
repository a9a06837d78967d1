/*
 * Fuzzes what reads text from peers in base: JSON with its tables, times, numbers, hex and base64.
 * What is accepted is written again and must be accepted again; what is refused must be explained
 * without repeating the input.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

#define DEPTH_MAX 16

struct target {
    struct og_str text;
    int64_t number;
    int64_t at;
    bool flag;
    bool has_flag;
    const struct og_json *object;
    struct og_str_list strings;
};

static const struct og_json_member members[] = {
    {"text", OG_JSON_STRING, offsetof(struct target, text), false, 1, 20, 0},
    {"n", OG_JSON_INT, offsetof(struct target, number), false, -5, 5, 0},
    {"at", OG_JSON_TIME, offsetof(struct target, at), false, 0, 0, 0},
    {"flag", OG_JSON_BOOL, offsetof(struct target, flag), false, 0, 0,
     offsetof(struct target, has_flag)},
    {"o", OG_JSON_OBJECT, offsetof(struct target, object), false, 0, 0, 0},
    {"s", OG_JSON_STRINGS, offsetof(struct target, strings), false, 0, 3, 0},
};

static void
write_node(struct og_json_writer *w, const char *name, const struct og_json *node);

static bool
write_member(void *ctx, struct og_str name, const struct og_json *value)
{
    write_node(ctx, name.ptr, value);
    return true;
}

static void
write_node(struct og_json_writer *w, const char *name, const struct og_json *node)
{
    struct og_str text;
    int64_t number;
    bool flag;
    switch (og_json_kind(node)) {
    case OG_JSON_K_OBJECT:
        og_json_object(w, name);
        og_json_each(node, write_member, w);
        og_json_end(w);
        return;
    case OG_JSON_K_ARRAY:
        og_json_array(w, name);
        for (size_t i = 0; i < og_json_count(node); i++) {
            write_node(w, NULL, og_json_at(node, i));
        }
        og_json_end(w);
        return;
    default:
        break;
    }
    if (og_json_to_str(node, &text)) {
        CHECK(og_str_is_utf8(text) && og_str_find(text, '\0') == text.len);
        og_json_add_str(w, name, text);
    } else if (og_json_to_i64(node, &number)) {
        og_json_add_i64(w, name, number);
    } else if (og_json_to_bool(node, &flag)) {
        og_json_add_bool(w, name, flag);
    } else {
        og_json_add_null(w, name);
    }
}

/* Writing what was read and reading it again gives the same text. */
static void
check_round(const struct og_json_doc *doc, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    write_node(&w, NULL, doc->root);
    CHECK(!out->full);
    struct og_json_doc again;
    struct og_buf second;
    og_buf_init(&second, out->max_bytes);
    CHECK(og_json_parse(og_buf_str(out), DEPTH_MAX, &again, NULL) == OG_OK);
    og_json_begin(&w, &second);
    write_node(&w, NULL, again.root);
    CHECK(og_str_eq(og_buf_str(out), og_buf_str(&second)));
    og_json_doc_finish(&again);
    og_buf_finish(&second);
}

static void
check_decode(const struct og_json_doc *doc, enum og_json_unknown unknown)
{
    struct og_arena mem;
    struct og_err err = {0};
    struct target out = {0};
    og_arena_init(&mem, 0);
    enum og_code code = og_json_decode(doc->root, members, sizeof(members) / sizeof(members[0]),
                                       unknown, "", &mem, &out, &err);
    CHECK(code == OG_OK || (code == OG_E_INVALID && err.text[0] != '\0'));
    if (code == OG_OK) {
        CHECK(out.number >= -5 && out.number <= 5);
        CHECK(out.strings.count <= 3);
        CHECK(out.text.len <= 80);
        CHECK(out.has_flag || !out.flag);
    }
    og_arena_finish(&mem);
}

static void
check_scalars(struct og_str text)
{
    int64_t number;
    if (og_time_parse(text, &number) && number >= 0) {
        char shown[OG_TIME_TEXT_BYTES];
        int64_t again;
        og_time_format(number, shown);
        CHECK(og_time_parse(og_str_from(shown), &again));
        CHECK(again == number || number > INT64_C(253402300799999));
    }
    if (og_str_to_i64(text, &number)) {
        struct og_buf shown;
        int64_t again;
        og_buf_init(&shown, 32);
        og_buf_add_i64(&shown, number);
        CHECK(og_str_to_i64(og_buf_str(&shown), &again) && again == number);
        og_buf_finish(&shown);
    }
    for (int url = 0; url <= 1; url++) {
        struct og_buf bytes, again;
        og_buf_init(&bytes, text.len + 4);
        og_buf_init(&again, text.len + 4);
        if (og_base64_decode(text, url, &bytes)) {
            og_base64_encode(og_buf_str(&bytes), url, &again);
            CHECK(og_str_eq(text, og_buf_str(&again))); /* one way to write it */
        }
        og_buf_finish(&bytes);
        og_buf_finish(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_str text = {(const char *)data, size};
    struct og_json_doc doc;
    struct og_err err = {0};
    check_scalars(text);
    if (og_json_parse(text, DEPTH_MAX, &doc, &err) != OG_OK) {
        CHECK(err.text[0] != '\0');
        return 0;
    }
    struct og_buf out;
    og_buf_init(&out, size * 8 + 64);
    check_round(&doc, &out);
    check_decode(&doc, OG_JSON_UNKNOWN_REFUSED);
    check_decode(&doc, OG_JSON_UNKNOWN_IGNORED);
    og_json_doc_finish(&doc);
    og_buf_finish(&out);
    return 0;
}
