/*
 * Certificates are always checked, redirects never followed, and a credential leaves this machine
 * over TLS only.
 */
#include "cli/client.h"

#include <curl/curl.h>

#define ANSWER_BYTES_MAX (32 * 1024 * 1024)
#define CONNECT_TIMEOUT_S 5L
#define TIMEOUT_S 60L

bool
og_client_is_local(struct og_str url)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t scheme = og_str_find(url, ':');
    struct og_str host = og_str_slice(url, scheme + 3, url.len);
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct og_str known = og_str_from(hosts[i]);
        if (og_str_eq_nocase(og_str_slice(host, 0, known.len), known) &&
            (host.len == known.len || host.ptr[known.len] == ':' || host.ptr[known.len] == '/')) {
            return true;
        }
    }
    return false;
}

static enum og_code
check_url(struct og_str url, struct og_err *err)
{
    bool is_tls = og_str_starts(url, OG_STR("https://"));
    if (!is_tls && !og_str_starts(url, OG_STR("http://"))) {
        return og_fail(err, OG_E_INVALID, "url", "the URL must begin with https://");
    }
    if (og_str_find(url, '@') < url.len) { /* "http://localhost:x@elsewhere" only looks local */
        return og_fail(err, OG_E_INVALID, "url", "the URL must not hold a login");
    }
    if (!is_tls && !og_client_is_local(url)) {
        return og_fail(err, OG_E_INVALID, "url",
                       "plain http would show the credential to everyone on the way: use https");
    }
    return OG_OK;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct og_buf *body = ctx;
    og_buf_add(body, (struct og_str){bytes, size * count});
    return body->full ? 0 : size * count;
}

static struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
    struct og_buf line;
    og_buf_init(&line, 4096);
    og_buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(list, line.ptr);
    og_buf_finish(&line);
    return longer;
}

static struct curl_slist *
make_headers(const struct og_client *self, const struct og_client_ask *ask)
{
    struct curl_slist *list = add_header(NULL, "Accept", "application/json");
    if (ask->body.ptr) {
        list = add_header(list, "Content-Type", "application/json");
    }
    if (self->authorization) {
        list = add_header(list, "Authorization", self->authorization);
    }
    if (ask->idempotency_key) {
        list = add_header(list, "Idempotency-Key", ask->idempotency_key);
    }
    return list;
}

static void
set_options(CURL *curl, const struct og_client *self, const struct og_client_ask *ask,
            struct curl_slist *headers, struct og_buf *body)
{
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "otpgate/" OG_VERSION);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (og_client_is_local(og_str_from(self->url))) {
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
    if (self->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, self->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (ask->body.ptr || strcmp(ask->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body.ptr ? ask->body.ptr : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len);
    }
}

static enum og_code
fail_curl(CURLcode result, const char *detail, const char *url, struct og_err *err)
{
    const char *why = detail[0] ? detail : curl_easy_strerror(result);
    bool is_trust = result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE;
    const char *hint = is_trust ? " (--ca names the CA's file)" : "";
    return og_fail(err, OG_E_UNAVAILABLE, "", "cannot reach %s: %s%s", url, why, hint);
}

static CURL *
take_connection(struct og_client *self)
{
    if (!self->connection) {
        self->connection = curl_easy_init();
    }
    return self->connection;
}

void
og_client_finish(struct og_client *self)
{
    if (self->connection) {
        curl_easy_cleanup(self->connection);
    }
    self->connection = NULL;
}

enum og_code
og_client_call(struct og_client *self, const struct og_client_ask *ask,
               struct og_client_answer *out, struct og_err *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    *out = (struct og_client_answer){0};
    og_buf_init(&out->body, ANSWER_BYTES_MAX);
    enum og_code code = check_url(og_str_from(self->url), err);
    CURL *curl = code == OG_OK ? take_connection(self) : NULL;
    if (!curl) {
        return code == OG_OK ? og_fail(err, OG_E_INTERNAL, "", "libcurl does not start") : code;
    }
    struct og_buf url;
    og_buf_init(&url, 16384);
    og_buf_printf(&url, "%s%s", self->url, ask->path);
    struct curl_slist *headers = make_headers(self, ask);
    curl_easy_setopt(curl, CURLOPT_URL, url.ptr);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    set_options(curl, self, ask, headers, &out->body);
    CURLcode result = curl_easy_perform(curl);
    if (result == CURLE_OK) {
        long status = 0;
        curl_off_t retry_s = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_s);
        out->status = (int)status;
        out->retry_after_s = retry_s < 1000000 ? (int)retry_s : 1000000;
    } else {
        code = fail_curl(result, detail, self->url, err);
    }
    curl_easy_reset(curl); /* the credential leaves it, the connection stays */
    curl_slist_free_all(headers);
    og_buf_finish(&url);
    return code;
}
