/*
 * A host and a port out of one word. The form is all that is judged here.
 */
#include "base/host_port.h"

static bool
split(struct og_str text, struct og_str *host, struct og_str *port)
{
    if (og_str_starts(text, OG_STR("["))) {
        const size_t end = og_str_find(text, ']');
        *host = og_str_slice(text, 1, end);
        *port = og_str_slice(text, end + 1, text.len);
        return end < text.len && og_str_find(*host, ':') < host->len;
    }
    const size_t colon = og_str_find(text, ':');
    *host = og_str_slice(text, 0, colon);
    *port = og_str_slice(text, colon, text.len);
    return true;
}

static bool
is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == ':';
}

bool
og_host_port_read(struct og_str text, int default_port, struct og_host_port *out)
{
    struct og_str host, port_text;
    int64_t port = default_port;
    if (!split(text, &host, &port_text) || host.len == 0 || host.len >= sizeof(out->host)) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.ptr[i])) {
            return false;
        }
    }
    if (port_text.len > 0 && (port_text.ptr[0] != ':' ||
                              !og_str_to_i64(og_str_slice(port_text, 1, port_text.len), &port))) {
        return false;
    }
    if (port < 1 || port > 65535) {
        return false;
    }
    memcpy(out->host, host.ptr, host.len);
    out->host[host.len] = '\0';
    out->port = (int)port;
    return true;
}
