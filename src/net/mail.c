/* A mail is a call with a connection of its own, by which nothing else goes. */
#include "net/mail.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client_priv.h"

#define MAIL_ANSWER_BYTES 16384

static size_t
on_curl_read(char *out, size_t size, size_t count, void *ctx)
{
    struct og_client_call *call = ctx;
    const size_t left = call->request_body.len - call->sent_bytes;
    const size_t len = left < size * count ? left : size * count;
    memcpy(out, call->request_body.ptr + call->sent_bytes, len);
    call->sent_bytes += len;
    return len;
}

static void
add_recipients(struct og_client_call *call, const struct og_str_list *to)
{
    for (size_t i = 0; i < to->count; i++) {
        char address[OG_CLIENT_MAIL_ADDRESS_BYTES];
        snprintf(address, sizeof(address), "%" OG_STR_FMT, OG_STR_ARG(to->items[i]));
        struct curl_slist *list = curl_slist_append(call->recipients, address);
        if (!list) {
            abort();
        }
        call->recipients = list;
    }
}

static void
set_mail(struct og_client_call *call, const struct og_client_mail *mail)
{
    CURL *easy = call->easy;
    og_buf_init(&call->request_body, mail->text.len + 1);
    og_buf_add(&call->request_body, mail->text);
    add_recipients(call, &mail->to);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, call->recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_curl_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, call);
}

struct og_client_call *
og_client_mail(struct og_client *self, const struct og_client_mail *mail)
{
    struct og_client_call *call = og_client_call_make(self, &self->streams);
    CURL *easy = call->easy;
    og_buf_init(&call->answer_body, MAIL_ANSWER_BYTES);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_URL, mail->url);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(mail->needs_starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (mail->user[0]) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password);
    }
    if (mail->text.len > 0) {
        set_mail(call, mail);
    } else {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP");
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)mail->timeout_ms);
    call->on_done = mail->on_done;
    call->ctx = mail->ctx;
    og_client_call_start(call);
    return call;
}
