/*
 * A C face for toml++: a document as a list of its values. Reading keeps nothing.
 * Source: TOML 1.0.0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum og_toml_type {
    OG_TOML_TEXT,
    OG_TOML_NUMBER, /* whole numbers in decimal; fractions as they print */
    OG_TOML_BOOL,   /* true or false */
    OG_TOML_LIST,   /* of texts and numbers, joined with commas */
    OG_TOML_OTHER,  /* dates, lists of lists, entries with a comma; no text */
};

struct og_toml_value {
    const char *path; /* keys joined with dots: "http.listen" */
    size_t path_len;
    enum og_toml_type type;
    const char *text; /* not ended by NUL; may hold any UTF-8, NUL too */
    size_t text_len;
    int line;
};

struct og_toml_fault {
    int line;
    char text[120]; /* what is wrong; does not repeat the document */
};

/*
 * Calls fn for every value in the order of lines until it returns false. Strings live for the call.
 * False when the document is broken (`fault` is filled, and fn was not called) or fn ended it.
 */
bool og_toml_read(const char *text, size_t len,
                  bool (*fn)(void *ctx, const struct og_toml_value *value), void *ctx,
                  struct og_toml_fault *fault);

#ifdef __cplusplus
}
#endif
