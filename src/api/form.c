/*
 * Decoding forms. Values are short texts for people and machines, so control bytes are refused.
 */
#include "api/form.h"

static int
digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
og_form_decode(struct og_str text, struct og_arena *mem, struct og_str *out)
{
    char *bytes = og_arena_alloc(mem, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        if (c == '%') {
            int high = text.len - i > 2 ? digit_of(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? digit_of(text.ptr[i + 2]) : -1;
            if (low < 0) {
                return false;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f) {
            return false;
        }
        bytes[len++] = c;
    }
    *out = (struct og_str){bytes, len};
    return og_str_is_utf8(*out);
}

static enum og_code
take(struct og_str name, struct og_str value, const struct og_form_field *fields, size_t count,
     struct og_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!og_str_eq(name, og_str_from(fields[i].name))) {
            continue;
        }
        if (fields[i].value->ptr) {
            return og_fail(err, OG_E_INVALID, fields[i].name, "came twice");
        }
        *fields[i].value = value;
    }
    return OG_OK;
}

enum og_code
og_form_read(struct og_str body, const struct og_form_field *fields, size_t count,
             struct og_arena *mem, struct og_err *err)
{
    for (size_t i = 0; i < count; i++) {
        *fields[i].value = (struct og_str){NULL, 0};
    }
    for (int taken = 0; body.len > 0; taken++) {
        size_t end = og_str_find(body, '&');
        struct og_str pair = og_str_slice(body, 0, end);
        size_t equals = og_str_find(pair, '=');
        struct og_str name, value;
        if (taken >= OG_FORM_FIELDS_MAX) {
            return og_fail(err, OG_E_INVALID, "", "too many parameters");
        }
        if (!og_form_decode(og_str_slice(pair, 0, equals), mem, &name) ||
            !og_form_decode(og_str_slice(pair, equals + 1, pair.len), mem, &value)) {
            return og_fail(err, OG_E_INVALID, "", "the body is not form-encoded UTF-8");
        }
        enum og_code code = take(name, value, fields, count, err);
        if (code != OG_OK) {
            return code;
        }
        body = og_str_slice(body, end + 1, body.len);
    }
    return OG_OK;
}
