/*
 * Names end up in logs, tables on a screen and command lines: one line, nothing invisible.
 */
#include "core/label.h"

#include "core/sms_text.h"

#define SLUG_MAX_CHARS 64
#define APPLICATION_ID_MAX_CHARS 255

static bool
is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
og_label_is_slug(struct og_str text)
{
    if (text.len == 0 || text.len > SLUG_MAX_CHARS || !is_lower_alnum(text.ptr[0])) {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        if (!is_lower_alnum(c) && c != '_' && c != '.' && c != '-') {
            return false;
        }
    }
    return true;
}

enum og_code
og_label_check(struct og_str text, size_t max_chars, const char *field, struct og_err *err)
{
    struct og_sms_size size;

    enum og_code code = og_sms_check(text, false, field, err);
    if (code != OG_OK) {
        return code;
    }
    if (!og_sms_measure(text, &size) || size.characters > max_chars) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "must have at most %zu characters",
                       max_chars);
    }
    return OG_OK;
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

enum og_code
og_label_check_application_id(struct og_str text, struct og_err *err)
{
    bool fits = text.len <= APPLICATION_ID_MAX_CHARS;
    bool begins = true;
    int dots = 0;
    for (size_t i = 0; fits && i < text.len; i++) {
        const char c = text.ptr[i];
        fits = is_letter(c) || (!begins && ((c >= '0' && c <= '9') || c == '_' || c == '.'));
        begins = c == '.';
        dots += c == '.';
    }
    return fits && !begins && dots > 0
               ? OG_OK
               : og_fail(err, OG_E_UNPROCESSABLE, "package",
                         "must be the applicationId, like com.example.shop; case counts");
}
