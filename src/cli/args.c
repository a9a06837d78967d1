/*
 * Reading options: a mistyped one is an error that names it, never a word or a guess.
 */
#include "cli/args.h"

#include <assert.h>

#include "base/str.h"

void
og_args_accept(struct og_args *self, const struct og_arg_option *options)
{
    for (; options && options->name; options++) {
        assert(self->option_count < OG_ARGS_OPTIONS_MAX);
        self->options[self->option_count++] = options;
    }
}

static int
find(const struct og_args *self, struct og_str name)
{
    for (int i = 0; i < self->option_count; i++) {
        if (og_str_eq(name, og_str_from(self->options[i]->name))) {
            return i;
        }
    }
    return -1;
}

/* One option; *at stands on its word and moves to the last word that it used. */
static enum og_code
parse_option(struct og_args *self, int argc, char *const *argv, int *at, struct og_err *err)
{
    struct og_str text = og_str_from(argv[*at] + 2);
    size_t equals = og_str_find(text, '=');
    struct og_str name = og_str_slice(text, 0, equals);
    int n = find(self, name);
    if (n < 0) {
        return og_fail(err, OG_E_INVALID, "", "there is no option --%.*s",
                       (int)(name.len < 40 ? name.len : 40), name.ptr);
    }
    const struct og_arg_option *option = self->options[n];
    if (self->values[n]) {
        return og_fail(err, OG_E_INVALID, option->name, "--%s is given twice", option->name);
    }
    if (!option->value && equals < text.len) {
        return og_fail(err, OG_E_INVALID, option->name, "--%s takes no value", option->name);
    }
    if (!option->value) {
        self->values[n] = "";
    } else if (equals < text.len) {
        self->values[n] = text.ptr + equals + 1;
    } else if (*at + 1 < argc) {
        self->values[n] = argv[++*at];
    } else {
        return og_fail(err, OG_E_INVALID, option->name, "--%s needs a value: --%s %s",
                       option->name, option->name, option->value);
    }
    return OG_OK;
}

enum og_code
og_args_parse(struct og_args *self, int argc, char *const *argv, struct og_err *err)
{
    bool only_words = false;
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && strcmp(word, "-h") == 0 && find(self, OG_STR("help")) >= 0) {
            self->values[find(self, OG_STR("help"))] = "";
        } else if (!only_words && strncmp(word, "--", 2) == 0) {
            enum og_code code = parse_option(self, argc, argv, &at, err);
            if (code != OG_OK) {
                return code;
            }
        } else if (!only_words && word[0] == '-' && word[1]) {
            return og_fail(err, OG_E_INVALID, "",
                           "there is no option %.40s (words with a dash in front go behind --)",
                           word);
        } else if (self->word_count == OG_ARGS_WORDS_MAX) {
            return og_fail(err, OG_E_INVALID, "", "too many words; quote a text as one");
        } else {
            self->words[self->word_count++] = word;
        }
    }
    return OG_OK;
}

const char *
og_args_value(const struct og_args *self, const char *name)
{
    int n = find(self, og_str_from(name));
    return n < 0 ? NULL : self->values[n];
}

bool
og_args_has(const struct og_args *self, const char *name)
{
    return og_args_value(self, name) != NULL;
}

enum og_code
og_args_int(const struct og_args *self, const char *name, int64_t min, int64_t max, int64_t *out,
            struct og_err *err)
{
    const char *text = og_args_value(self, name);
    int64_t value;
    if (!text) {
        return OG_OK;
    }
    if (!og_str_to_i64(og_str_from(text), &value) || value < min || value > max) {
        return og_fail(err, OG_E_INVALID, name, "--%s must be a whole number from %lld to %lld",
                       name, (long long)min, (long long)max);
    }
    *out = value;
    return OG_OK;
}
