/*
 * The door to hiredis 0.14, whose own glue to libuv misses refused connections and whose connect
 * looks names up while the loop waits: so both are done here. Its objects free themselves when a
 * connection ends, which is why a link forgets its context first.
 */
#include "codes/redis_link.h"

#include <assert.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/arena.h"

#define WORDS_MAX 80

struct og_redis_link {
    struct og_redis_link_events events;
    uv_loop_t *loop;
    uv_getaddrinfo_t lookup;
    bool is_looking_up;
    bool is_closed; /* by its owner: nothing is told any more */
    int port;
    redisAsyncContext *context; /* NULL before it connects and when it has ended */
};

/* ---- sockets on the loop ---- */

struct watch {
    uv_poll_t poll;
    redisAsyncContext *context;
    int events;
};

static void
on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *self = (struct watch *)poll;
    /* A socket in error is told as a status: hiredis finds out by reading or writing. */
    const int ready = status < 0 ? self->events : events;
    if (self->context && (ready & UV_READABLE)) {
        redisAsyncHandleRead(self->context);
    }
    if (self->context && (ready & UV_WRITABLE)) {
        redisAsyncHandleWrite(self->context);
    }
}

static void
watch_change(struct watch *self, int add, int remove)
{
    self->events = (self->events | add) & ~remove;
    if (self->events) {
        uv_poll_start(&self->poll, self->events, on_ready);
    } else {
        uv_poll_stop(&self->poll);
    }
}

static void
watch_add_read(void *data)
{
    watch_change(data, UV_READABLE, 0);
}

static void
watch_del_read(void *data)
{
    watch_change(data, 0, UV_READABLE);
}

static void
watch_add_write(void *data)
{
    watch_change(data, UV_WRITABLE, 0);
}

static void
watch_del_write(void *data)
{
    watch_change(data, 0, UV_WRITABLE);
}

static void
free_watch(uv_handle_t *handle)
{
    free(handle);
}

static void
watch_end(void *data)
{
    struct watch *self = data;
    self->context = NULL;
    uv_close((uv_handle_t *)&self->poll, free_watch);
}

static bool
watch_begin(struct og_redis_link *self)
{
    redisAsyncContext *context = self->context;
    struct watch *watch = og_xalloc(sizeof(*watch));
    if (uv_poll_init(self->loop, &watch->poll, context->c.fd) != 0) {
        free(watch);
        return false;
    }
    watch->context = context;
    context->ev.data = watch;
    context->ev.addRead = watch_add_read;
    context->ev.delRead = watch_del_read;
    context->ev.addWrite = watch_add_write;
    context->ev.delWrite = watch_del_write;
    context->ev.cleanup = watch_end;
    return true;
}

/* ---- connect ---- */

static void
tell_ended(struct og_redis_link *self, const char *reason)
{
    const struct og_redis_link_events events = self->events;
    char text[128];
    snprintf(text, sizeof(text), "%s", reason);
    const bool is_closed = self->is_closed;
    free(self);
    if (!is_closed) {
        events.ended(events.ctx, text);
    }
}

static const char *
reason_of(const redisAsyncContext *context)
{
    return context->errstr && context->errstr[0] ? context->errstr : "the connection ended";
}

static void
on_connect(const redisAsyncContext *context, int status)
{
    struct og_redis_link *self = context->data;
    if (!self) {
        return; /* closed by us */
    }
    if (status == REDIS_OK) {
        self->events.opened(self->events.ctx);
    } else {
        self->context = NULL;
        tell_ended(self, reason_of(context));
    }
}

static void
on_disconnect(const redisAsyncContext *context, int status)
{
    struct og_redis_link *self = context->data;
    (void)status;
    if (self) {
        self->context = NULL;
        tell_ended(self, reason_of(context));
    }
}

static void
drop_context(struct og_redis_link *self)
{
    redisAsyncContext *context = self->context;
    self->context = NULL;
    if (context) {
        context->data = NULL; /* its last call backs find nobody */
        redisAsyncFree(context);
    }
}

static void
connect_to(struct og_redis_link *self, const char *address)
{
    char reason[128] = "no socket";
    self->context = redisAsyncConnect(address, self->port);
    if (!self->context) {
        abort(); /* no memory */
    }
    self->context->data = self;
    if (self->context->err == 0 && watch_begin(self)) {
        redisAsyncSetConnectCallback(self->context, on_connect);
        redisAsyncSetDisconnectCallback(self->context, on_disconnect);
        return;
    }
    snprintf(reason, sizeof(reason), "%s", reason_of(self->context));
    drop_context(self);
    tell_ended(self, reason);
}

static void
on_lookup(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct og_redis_link *self = OG_CONTAINER_OF(lookup, struct og_redis_link, lookup);
    char address[INET6_ADDRSTRLEN] = "";
    self->is_looking_up = false;
    if (status == 0 && found->ai_family == AF_INET) {
        uv_ip4_name((const struct sockaddr_in *)found->ai_addr, address, sizeof(address));
    } else if (status == 0) {
        uv_ip6_name((const struct sockaddr_in6 *)found->ai_addr, address, sizeof(address));
    }
    uv_freeaddrinfo(found);
    if (self->is_closed || status != 0) {
        tell_ended(self, status != 0 ? uv_strerror(status) : "");
    } else {
        connect_to(self, address);
    }
}

struct og_redis_link *
og_redis_link_open(struct og_loop *loop, const struct og_host_port *at,
                   const struct og_redis_link_events *events)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    struct og_redis_link *self = og_xalloc(sizeof(*self));
    self->events = *events;
    self->loop = og_loop_uv(loop);
    self->port = at->port;
    self->is_looking_up = true;
    if (uv_getaddrinfo(self->loop, &self->lookup, on_lookup, at->host, NULL, &hints) != 0) {
        abort(); /* no memory */
    }
    return self;
}

void
og_redis_link_close(struct og_redis_link *self)
{
    if (!self) {
        return;
    }
    self->is_closed = true;
    if (self->is_looking_up) {
        (void)uv_cancel((uv_req_t *)&self->lookup); /* on_lookup comes all the same */
    } else {
        drop_context(self);
        free(self);
    }
}

/* ---- calls ---- */

struct call {
    og_redis_heard *heard;
    void *ctx;
};

static void
read_one(const redisReply *from, struct og_redis_reply *out)
{
    *out = (struct og_redis_reply){.type = OG_REDIS_NOTHING};
    switch (from->type) {
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_ERROR:
        out->type = from->type == REDIS_REPLY_ERROR ? OG_REDIS_ERROR : OG_REDIS_TEXT;
        out->text = (struct og_str){from->str, (size_t)from->len};
        break;
    case REDIS_REPLY_INTEGER:
        out->type = OG_REDIS_NUMBER;
        out->number = from->integer;
        break;
    case REDIS_REPLY_ARRAY:
        out->type = OG_REDIS_LIST;
        break;
    default:
        break;
    }
}

static void
on_reply(redisAsyncContext *context, void *answer, void *data)
{
    struct call *call = data;
    struct og_redis_reply items[OG_REDIS_ITEMS_MAX];
    struct og_redis_reply reply = {.type = OG_REDIS_LOST};
    const redisReply *from = answer;
    (void)context;
    if (from) {
        read_one(from, &reply);
    }
    if (reply.type == OG_REDIS_LIST) {
        reply.items = items;
        for (size_t i = 0; i < from->elements && i < OG_REDIS_ITEMS_MAX; i++) {
            read_one(from->element[i], &items[reply.count++]);
        }
    }
    if (call->heard) {
        call->heard(call->ctx, &reply);
    }
    free(call);
}

void
og_redis_link_call(struct og_redis_link *self, const struct og_str *words, int count,
                   og_redis_heard *heard, void *ctx)
{
    const char *pointers[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    assert(count <= WORDS_MAX);
    for (int i = 0; i < count; i++) {
        pointers[i] = words[i].ptr ? words[i].ptr : "";
        lengths[i] = words[i].len;
    }
    struct call *call = og_xalloc(sizeof(*call));
    *call = (struct call){heard, ctx};
    if (redisAsyncCommandArgv(self->context, on_reply, call, count, pointers, lengths) !=
        REDIS_OK) {
        on_reply(self->context, NULL, call); /* it is ending: this call never left */
    }
}
