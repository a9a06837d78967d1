/*
 * Request targets and percent-encoding (RFC 3986, RFC 9112 section 3.2). Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct og_target {
    struct og_str path;     /* decoded, in the arena; "*" for OPTIONS * */
    struct og_str raw_path; /* as sent */
    struct og_str query;    /* as sent, without '?' */
};

/*
 * Take a target apart. Absolute form is accepted when its authority is `host`. Returns NULL, or why
 * it is refused (static text): neither form, another host, a fragment, a bad escape, a path that
 * decodes to control bytes or is not UTF-8.
 * target  bytes 0x21 to 0x7e only
 * host    value of the Host header, "" for none
 */
const char *og_target_parse(struct og_str target, bool is_options, struct og_str host,
                            struct og_arena *mem, struct og_target *out);

/* Is it host [":" port], with the characters of a name, an IPv4 or a bracketed IPv6 address? */
bool og_host_is_valid(struct og_str host);

/*
 * Percent-decode; text without escapes is borrowed, not copied. False for a bad escape and for %00.
 * plus_is_space  as in form-encoded queries
 */
bool og_percent_decode(struct og_str text, bool plus_is_space, struct og_arena *mem,
                       struct og_str *out);
