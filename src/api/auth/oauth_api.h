/*
 * OAuth 2.0 for clients that expect it: client credentials (RFC 6749 section 4.4), revocation
 * (RFC 7009), metadata (RFC 8414). The tokens are those of api/auth/token_api.h.
 */
#pragma once

#include "api/call.h"
#include "api/gate/credential_header.h"

extern const struct og_route og_oauth_routes[];
extern const int og_oauth_route_count;

/*
 * What the client says it is, from the header (client_secret_basic) or the form
 * (client_secret_post), as a Basic credential. An API key (client_id: its id, client_secret: the
 * key) becomes a Bearer one. Not well formed when there is none.
 * Errors  OG_E_INVALID both ways at once, or no form; OG_E_MEDIA_TYPE
 */
OG_MUST_CHECK enum og_code og_oauth_client(const struct og_http_request *req,
                                           struct og_credential_header *out, struct og_err *err);
