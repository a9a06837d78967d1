/*
 * What a phone gets without an operation: the event stream.
 */
#include "api/api_priv.h"
#include "api/phone/phone_api.h"
#include "live/hub.h"

#define STREAM_QUEUE_BYTES_MAX 4096 /* frames are small; who lags behind by more comes back */

void
og_phone_events(struct og_call *call)
{
    struct og_http_request *req = call->req;
    struct og_sink_owner owner;
    if (req->method == OG_HEAD) { /* nothing could ever be sent on it */
        og_call_answer_static(call, "text/event-stream", OG_STR(""));
        return;
    }
    struct og_hub_stream *stream = og_hub_reserve(call->api->hub, req->loop_index,
                                                  call->who.account_id, call->who.device_id,
                                                  &owner);
    struct og_http_reply head = {.status = 200, .content_type = OG_STR("text/event-stream")};
    og_hub_attach(stream, og_http_stream(req, &head, &owner, STREAM_QUEUE_BYTES_MAX));
}
