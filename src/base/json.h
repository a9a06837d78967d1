/*
 * JSON in and out: a document becomes a block of nodes; writing appends to a buffer.
 *
 * Reading refuses duplicate members, bytes that are not UTF-8, NUL characters in strings, text
 * after the value, and nesting over the limit. Sources: RFC 8259.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* A node of a parsed document; valid until og_json_doc_finish. One thread at a time. */
struct og_json;

struct og_json_doc {
    struct og_json *root; /* the first of the nodes; their texts stand behind the last */
    size_t size_bytes;
};

#define OG_JSON_DEPTH_DEFAULT 16

/* Strings of nodes are borrowed from the document, so finish it after use of them.
 * Errors  OG_E_INVALID with position and cause */
OG_MUST_CHECK enum og_code og_json_parse(struct og_str text, int max_depth, struct og_json_doc *out,
                                         struct og_err *err);
void og_json_doc_finish(struct og_json_doc *doc); /* takes zeroed; wipes */

enum og_json_type {
    OG_JSON_ANY,     /* const struct og_json *: the node itself, NULL when absent */
    OG_JSON_OBJECT,  /* const struct og_json * */
    OG_JSON_ARRAY,   /* const struct og_json * */
    OG_JSON_STRING,  /* struct og_str, copied to the arena; min and max count code points */
    OG_JSON_INT,     /* int64_t between min and max */
    OG_JSON_BOOL,    /* bool */
    OG_JSON_TIME,    /* int64_t, UTC ms, from RFC 3339 text */
    OG_JSON_STRINGS, /* struct og_str_list; min and max count the entries */
};

/* One member of an object and where its value goes. */
struct og_json_member {
    const char *name;
    enum og_json_type type;
    size_t offset;          /* of the value in the output struct */
    bool required;
    int64_t min, max;       /* see the types; both 0: no limit */
    size_t present_offset;  /* of a bool that becomes true when the member is there and not null,
                               0 for none: never put such a bool first in the struct */
};

enum og_json_unknown {
    OG_JSON_UNKNOWN_REFUSED, /* our own API */
    OG_JSON_UNKNOWN_IGNORED, /* where foreign clients may send more */
};

/*
 * Fill `out` (which holds the defaults) from an object by a table. Null counts as absent.
 * parent  path for error messages: "" or e.g. "textMessage"; the field named is parent.name
 * Errors  OG_E_INVALID naming the field: not an object, missing, wrong type, out of range, unknown
 */
OG_MUST_CHECK enum og_code og_json_decode(const struct og_json *object,
                                          const struct og_json_member *members, size_t count,
                                          enum og_json_unknown unknown, const char *parent,
                                          struct og_arena *mem, void *out, struct og_err *err);

/* For values that no table can describe. */
enum og_json_kind {
    OG_JSON_K_NULL,
    OG_JSON_K_BOOL,
    OG_JSON_K_NUMBER,
    OG_JSON_K_STRING,
    OG_JSON_K_ARRAY,
    OG_JSON_K_OBJECT,
};
enum og_json_kind og_json_kind(const struct og_json *node); /* NULL gives OG_JSON_K_NULL */
size_t og_json_count(const struct og_json *array_or_object);
const struct og_json *og_json_at(const struct og_json *array, size_t index);
/* NULL when absent */
const struct og_json *og_json_get(const struct og_json *object, const char *name);
bool og_json_to_str(const struct og_json *node, struct og_str *out); /* borrowed */
/* Whole numbers only; 5.0 is one. False also when it does not fit. */
bool og_json_to_i64(const struct og_json *node, int64_t *out);
bool og_json_to_bool(const struct og_json *node, bool *out);
/* Calls fn for each member in document order until it returns false. */
void og_json_each(const struct og_json *object,
                  bool (*fn)(void *ctx, struct og_str name, const struct og_json *value),
                  void *ctx);

/*
 * Writing. Commas are put by themselves; a NULL name inside arrays. The nesting is at most 32 deep.
 *   og_json_begin(&w, &buf);
 *   og_json_object(&w, NULL);
 *   og_json_add_str(&w, "id", id);
 *   og_json_end(&w);
 */
struct og_json_writer {
    struct og_buf *out;
    uint32_t comma_bits; /* per depth: something was written already */
    uint32_t array_bits; /* per depth: closes with ] */
    int depth;
};

void og_json_begin(struct og_json_writer *w, struct og_buf *out);
void og_json_object(struct og_json_writer *w, const char *name);
void og_json_array(struct og_json_writer *w, const char *name);
void og_json_end(struct og_json_writer *w); /* the innermost object or array */
void og_json_add_str(struct og_json_writer *w, const char *name, struct og_str value);
/* NULL gives null */
void og_json_add_cstr(struct og_json_writer *w, const char *name, const char *value);
void og_json_add_i64(struct og_json_writer *w, const char *name, int64_t value);
void og_json_add_bool(struct og_json_writer *w, const char *name, bool value);
void og_json_add_null(struct og_json_writer *w, const char *name);
void og_json_add_time(struct og_json_writer *w, const char *name, int64_t at_ms);
/* "" and 0 give null */
void og_json_add_str_or_null(struct og_json_writer *w, const char *name, struct og_str value);
void og_json_add_time_or_null(struct og_json_writer *w, const char *name, int64_t at_ms);
/* null when it is not finite */
void og_json_add_double(struct og_json_writer *w, const char *name, double value);
/* Text that is JSON already (a stored document). */
void og_json_add_raw(struct og_json_writer *w, const char *name, struct og_str json);
