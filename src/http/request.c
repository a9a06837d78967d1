/*
 * What handlers ask of a request: headers and query parameters. Lists are short, so they are
 * walked.
 */
#include "http/server.h"
#include "http/target.h"

const char *
og_method_name(enum og_method method)
{
    static const char *const names[] = {
        [OG_GET] = "GET",         [OG_HEAD] = "HEAD",     [OG_POST] = "POST",
        [OG_PUT] = "PUT",         [OG_PATCH] = "PATCH",   [OG_DELETE] = "DELETE",
        [OG_OPTIONS] = "OPTIONS", [OG_METHOD_OTHER] = "OTHER",
    };
    return names[method];
}

struct og_str
og_http_header(const struct og_http_request *req, const char *name)
{
    struct og_str wanted = og_str_from(name);
    for (size_t i = 0; i < req->header_count; i++) {
        if (og_str_eq_nocase(req->headers[i].name, wanted)) {
            return req->headers[i].value;
        }
    }
    return (struct og_str){NULL, 0};
}

bool
og_http_query_each(const struct og_http_request *req,
                   bool (*fn)(void *ctx, struct og_str name, struct og_str value), void *ctx)
{
    struct og_str rest = req->query;
    while (rest.len) {
        struct og_str name, value;
        size_t end = og_str_find(rest, '&');
        struct og_str pair = og_str_slice(rest, 0, end);
        size_t equals = og_str_find(pair, '=');
        rest = og_str_slice(rest, end + 1, rest.len);
        if (!og_percent_decode(og_str_slice(pair, 0, equals), true, req->mem, &name) ||
            !og_percent_decode(og_str_slice(pair, equals + 1, pair.len), true, req->mem, &value) ||
            !og_str_is_utf8(name) || !og_str_is_utf8(value)) {
            return false;
        }
        if (pair.len && !fn(ctx, name, value)) {
            return true;
        }
    }
    return true;
}

struct wanted {
    struct og_str name;
    struct og_str *out;
    bool found;
};

static bool
match_name(void *ctx, struct og_str name, struct og_str value)
{
    struct wanted *wanted = ctx;
    if (!og_str_eq(name, wanted->name)) {
        return true;
    }
    *wanted->out = value;
    wanted->found = true;
    return false;
}

bool
og_http_query(const struct og_http_request *req, const char *name, struct og_str *out)
{
    struct wanted wanted = {.name = og_str_from(name), .out = out};
    og_http_query_each(req, match_name, &wanted);
    return wanted.found;
}
