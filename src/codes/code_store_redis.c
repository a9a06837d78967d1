/*
 * The room wants the store found again by itself, and no call ever sent twice that may have been
 * done. All that happens on the store's own loop: tickets come by its mailbox, answers only mark
 * what has changed, and `advance` acts on it.
 */
#include "codes/code_store_redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>
#include <uv.h>

#include "codes/redis_call.h"
#include "codes/redis_route.h"
#include "codes/redis_seek.h"

#define NODES_MAX 64
#define NODE_OPEN_MS 500
#define TICK_MS 50
#define TRIES_MAX 8 /* redirections of one call */
#define FIRST_WAIT_MS 2000
#define BY_SLOT (-1)

struct store {
    struct og_code_desk desk;
    struct og_loop *loop;
    bool is_started;
    enum og_code_redis_mode mode;
    struct og_redis_login login;
    char *texts[4]; /* what login and seek point to: user, password, prefix, master's name */
    struct og_host_port addresses[OG_CODE_REDIS_ADDRESSES_MAX];
    struct {
        uv_timer_t timer;
        struct og_redis_seek seek;
        struct og_redis_node nodes[NODES_MAX]; /* the first is the one that seek finds */
        int node_count;
        uint8_t slots[OG_REDIS_SLOTS]; /* which node has it, as far as heard; 0: ask the first */
        struct og_code_ticket *waiting; /* not sent */
        struct og_code_ticket *sent;    /* oldest first */
        struct og_loop_task step;
        bool is_step_posted;
        bool is_closing;
    } loop_only;
    struct og_loop_task begin, end;
    struct { /* the first time that the store was found, or not */
        pthread_mutex_t lock;
        pthread_cond_t heard;
        bool is_heard;
        bool is_refused;
        char reason[160];
    } first;
};

static struct og_redis_node *
seed_of(struct store *self)
{
    return &self->loop_only.nodes[0];
}

static int64_t
mono_ms(const struct store *self)
{
    return og_mono_ms(self->desk.clock);
}

static bool
is_resting(const struct store *self)
{
    return self->loop_only.seek.phase == OG_REDIS_SEEK_RESTING;
}

/* Ask for an `advance` soon. */
static void
on_change(void *ctx)
{
    struct store *self = ctx;
    if (!self->loop_only.is_step_posted) {
        self->loop_only.is_step_posted = true;
        og_loop_post(self->loop, &self->loop_only.step);
    }
}

/* ---- nodes of a cluster ---- */

/* The node at that address, known or new. 0, the first, when there is no room for more. */
static int
node_at(struct store *self, struct og_host_port at, const struct og_redis_node *who_says)
{
    int count = self->loop_only.node_count;
    if (!at.host[0]) {
        at = (struct og_host_port){.port = at.port};
        snprintf(at.host, sizeof(at.host), "%s", who_says->at.host);
    }
    for (int i = 0; i < count; i++) {
        const struct og_host_port *known = &self->loop_only.nodes[i].at;
        if (known->port == at.port && strcmp(known->host, at.host) == 0) {
            return i;
        }
    }
    if (count == NODES_MAX) {
        return 0;
    }
    self->loop_only.nodes[count].at = at;
    return self->loop_only.node_count++;
}

static void
forget_slots_of(struct store *self, int node)
{
    for (int i = 0; i < OG_REDIS_SLOTS; i++) {
        if (self->loop_only.slots[i] == node) {
            self->loop_only.slots[i] = 0;
        }
    }
}

/* ---- sending ---- */

static void on_answer(void *ctx, const struct og_redis_reply *reply);

static int
place_of(const struct store *self, const struct og_code_ticket *ticket)
{
    if (ticket->place != BY_SLOT) {
        return ticket->place;
    }
    return self->mode == OG_CODE_REDIS_CLUSTER
               ? self->loop_only.slots[og_redis_slot(og_str_from(ticket->key))]
               : 0;
}

static void
send_to(struct store *self, int place, struct og_code_ticket *ticket, bool with_text)
{
    struct og_redis_node *node = &self->loop_only.nodes[place];
    const struct og_str asking[] = {OG_STR("ASKING")};
    struct og_redis_call call;
    if (ticket->is_asking) {
        og_redis_link_call(node->link, asking, 1, NULL, NULL);
    }
    og_redis_call_make(ticket, with_text, &call);
    ticket->place = place;
    ticket->is_special = with_text;
    DL_APPEND(self->loop_only.sent, ticket);
    og_redis_link_call(node->link, call.words, call.count, on_answer, ticket);
}

/* Send it, or let it wait until there is somebody to send it to. */
static void
dispatch(struct store *self, struct og_code_ticket *ticket)
{
    const int place = place_of(self, ticket);
    struct og_redis_node *node = &self->loop_only.nodes[place];
    if (node->state == OG_REDIS_NODE_READY) {
        send_to(self, place, ticket, false);
    } else if (is_resting(self)) {
        og_code_ticket_fail(ticket, self->loop_only.seek.reason);
    } else {
        if (place > 0 && node->state == OG_REDIS_NODE_IDLE) {
            const struct og_host_port at = node->at;
            og_redis_node_open(node, &at, mono_ms(self) + NODE_OPEN_MS);
        }
        DL_APPEND(self->loop_only.waiting, ticket);
    }
}

static void
dispatch_waiting(struct store *self)
{
    struct og_code_ticket *waiting = self->loop_only.waiting, *ticket, *next;
    self->loop_only.waiting = NULL;
    DL_FOREACH_SAFE(waiting, ticket, next) {
        DL_DELETE(waiting, ticket);
        dispatch(self, ticket);
    }
}

/* ---- answers ---- */

static void
redirect(struct store *self, struct og_code_ticket *ticket,
         const struct og_redis_redirect *redirect, bool is_for_good)
{
    const struct og_redis_node *who_says = &self->loop_only.nodes[ticket->place];
    if (self->mode != OG_CODE_REDIS_CLUSTER) {
        og_code_ticket_fail(ticket, "a node of a cluster answered: set redis.mode to cluster");
        return;
    }
    const int place = node_at(self, redirect->to, who_says);
    ticket->place = is_for_good ? BY_SLOT : place;
    ticket->is_asking = !is_for_good;
    if (is_for_good) {
        self->loop_only.slots[redirect->slot] = (uint8_t)place;
    }
    if (ticket->tries++ < TRIES_MAX) {
        dispatch(self, ticket);
    } else {
        og_code_ticket_fail(ticket, "the nodes of the cluster do not agree where the code is");
    }
}

/* Nothing was done, so the call may be repeated: when something has changed, or with the next tick.
 * */
static void
let_wait(struct store *self, struct og_code_ticket *ticket)
{
    ticket->place = BY_SLOT;
    ticket->is_asking = false;
    DL_APPEND(self->loop_only.waiting, ticket);
}

static void
fail_with(struct og_code_ticket *ticket, struct og_str error)
{
    char reason[100];
    snprintf(reason, sizeof(reason), "%" OG_STR_FMT, OG_STR_ARG(error));
    og_code_ticket_fail(ticket, reason);
}

static void
on_trouble(struct store *self, struct og_code_ticket *ticket, struct og_str error)
{
    struct og_redis_redirect to;
    struct og_redis_node *node = &self->loop_only.nodes[ticket->place];
    const enum og_redis_trouble trouble = og_redis_trouble_of(error, &to);
    switch (trouble) {
    case OG_REDIS_MOVED:
    case OG_REDIS_ASK:
        redirect(self, ticket, &to, trouble == OG_REDIS_MOVED);
        break;
    case OG_REDIS_WAIT:
        let_wait(self, ticket);
        break;
    case OG_REDIS_READONLY:
        og_redis_node_fail(node, "it is a replica");
        let_wait(self, ticket);
        break;
    case OG_REDIS_NOAUTH:
        og_redis_node_fail(node, "a right is missing");
        fail_with(ticket, error);
        break;
    case OG_REDIS_FULL:
        og_fail(&ticket->err, OG_E_BUSY, NULL, "Redis has no memory left");
        og_code_ticket_answer(ticket,
                              ticket->verb == OG_CODE_PUT ? OG_E_BUSY : OG_E_UNAVAILABLE);
        break;
    default:
        fail_with(ticket, error);
        break;
    }
}

static void
on_answer(void *ctx, const struct og_redis_reply *reply)
{
    struct og_code_ticket *ticket = ctx;
    struct store *self = (struct store *)ticket->desk;
    struct og_redis_redirect unused;
    DL_DELETE(self->loop_only.sent, ticket);
    if (reply->type == OG_REDIS_LOST) {
        og_code_ticket_fail(ticket, "the connection ended before the answer");
    } else if (reply->type == OG_REDIS_ERROR && !ticket->is_special &&
               og_redis_trouble_of(reply->text, &unused) == OG_REDIS_NOSCRIPT) {
        send_to(self, ticket->place, ticket, true);
    } else if (reply->type == OG_REDIS_ERROR) {
        on_trouble(self, ticket, reply->text);
    } else if (og_redis_call_read(reply, ticket)) {
        og_code_ticket_answer(ticket, OG_OK);
    } else {
        og_code_ticket_fail(ticket, "an answer cannot be read");
    }
}

/* ---- acting on what has changed ---- */

/* The creator may wait for this. */
static void
report_first(struct store *self, bool is_refused)
{
    pthread_mutex_lock(&self->first.lock);
    if (!self->first.is_heard) {
        self->first.is_heard = true;
        self->first.is_refused = is_refused;
        snprintf(self->first.reason, sizeof(self->first.reason), "%s",
                 self->loop_only.seek.reason);
        pthread_cond_signal(&self->first.heard);
    }
    pthread_mutex_unlock(&self->first.lock);
}

static void
advance_seek(struct store *self)
{
    struct og_redis_seek *seek = &self->loop_only.seek;
    while (og_redis_seek_step(seek, mono_ms(self))) {
        if (seek->phase == OG_REDIS_SEEK_FOUND) {
            const char *worry = seed_of(self)->worry;
            og_code_desk_tell(&self->desk,
                              worry[0] ? OG_CODE_HEALTH_DEGRADED : OG_CODE_HEALTH_UP, worry);
            report_first(self, false);
        } else if (seek->phase == OG_REDIS_SEEK_RESTING) {
            og_code_desk_tell(&self->desk, OG_CODE_HEALTH_DOWN, seek->reason);
            report_first(self, seek->is_refused);
            break;
        }
    }
}

/* The other nodes of a cluster: one that fails is asked for anew when it is named again. */
static void
advance_nodes(struct store *self)
{
    for (int i = 1; i < self->loop_only.node_count; i++) {
        struct og_redis_node *node = &self->loop_only.nodes[i];
        if (node->state == OG_REDIS_NODE_OPENING && mono_ms(self) >= node->opening_until_mono_ms) {
            og_redis_node_fail(node, "it does not answer");
        }
        if (node->state == OG_REDIS_NODE_FAILED) {
            og_log_warn("codes", "a node of the cluster is left", "reason=%s",
                        og_log_quote(og_str_from(node->reason)));
            og_redis_node_close(node);
            forget_slots_of(self, i);
        }
    }
}

/* A server that lets a call wait too long is given up with all that it was sent. */
static void
advance_times(struct store *self)
{
    const int64_t now = mono_ms(self);
    struct og_code_ticket *ticket, *next;
    DL_FOREACH(self->loop_only.sent, ticket) {
        if (ticket->until_mono_ms <= now) {
            og_redis_node_fail(&self->loop_only.nodes[ticket->place], "it does not answer");
        }
    }
    DL_FOREACH_SAFE(self->loop_only.waiting, ticket, next) {
        if (ticket->until_mono_ms <= now) {
            DL_DELETE(self->loop_only.waiting, ticket);
            og_code_ticket_fail(ticket, "no server was found in time");
        }
    }
}

static void on_tick(uv_timer_t *timer);

static void
advance(struct store *self)
{
    advance_times(self);
    advance_nodes(self);
    advance_seek(self);
    dispatch_waiting(self);
    const bool is_at_rest = self->loop_only.seek.phase == OG_REDIS_SEEK_FOUND &&
                            !self->loop_only.sent && !self->loop_only.waiting;
    if (is_at_rest) {
        uv_timer_stop(&self->loop_only.timer);
    } else if (!uv_is_active((uv_handle_t *)&self->loop_only.timer)) {
        uv_timer_start(&self->loop_only.timer, on_tick, TICK_MS, TICK_MS);
    }
}

static void
on_tick(uv_timer_t *timer)
{
    advance(timer->data);
}

static void
on_step(struct og_loop_task *task)
{
    struct store *self = OG_CONTAINER_OF(task, struct store, loop_only.step);
    self->loop_only.is_step_posted = false;
    if (!self->loop_only.is_closing) {
        advance(self);
    }
}

/* ---- the way in ---- */

static void
on_ticket(struct og_loop_task *task)
{
    struct og_code_ticket *ticket = OG_CONTAINER_OF(task, struct og_code_ticket, task);
    struct store *self = (struct store *)ticket->desk;
    if (self->loop_only.is_closing) {
        og_code_ticket_fail(ticket, "the store is closed");
        return;
    }
    ticket->place = BY_SLOT;
    dispatch(self, ticket);
    if (!uv_is_active((uv_handle_t *)&self->loop_only.timer)) {
        uv_timer_start(&self->loop_only.timer, on_tick, TICK_MS, TICK_MS);
    }
}

static void
take(struct og_code_desk *desk, struct og_code_ticket *ticket)
{
    struct store *self = (struct store *)desk;
    ticket->task.run = on_ticket;
    og_loop_post(self->loop, &ticket->task);
}

/* ---- life ---- */

static void
on_begin(struct og_loop_task *task)
{
    advance(OG_CONTAINER_OF(task, struct store, begin));
}

static void
on_end(struct og_loop_task *task)
{
    struct store *self = OG_CONTAINER_OF(task, struct store, end);
    self->loop_only.is_closing = true;
    for (int i = 1; i < self->loop_only.node_count; i++) {
        og_redis_node_close(&self->loop_only.nodes[i]);
    }
    og_redis_seek_close(&self->loop_only.seek);
    uv_close((uv_handle_t *)&self->loop_only.timer, NULL);
}

static void
store_destroy(struct og_code_store *face)
{
    struct store *self = (struct store *)face;
    if (self->is_started) {
        self->desk.face.settle(face);
        og_loop_post(self->loop, &self->end);
        og_loop_stop(self->loop);
        og_loop_join(self->loop);
    }
    og_loop_destroy(self->loop);
    for (size_t i = 0; i < sizeof(self->texts) / sizeof(self->texts[0]); i++) {
        if (self->texts[i]) {
            og_wipe(self->texts[i], strlen(self->texts[i]));
            free(self->texts[i]);
        }
    }
    pthread_cond_destroy(&self->first.heard);
    pthread_mutex_destroy(&self->first.lock);
    og_code_desk_finish(&self->desk);
    free(self);
}

static enum og_code
read_addresses(struct store *self, struct og_str_list addresses, struct og_err *err)
{
    if (addresses.count == 0 || addresses.count > OG_CODE_REDIS_ADDRESSES_MAX) {
        return og_fail(err, OG_E_INVALID, "redis.addresses", "1 to %d addresses are needed",
                       OG_CODE_REDIS_ADDRESSES_MAX);
    }
    for (size_t i = 0; i < addresses.count; i++) {
        if (!og_host_port_read(addresses.items[i], OG_REDIS_DEFAULT_PORT, &self->addresses[i])) {
            return og_fail(err, OG_E_INVALID, "redis.addresses",
                           "%" OG_STR_FMT " is not host:port", OG_STR_ARG(addresses.items[i]));
        }
    }
    return OG_OK;
}

static void
fill(struct store *self, const struct og_code_redis_config *config)
{
    struct og_redis_seek *seek = &self->loop_only.seek;
    self->mode = config->mode;
    self->texts[0] = og_xstrdup(config->user);
    self->texts[1] = og_xstrdup(config->password);
    self->texts[2] = og_xstrdup(config->prefix);
    self->texts[3] = og_xstrdup(config->master_name);
    self->login = (struct og_redis_login){self->texts[0], self->texts[1], config->db,
                                          config->mode != OG_CODE_REDIS_CLUSTER, self->texts[2],
                                          config->mark != NULL};
    for (int i = 0; i < NODES_MAX; i++) {
        struct og_redis_node *node = &self->loop_only.nodes[i];
        *node = (struct og_redis_node){
            .loop = self->loop, .login = &self->login, .changed = on_change, .ctx = self};
    }
    self->loop_only.node_count = 1;
    *seek = (struct og_redis_seek){
        .node = seed_of(self),
        .by_sentinel = config->mode == OG_CODE_REDIS_SENTINEL,
        .master_name = self->texts[3],
        .addresses = self->addresses,
        .count = (int)config->addresses.count,
        .changed = on_change,
        .ctx = self,
    };
    self->loop_only.step.run = on_step;
    self->begin.run = on_begin;
    self->end.run = on_end;
}

/* The first search may take as long as all addresses together; a start does not wait for all that.
 * */
static enum og_code
wait_first(struct store *self, struct og_err *err)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FIRST_WAIT_MS / 1000;
    int status = 0;
    pthread_mutex_lock(&self->first.lock);
    while (!self->first.is_heard && status == 0) {
        status = pthread_cond_timedwait(&self->first.heard, &self->first.lock, &until);
    }
    const enum og_code code =
        self->first.is_refused
            ? og_fail(err, OG_E_UNAUTHORIZED, "otp.store", "%s", self->first.reason)
            : OG_OK;
    pthread_mutex_unlock(&self->first.lock);
    return code;
}

static enum og_code
begin(struct store *self, struct og_err *err)
{
    uv_timer_init(og_loop_uv(self->loop), &self->loop_only.timer);
    self->loop_only.timer.data = self;
    enum og_code code = og_loop_start(self->loop, err);
    if (code != OG_OK) {
        uv_close((uv_handle_t *)&self->loop_only.timer, NULL);
        return code;
    }
    self->is_started = true;
    og_loop_post(self->loop, &self->begin);
    return wait_first(self, err);
}

enum og_code
og_code_redis_create(const struct og_code_redis_config *config, struct og_code_store **out,
                     struct og_err *err)
{
    struct store *self = og_xalloc(sizeof(*self));
    og_code_desk_init(&self->desk, "redis", config->prefix, config->clock, take);
    og_code_desk_count(&self->desk, config->mark);
    self->desk.face.destroy = store_destroy;
    pthread_mutex_init(&self->first.lock, NULL);
    pthread_cond_init(&self->first.heard, NULL);
    enum og_code code = read_addresses(self, config->addresses, err);
    if (code == OG_OK) {
        code = og_loop_create("og-redis", &self->loop, err);
    }
    if (code == OG_OK) {
        fill(self, config);
        code = begin(self, err);
    }
    if (code != OG_OK) {
        store_destroy(&self->desk.face);
        return code;
    }
    *out = &self->desk.face;
    return OG_OK;
}
