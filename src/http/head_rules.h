/*
 * What a head must and must not say, beyond the grammar that llhttp checks: the request line, Host,
 * what ends the body, Expect, the target (RFC 9110, RFC 9112; stricter by design.md section 9).
 * Pure.
 *
 * Both answer 0, or the status to refuse with and why (static text).
 */
#pragma once

#include "http/parse.h"

/*
 * The request line at the start of `text`, empty lines before it allowed. Comes before llhttp,
 * which would take other versions and does not tell an unknown method from a malformed one.
 */
int og_head_check_line(struct og_str text, bool *is_http10, const char **reason);

/* All headers at once. Fills in of `head`: the target, how long the body is, whether the peer
 * expects to be told to go on. method, headers and is_http10 are there already. */
int og_head_check_headers(struct og_parsed_head *head, struct og_str target, struct og_arena *mem,
                          const char **reason);
