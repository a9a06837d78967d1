/*
 * Choosing a language: RFC 4647's lookup takes one subtag after the other from the end until there
 * is a match.
 */
#include "core/locale.h"

#include "core/phone_number.h"

static bool
is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

enum og_code
og_locale_check(struct og_str tag, const char *field, struct og_err *err)
{
    size_t run = 0, subtags = 0;
    bool fits = tag.len <= OG_LOCALE_TAG_MAX_CHARS;
    for (size_t i = 0; fits && i <= tag.len; i++) {
        const char c = i < tag.len ? tag.ptr[i] : '-';
        /* One character alone introduces more, so it is neither the first nor the last. */
        const bool ends_well = run >= 2 || (run == 1 && subtags > 0 && i < tag.len);
        fits = is_alnum(c) ? run < 8 : c == '-' && ends_well;
        subtags += c == '-';
        run = is_alnum(c) ? run + 1 : 0;
    }
    return fits ? OG_OK
                : og_fail(err, OG_E_UNPROCESSABLE, field,
                          "must be a language tag like en or pt-BR");
}

static size_t
last_hyphen(struct og_str tag)
{
    size_t at = tag.len;
    while (at > 0 && tag.ptr[at - 1] != '-') {
        at--;
    }
    return at ? at - 1 : 0;
}

bool
og_locale_widen(struct og_str *tag)
{
    tag->len = last_hyphen(*tag);
    /* A single character that introduced what was cut goes with it. */
    if (tag->len >= 2 && tag->ptr[tag->len - 2] == '-') {
        tag->len -= 2;
    }
    return tag->len > 0;
}

/* Older codes, the script that a region writes, and the language behind a name for several. */
static struct og_str
preferred(struct og_str tag)
{
    static const char *const others[][2] = {
        {"no", "nb"},         {"nn", "nb"},         {"iw", "he"},
        {"in", "id"},         {"zh", "zh-Hans"},    {"zh-TW", "zh-Hant"},
        {"zh-HK", "zh-Hant"}, {"zh-MO", "zh-Hant"}, {"mo", "ro"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (og_str_eq_nocase(tag, og_str_from(others[i][0]))) {
            return og_str_from(others[i][1]);
        }
    }
    return tag;
}

const struct og_locale *
og_locale_find(struct og_str tag)
{
    while (tag.len > 0) {
        const struct og_str wanted = preferred(tag);
        for (int i = 0; i < og_locale_count; i++) {
            if (og_str_eq_nocase(wanted, og_str_from(og_locales[i].tag))) {
                return &og_locales[i];
            }
        }
        og_locale_widen(&tag);
    }
    return NULL;
}

static bool
has_word(struct og_str words, struct og_str word)
{
    while (words.len > 0) {
        const size_t end = og_str_find(words, ' ');
        if (og_str_eq(og_str_slice(words, 0, end), word)) {
            return true;
        }
        words = og_str_slice(words, end + 1, words.len);
    }
    return false;
}

const struct og_locale *
og_locale_of_number(struct og_str number)
{
    const struct og_str digits = og_str_slice(number, 1, number.len);
    const struct og_str calling_code = {digits.ptr, og_phone_calling_code_len(digits)};
    for (int i = 0; calling_code.len > 0 && i < og_locale_count; i++) {
        if (has_word(og_str_from(og_locales[i].calling_codes), calling_code)) {
            return &og_locales[i];
        }
    }
    return NULL;
}

int
og_locale_form_count(const struct og_locale *self)
{
    int most = 0;
    for (const char *c = self->plural; *c; c++) {
        most = *c - '0' > most ? *c - '0' : most;
    }
    return most + 1;
}

int
og_locale_form(const struct og_locale *self, int minutes)
{
    const int last = (int)strlen(self->plural);
    return self->plural[(minutes < 1 ? 1 : minutes > last ? last : minutes) - 1] - '0';
}
