/*
 * Words on the command line, read by a table of options. Pure but for the messages that it fills.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define OG_ARGS_OPTIONS_MAX 32
#define OG_ARGS_WORDS_MAX 32

struct og_arg_option {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for the value in the help; NULL: a switch */
    const char *help;
};

struct og_args {
    const struct og_arg_option *options[OG_ARGS_OPTIONS_MAX]; /* NULL behind the last */
    const char *values[OG_ARGS_OPTIONS_MAX];                  /* NULL: not given; switches: "" */
    const char *words[OG_ARGS_WORDS_MAX];                     /* all that is no option, in order */
    int option_count;
    int word_count;
};

/* Add the rows of a table that ends with a name of NULL; NULL adds none. */
void og_args_accept(struct og_args *self, const struct og_arg_option *options);
/*
 * `--name value`, `--name=value`, switches, `--` before words that begin with a dash, -h for
 * --help. A lone "-" is a word. Options may stand anywhere and only once.
 * Errors  OG_E_INVALID saying which word and why; strings stay argv's
 */
OG_MUST_CHECK enum og_code og_args_parse(struct og_args *self, int argc, char *const *argv,
                                         struct og_err *err);
/* The value of an accepted option; NULL when it was not given. */
const char *og_args_value(const struct og_args *self, const char *name);
bool og_args_has(const struct og_args *self, const char *name);
/* The value as a whole number within the bounds; *out is kept when the option was not given. */
OG_MUST_CHECK enum og_code og_args_int(const struct og_args *self, const char *name, int64_t min,
                                       int64_t max, int64_t *out, struct og_err *err);
