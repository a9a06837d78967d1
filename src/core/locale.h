/*
 * Languages: tags, how one is chosen, and the words for minutes in each.
 *
 * Pure and thread-safe. Sources: RFC 5646 (tags), RFC 4647 section 3.4 (lookup), CLDR's plural
 * rules. A code lives at most ten minutes, so that a language's rule is ten digits here: which of
 * its forms goes with 1, 2, ... 10, the forms in the order in which they first occur.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_LOCALE_TAG_MAX_CHARS 35
#define OG_LOCALE_PLURAL_FORMS_MAX 4

/* A language that we know how to count in, and our sentences in it. Sentences behind the first
 * begin with what stands between. */
struct og_locale {
    const char *tag;           /* "pt-BR" */
    const char *plural;        /* "0111111111" */
    const char *calling_codes; /* of countries where it is the usual one: "49 43"; "" */
    const char *plain;         /* "{code} is your code." */
    const char *branded;       /* "{code} is your {brand} code." */
    const char *payment;       /* "{code} approves {amount} to {payee}." */
    const char *valid;         /* " Valid for {minutes} {minutes|minute|minutes}." */
    const char *warning;       /* " Never share it." */
};

/* English is the first. */
extern const struct og_locale og_locales[];
extern const int og_locale_count;

/* A language tag by its looks: subtags of 2 to 8 letters and digits with hyphens between; a single
 * letter or digit may introduce an extension. OG_E_UNPROCESSABLE with `field`. */
OG_MUST_CHECK enum og_code og_locale_check(struct og_str tag, const char *field,
                                           struct og_err *err);

/* The next more general tag ("zh-Hant-TW", "zh-Hant", "zh"); false when there is none. */
bool og_locale_widen(struct og_str *tag);

/* The best of ours for a tag, NULL when we have not that language. Case is ignored; "no" is "nb",
 * "zh-TW" is "zh-Hant" and the like. */
const struct og_locale *og_locale_find(struct og_str tag);

/* The usual language where that E.164 number is, NULL when there is no single one. */
const struct og_locale *og_locale_of_number(struct og_str number);

/* How many forms the language's plural has for 1 to 10, and which goes with that many. */
int og_locale_form_count(const struct og_locale *self);
int og_locale_form(const struct og_locale *self, int minutes);
