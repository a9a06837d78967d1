/*
 * Takes request targets apart. Nothing here guesses: what RFC 3986 and RFC 9112 do not allow is
 * refused, so that a proxy before us and we cannot understand one target differently.
 */
#include "http/target.h"

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode into `out`, which has room for text.len bytes. Returns the length, or -1. */
static ptrdiff_t
decode_into(struct og_str text, bool plus_is_space, char *out)
{
    ptrdiff_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            if (text.len - i < 3) {
                return -1;
            }
            int high = hex_value(text.ptr[i + 1]);
            int low = hex_value(text.ptr[i + 2]);
            if (high < 0 || low < 0 || high + low == 0) {
                return -1;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[len++] = c;
    }
    return len;
}

bool
og_percent_decode(struct og_str text, bool plus_is_space, struct og_arena *mem, struct og_str *out)
{
    bool plain = og_str_find(text, '%') == text.len &&
                 (!plus_is_space || og_str_find(text, '+') == text.len);
    if (plain) {
        *out = text;
        return true;
    }
    char *copy = og_arena_alloc(mem, text.len + 1);
    ptrdiff_t len = decode_into(text, plus_is_space, copy);
    if (len < 0) {
        return false;
    }
    *out = (struct og_str){copy, (size_t)len};
    return true;
}

static bool
is_host_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static bool
is_port(struct og_str port)
{
    for (size_t i = 0; i < port.len; i++) {
        if (port.ptr[i] < '0' || port.ptr[i] > '9') {
            return false;
        }
    }
    return port.len <= 5;
}

/* The length of "[...]" at the start, 0 when it is not a bracketed address. */
static size_t
bracketed_length(struct og_str host)
{
    size_t close = og_str_find(host, ']');
    if (close == host.len || close < 3) {
        return 0;
    }
    for (size_t i = 1; i < close; i++) {
        char c = host.ptr[i];
        if (hex_value(c) < 0 && c != ':' && c != '.') {
            return 0;
        }
    }
    return close + 1;
}

bool
og_host_is_valid(struct og_str host)
{
    size_t name = 0;
    if (host.len && host.ptr[0] == '[') {
        name = bracketed_length(host);
    } else {
        while (name < host.len && is_host_char(host.ptr[name])) {
            name++;
        }
    }
    if (name == 0 || host.len > 270) {
        return false;
    }
    struct og_str rest = og_str_slice(host, name, host.len);
    return rest.len == 0 || (rest.ptr[0] == ':' && is_port(og_str_slice(rest, 1, rest.len)));
}

static const char *
check_path(struct og_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = (uint8_t)path.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return "control byte in the path";
        }
    }
    return og_str_is_utf8(path) ? NULL : "path is not UTF-8";
}

/* Strip "http://authority" when it is ours. */
static const char *
strip_authority(struct og_str *target, struct og_str host)
{
    size_t colon = og_str_find(*target, ':');
    struct og_str scheme = og_str_slice(*target, 0, colon);
    struct og_str rest = og_str_slice(*target, colon, target->len);

    if ((!og_str_eq_nocase(scheme, OG_STR("http")) && !og_str_eq_nocase(scheme, OG_STR("https"))) ||
        !og_str_starts(rest, OG_STR("://"))) {
        return "request target is neither a path nor a URL";
    }
    rest = og_str_slice(rest, 3, rest.len);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?') {
        end++;
    }
    if (!og_str_eq_nocase(og_str_slice(rest, 0, end), host)) {
        return "request target names another host";
    }
    *target = og_str_slice(rest, end, rest.len);
    return NULL;
}

const char *
og_target_parse(struct og_str target, bool is_options, struct og_str host, struct og_arena *mem,
                struct og_target *out)
{
    *out = (struct og_target){{NULL, 0}, {NULL, 0}, {NULL, 0}};
    if (is_options && og_str_eq(target, OG_STR("*"))) {
        out->path = out->raw_path = target;
        return NULL;
    }
    if (target.len == 0 || target.ptr[0] != '/') {
        const char *why = strip_authority(&target, host);
        if (why) {
            return why;
        }
    }
    if (og_str_find(target, '#') < target.len) {
        return "fragment in the request target";
    }
    size_t mark = og_str_find(target, '?');
    out->raw_path = mark ? og_str_slice(target, 0, mark) : OG_STR("/");
    out->query = og_str_slice(target, mark + 1, target.len);
    if (!og_percent_decode(out->raw_path, false, mem, &out->path)) {
        return "bad percent-encoding in the path";
    }
    return check_path(out->path);
}
