/*
 * Typed query parameters.
 */
#include "api/smsgate/query.h"

static const char *const words[2][7] = {
    {"0", "f", "F", "FALSE", "false", "False", NULL},
    {"1", "t", "T", "TRUE", "true", "True", "on"},
};

enum og_code
og_query_bool(const struct og_http_request *req, const char *name, bool *inout,
              struct og_err *err)
{
    struct og_str text;
    if (!og_http_query(req, name, &text)) {
        return OG_OK;
    }
    for (int value = 0; value < 2; value++) {
        for (int i = 0; i < 7 && words[value][i]; i++) {
            if (og_str_eq(text, og_str_from(words[value][i]))) {
                *inout = value;
                return OG_OK;
            }
        }
    }
    return og_fail(err, OG_E_INVALID, name, "must be true or false");
}

enum og_code
og_query_int(const struct og_http_request *req, const char *name, int64_t min, int64_t max,
             int64_t *inout, struct og_err *err)
{
    struct og_str text;
    if (!og_http_query(req, name, &text)) {
        return OG_OK;
    }
    int64_t value;
    if (!og_str_to_i64(text, &value) || value < min || value > max) {
        return og_fail(err, OG_E_INVALID, name,
                       "must be a whole number from %lld to %lld", (long long)min,
                       (long long)max);
    }
    *inout = value;
    return OG_OK;
}

enum og_code
og_query_time(const struct og_http_request *req, const char *name, int64_t *inout,
              struct og_err *err)
{
    struct og_str text;
    if (!og_http_query(req, name, &text)) {
        return OG_OK;
    }
    if (!og_time_parse(text, inout)) {
        return og_fail(err, OG_E_INVALID, name, "must be a time as in RFC 3339, with a zone");
    }
    return OG_OK;
}
