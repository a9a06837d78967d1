/* The life of a call or stream: libcurl must not be entered from within itself, so what is asked for
 * meanwhile is a wish, fulfilled once we are outside. */
#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>

#include "base/arena.h"
#include "net/client_priv.h"

#define SPARE_CALLS_MAX 64

/* libcurl's results that we tell apart; all others mean that the connection broke. */
static const struct {
    CURLcode code;
    enum og_client_failure failure;
} failures[] = {
    {CURLE_URL_MALFORMAT, OG_CLIENT_BAD_URL},
    {CURLE_COULDNT_RESOLVE_HOST, OG_CLIENT_NO_NAME},
    {CURLE_COULDNT_CONNECT, OG_CLIENT_NO_PEER},
    {CURLE_SSL_CONNECT_ERROR, OG_CLIENT_NO_TRUST},
    {CURLE_PEER_FAILED_VERIFICATION, OG_CLIENT_NO_TRUST},
    {CURLE_SSL_CACERT_BADFILE, OG_CLIENT_NO_TRUST},
    {CURLE_USE_SSL_FAILED, OG_CLIENT_NO_TRUST},
    {CURLE_OPERATION_TIMEDOUT, OG_CLIENT_TOO_LATE},
};

/* ---- the end of a call ---- */

static void
lane_forget(struct og_client_call *call)
{
    struct og_client_lane *lane = call->lane;
    if (call->prev) {
        call->prev->next = call->next;
    } else {
        lane->calls = call->next;
    }
    if (call->next) {
        call->next->prev = call->prev;
    }
    call->prev = call->next = NULL;
}

void
og_client_call_free(struct og_client_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->recipients);
    og_buf_finish(&call->request_body);
    og_buf_finish(&call->answer_body);
    free(call);
}

void
og_client_call_retire(struct og_client_call *call)
{
    struct og_client *self = call->client;
    if (call->is_added) {
        curl_multi_remove_handle(call->lane->multi, call->easy);
        call->is_added = false;
    }
    lane_forget(call);
    if (call->lane == &self->streams || call->has_authorities ||
        self->spare_count >= SPARE_CALLS_MAX) {
        og_client_call_free(call);
        return;
    }
    og_buf_wipe(&call->request_body);
    og_buf_clear(&call->answer_body);
    call->next = self->spares;
    self->spares = call;
    self->spare_count++;
}

static bool
is_http(CURL *easy)
{
    char *url = NULL;
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    return url && (strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0);
}

static enum og_client_failure
failure_of(const struct og_client_call *call, CURLcode result)
{
    if (result == CURLE_OK) {
        return OG_CLIENT_ANSWERED;
    }
    if (result == CURLE_WRITE_ERROR && call->answer_body.full) {
        return OG_CLIENT_TOO_LARGE;
    }
    if (result == CURLE_UNSUPPORTED_PROTOCOL && !is_http(call->easy)) {
        return OG_CLIENT_BAD_URL; /* else the peer does not speak HTTP/1 */
    }
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code == result) {
            return failures[i].failure;
        }
    }
    return OG_CLIENT_BROKEN;
}

static struct og_str
content_type_of(CURL *easy)
{
    char *text = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text);
    return og_str_from(text);
}

int
og_client_status_of(CURL *easy)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static bool
is_mute(const struct og_client_call *call)
{
    return call->is_dropped || call->is_frozen;
}

static void
tell_open(struct og_client_call *call)
{
    if (!call->on_open || call->is_open || is_mute(call)) {
        return;
    }
    call->is_open = true;
    call->on_open(call->ctx, og_client_status_of(call->easy), content_type_of(call->easy));
}

/* Out of libcurl's hands, but its owner still has it in his. */
static void
call_park(struct og_client_call *call)
{
    curl_multi_remove_handle(call->lane->multi, call->easy);
    call->is_added = false;
}

static void
call_finish(struct og_client_call *call, CURLcode result)
{
    if (call->is_frozen && !call->is_dropped) {
        call_park(call);
        return;
    }
    struct og_client_answer answer = {
        .failure = failure_of(call, result),
        .reason = result == CURLE_OK ? "" : curl_easy_strerror(result),
        .handle = call->easy,
    };
    if (result == CURLE_OK) {
        answer.status = og_client_status_of(call->easy);
        answer.content_type = content_type_of(call->easy);
        answer.body = og_buf_str(&call->answer_body);
        tell_open(call); /* a stream that ended with its head */
    }
    if (call->is_frozen && !call->is_dropped) { /* by on_open */
        call_park(call);
        return;
    }
    if (!call->is_dropped) {
        call->is_dropped = true;
        call->on_done(call->ctx, &answer);
    }
    if (!call->is_changed) { /* else og_client_settle() has it */
        og_client_call_retire(call);
    }
}

void
og_client_reap(struct og_client_lane *lane)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(lane->multi, &left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURLcode result = message->data.result;
        struct og_client_call *call = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        call_finish(call, result);
    }
}

struct og_str
og_client_answer_header(const struct og_client_answer *answer, const char *name)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(answer->handle, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return (struct og_str){NULL, 0};
    }
    if (header->amount > 1) {
        curl_easy_header(answer->handle, name, header->amount - 1, CURLH_HEADER, -1, &header);
    }
    return og_str_from(header->value);
}

/* ---- bytes ---- */

/* What libcurl is told after a callback that may have ended or frozen the call. */
static size_t
verdict(const struct og_client_call *call, size_t len)
{
    return call->is_dropped ? 0 : len;
}

static size_t
on_curl_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct og_client_call *call = ctx;
    size_t len = size * count;
    if (is_mute(call)) {
        return call->is_dropped ? 0 : CURL_WRITEFUNC_PAUSE;
    }
    if (!call->on_bytes) {
        og_buf_add(&call->answer_body, (struct og_str){bytes, len});
        return call->answer_body.full ? 0 : len;
    }
    call->in_own_callback = true;
    tell_open(call);
    int status = og_client_status_of(call->easy);
    if (!is_mute(call) && status >= 200 && status < 300) {
        call->on_bytes(call->ctx, (struct og_str){bytes, len});
    }
    call->in_own_callback = false;
    return verdict(call, len);
}

/* The blank line behind the headers opens a stream, even before its first byte. */
static size_t
on_curl_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct og_client_call *call = ctx;
    size_t len = size * count;
    if (len <= 2 && og_client_status_of(call->easy) >= 200) {
        call->in_own_callback = true;
        tell_open(call);
        call->in_own_callback = false;
    }
    return verdict(call, len);
}

void
og_client_call_hear_head(struct og_client_call *call)
{
    curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, on_curl_header);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
}

/* ---- starting ---- */

static void
set_common(struct og_client *self, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_SHARE, self->share);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)self->connect_timeout_ms);
    og_client_watch_sockets(self, easy);
    if (self->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, self->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

struct og_client_call *
og_client_call_make(struct og_client *self, struct og_client_lane *lane)
{
    struct og_client_call *call = og_xalloc(sizeof(*call));
    call->client = self;
    call->lane = lane;
    call->easy = curl_easy_init();
    if (!call->easy) {
        abort();
    }
    set_common(self, call->easy);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_curl_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    return call;
}

struct og_client_call *
og_client_call_take(struct og_client *self)
{
    struct og_client_call *call = self->spares;
    if (!call) {
        call = og_client_call_make(self, &self->calls);
        curl_easy_setopt(call->easy, CURLOPT_BUFFERSIZE, 8192L);
        curl_easy_setopt(call->easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
        return call;
    }
    self->spares = call->next;
    self->spare_count--;
    call->next = NULL;
    call->is_dropped = call->is_frozen = false;
    return call;
}

void
og_client_call_wish(struct og_client_call *call, enum og_client_wish what)
{
    call->wish = what;
    if (!call->is_changed) {
        call->is_changed = true;
        call->next_changed = NULL;
        *call->client->changed_end = call;
        call->client->changed_end = &call->next_changed;
    }
}

static void
fulfil(struct og_client_call *call)
{
    if (call->wish == OG_WISH_DROP) {
        og_client_call_retire(call);
        return;
    }
    if (curl_multi_add_handle(call->lane->multi, call->easy) != CURLM_OK) {
        abort(); /* out of memory, or a handle added twice */
    }
    call->is_added = true;
}

void
og_client_settle(struct og_client *self)
{
    if (self->depth > 0) {
        return;
    }
    self->depth++;
    while (self->changed) {
        struct og_client_call *call = self->changed;
        self->changed = call->next_changed;
        if (!self->changed) {
            self->changed_end = &self->changed;
        }
        call->is_changed = false;
        fulfil(call);
    }
    self->depth--;
}

void
og_client_call_start(struct og_client_call *call)
{
    struct og_client_lane *lane = call->lane;
    call->prev = NULL;
    call->next = lane->calls;
    if (lane->calls) {
        lane->calls->prev = call;
    }
    lane->calls = call;
    og_client_call_wish(call, OG_WISH_START);
    og_client_settle(call->client);
}
