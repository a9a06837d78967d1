/* What comes in at the phone, and what it tells of it: by the webhooks that it was given, signed,
 * one after the other and again after a failure (wire/smsgate.md section 4.7), and, as a coming
 * version of the app, by an upload to the server. */
#include "phone/phone_priv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "phone/date.h"

#define EVENT_ID_CHARS 21
#define KEY_CHARS 8 /* as the app draws one */
#define TRIES_MAX 16
#define FIRST_WAIT_MS 5000
#define ANSWER_MAX_BYTES 65536
#define TIMEOUT_MS 30000
#define BODY_MAX_BYTES (1 << 20)

/* Something to tell, until it is taken or given up. */
struct og_tell {
    struct og_tell *next;
    char *url;
    struct og_buf body;
    bool is_upload; /* with the phone's token; else signed */
    int tries;
    struct og_client_headers *headers; /* of the try under way */
};

static void
tell_free(struct og_tell *tell)
{
    og_client_headers_destroy(tell->headers);
    og_buf_finish(&tell->body);
    free(tell->url);
    free(tell);
}

/* ---- bodies ---- */

static void
add_time(struct og_json_writer *w, const struct og_vphone *self, const char *name)
{
    char text[OG_PHONE_DATE_BYTES];
    og_phone_date_write(og_vphone_wall(self), self->world->profile->zone_minutes, text);
    og_json_add_cstr(w, name, text);
}

/* As the app's: 32 bits of the content, in hex. */
static void
content_id(const struct og_incoming_text *text, char out[9])
{
    const struct og_str parts[] = {og_str_from(text->from), og_str_from(text->text)};
    uint8_t digest[OG_DIGEST_BYTES];
    char hex[OG_DIGEST_HEX_CHARS + 1];
    og_hmac_sha256(OG_STR("incoming"), parts, 2, digest);
    og_hex(digest, sizeof(digest), hex);
    snprintf(out, 9, "%.8s", hex);
}

static void
write_received(struct og_json_writer *w, const struct og_vphone *self,
               const struct og_incoming_text *text)
{
    char id[9];
    content_id(text, id);
    og_json_add_cstr(w, "messageId", id);
    og_json_add_cstr(w, "sender", text->from);
    og_json_add_cstr(w, "phoneNumber", text->from);
    og_json_add_i64(w, "simNumber", 1);
    og_json_add_cstr(w, "message", text->text);
    add_time(w, self, "receivedAt");
}

static void
write_health(struct og_json_writer *w)
{
    og_json_object(w, "health");
    og_json_add_cstr(w, "status", "pass");
    og_json_add_cstr(w, "version", "1.68.0");
    og_json_add_i64(w, "releaseId", 1);
    og_json_object(w, "checks");
    og_json_end(w);
    og_json_end(w);
}

/* ---- the queue ---- */

static struct og_tell *
add_tell(struct og_vphone *self, const char *url, bool is_upload)
{
    struct og_tell *tell = og_xalloc(sizeof(*tell));
    struct og_tell **end = &self->tells;
    while (*end) {
        end = &(*end)->next;
    }
    *end = tell;
    tell->url = og_xstrdup(url);
    tell->is_upload = is_upload;
    og_buf_init(&tell->body, BODY_MAX_BYTES);
    og_vphone_due(self, DUE_TELL, og_vphone_mono(self));
    return tell;
}

/* text  NULL: the phone is alive, system:ping */
static void
tell_hook(struct og_vphone *self, const struct og_proto_webhook *hook,
          const struct og_incoming_text *text)
{
    struct og_tell *tell = add_tell(self, hook->url, false);
    struct og_json_writer w;
    char id[EVENT_ID_CHARS + 1];
    og_token_make(EVENT_ID_CHARS, id);
    og_json_begin(&w, &tell->body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "id", id);
    og_json_add_cstr(&w, "webhookId", hook->id);
    og_json_add_cstr(&w, "event", hook->event);
    og_json_add_cstr(&w, "deviceId", self->identity.id);
    og_json_object(&w, "payload");
    if (text) {
        write_received(&w, self, text);
    } else {
        write_health(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

static void
tell_upload(struct og_vphone *self, const struct og_incoming_text *text)
{
    struct og_tell *tell = add_tell(self, self->world->url_inbox, true);
    struct og_json_writer w;
    char id[9];
    content_id(text, id);
    og_json_begin(&w, &tell->body);
    og_json_array(&w, NULL);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "id", id);
    og_json_add_cstr(&w, "type", "SMS");
    og_json_add_cstr(&w, "sender", text->from);
    og_json_add_i64(&w, "simNumber", 1);
    og_json_add_cstr(&w, "contentPreview", text->text);
    add_time(&w, self, "createdAt");
    og_json_end(&w);
    og_json_end(&w);
}

static void
tell_hooks(struct og_vphone *self, const char *event, const struct og_incoming_text *text)
{
    for (size_t i = 0; i < self->hook_count; i++) {
        if (strcmp(self->hooks[i].event, event) == 0) {
            tell_hook(self, &self->hooks[i], text);
        }
    }
}

void
og_vphone_take_webhooks(struct og_vphone *self, struct og_str body)
{
    const struct og_incoming_text *texts = self->world->incoming;
    if (self->world->incoming_count == 0 && self->settings.ping_interval_s <= 0) {
        return; /* thousands of phones have nothing to tell: they keep no list */
    }
    og_arena_reset(&self->hook_mem);
    og_proto_list_webhooks(body, &self->hook_mem, &self->hooks, &self->hook_count);
    for (size_t i = 0; !self->has_received && i < self->world->incoming_count; i++) {
        if (og_vphone_app(self)->uploads_inbox) {
            tell_upload(self, &texts[i]);
        }
        tell_hooks(self, "sms:received", &texts[i]);
    }
    self->has_received = true;
}

void
og_vphone_ping(struct og_vphone *self)
{
    if (!self->hooks) {
        og_vphone_due(self, DUE_WEBHOOKS, og_vphone_mono(self));
    }
    tell_hooks(self, "system:ping", NULL);
}

/* ---- calls ---- */

/* The key of the settings, else one that nobody else knows. */
static struct og_str
signing_key(struct og_vphone *self)
{
    if (self->settings.signing_key[0]) {
        return og_str_from(self->settings.signing_key);
    }
    if (!self->own_key[0]) {
        og_token_make(KEY_CHARS, self->own_key);
    }
    return og_str_from(self->own_key);
}

static void
sign(struct og_vphone *self, struct og_tell *tell)
{
    char stamp[24], signature[OG_DIGEST_HEX_CHARS + 1];
    uint8_t digest[OG_DIGEST_BYTES];
    snprintf(stamp, sizeof(stamp), "%lld", (long long)(og_vphone_wall(self) / 1000));
    const struct og_str parts[] = {og_buf_str(&tell->body), og_str_from(stamp)};
    og_hmac_sha256(signing_key(self), parts, 2, digest);
    og_hex(digest, sizeof(digest), signature);
    og_client_headers_destroy(tell->headers);
    tell->headers = og_client_headers_create();
    const bool is_plain =
        og_client_headers_add(tell->headers, "Content-Type", OG_STR("application/json")) &&
        og_client_headers_add(tell->headers, "User-Agent",
                              og_str_from(og_vphone_app(self)->agent)) &&
        og_client_headers_add(tell->headers, "X-Timestamp", og_str_from(stamp)) &&
        og_client_headers_add(tell->headers, "X-Signature", og_str_from(signature));
    assert(is_plain); /* words, digits and hex of ours */
    (void)is_plain;
}

static void
on_told(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    struct og_tell *tell = self->tells;
    const bool is_taken = answer->status >= 200 && answer->status < 300;
    self->tell_call = NULL;
    self->world->counts->told += is_taken;
    self->world->counts->tell_failures += !is_taken;
    int64_t wait_ms = 0;
    if (is_taken || ++tell->tries >= TRIES_MAX) {
        self->tells = tell->next;
        tell_free(tell);
    } else {
        wait_ms = (int64_t)FIRST_WAIT_MS << (tell->tries - 1);
    }
    if (self->tells) {
        og_vphone_due(self, DUE_TELL, og_vphone_mono(self) + wait_ms);
    }
    og_vphone_arm(self);
}

void
og_vphone_tell_next(struct og_vphone *self)
{
    struct og_tell *tell = self->tells;
    if (!tell || self->tell_call || !self->write_headers) {
        return;
    }
    if (!tell->is_upload) {
        sign(self, tell);
    }
    self->tell_call = og_client_send(self->world->client, &(struct og_client_ask){
        .method = "POST", .url = tell->url,
        .headers = tell->is_upload ? self->write_headers : tell->headers,
        .body = og_buf_str(&tell->body), .timeout_ms = TIMEOUT_MS,
        .answer_max_bytes = ANSWER_MAX_BYTES, .on_done = on_told, .ctx = self});
}

void
og_vphone_forget_tells(struct og_vphone *self)
{
    if (self->tell_call) {
        og_client_cancel(self->tell_call);
        self->tell_call = NULL;
    }
    while (self->tells) {
        struct og_tell *next = self->tells->next;
        tell_free(self->tells);
        self->tells = next;
    }
    og_arena_finish(&self->hook_mem);
    self->hooks = NULL;
    self->hook_count = 0;
}
