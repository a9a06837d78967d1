/*
 * The gate knows what trusted proxies say of a connection; the rest is one list.
 */
#include "api/gate/client_address.h"

#include "api/api_priv.h"
#include "cache/source.h"

enum og_code
og_client_address(struct og_call *call, struct og_str asked, struct og_str *out,
                  struct og_err *err)
{
    if (asked.ptr) {
        *out = asked;
        return og_address_is_one(asked)
                   ? OG_OK
                   : og_fail(err, OG_E_UNPROCESSABLE, "client_ip",
                             "must be an IPv4 or IPv6 address");
    }
    const struct og_str source = og_gate_source(call->api->gate, call->req);
    const bool is_server = og_address_in(source, og_call_services(call)->abuse.servers);
    *out = is_server ? OG_STR("") : source;
    return OG_OK;
}
