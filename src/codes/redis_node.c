/*
 * The room wants to hear at once what would else fail later with a user waiting: a wrong password,
 * a missing right, a replica, a server that evicts. So the introduction ends with every script
 * being run once on a key of its own, which also teaches them to the server.
 */
#include "codes/redis_node.h"

#include <stdio.h>

#include "base/id.h"
#include "codes/redis_call.h"
#include "codes/redis_route.h"

#define PROBE_LIFE_MS 1000
#define PROBE_ID_CHARS 22

static void
change(struct og_redis_node *self, enum og_redis_node_state state)
{
    self->state = state;
    self->changed(self->ctx);
}

void
og_redis_node_fail(struct og_redis_node *self, const char *reason)
{
    if (self->state == OG_REDIS_NODE_OPENING || self->state == OG_REDIS_NODE_READY) {
        snprintf(self->reason, sizeof(self->reason), "%.40s:%d: %.100s", self->at.host,
                 self->at.port, reason);
        change(self, OG_REDIS_NODE_FAILED);
    }
}

static void
refuse(struct og_redis_node *self, const char *what, struct og_str error)
{
    char reason[128];
    self->is_refused = true;
    snprintf(reason, sizeof(reason), "%s: %" OG_STR_FMT, what, OG_STR_ARG(error));
    og_redis_node_fail(self, reason);
}

/* ---- answers to the introduction ---- */

static void
on_login(void *ctx, const struct og_redis_reply *reply)
{
    if (reply->type == OG_REDIS_ERROR) {
        refuse(ctx, "the login is refused", reply->text);
    }
}

static void
on_select(void *ctx, const struct og_redis_reply *reply)
{
    if (reply->type == OG_REDIS_ERROR) {
        refuse(ctx, "the database cannot be selected", reply->text);
    }
}

static void
on_role(void *ctx, const struct og_redis_reply *reply)
{
    struct og_redis_node *self = ctx;
    struct og_redis_redirect unused;
    const bool is_error = reply->type == OG_REDIS_ERROR;
    if (is_error && og_redis_trouble_of(reply->text, &unused) == OG_REDIS_NOAUTH) {
        refuse(self, "the role cannot be asked for", reply->text);
    } else if (is_error) {
        char reason[100];
        snprintf(reason, sizeof(reason), "%" OG_STR_FMT, OG_STR_ARG(reply->text));
        og_redis_node_fail(self, reason);
    } else if (self->login->must_be_primary && reply->count > 0 &&
               !og_str_eq(reply->items[0].text, OG_STR("master"))) {
        og_redis_node_fail(self, "it is a replica");
    }
}

/* "maxmemory_policy:noeviction\r\n" among other lines. */
static struct og_str
policy_in(struct og_str info)
{
    const struct og_str name = OG_STR("maxmemory_policy:");
    while (info.len > 0 && !og_str_starts(info, name)) {
        info = og_str_slice(info, og_str_find(info, '\n') + 1, info.len);
    }
    info = og_str_slice(info, name.len, info.len);
    return og_str_slice(info, 0, og_str_find(info, '\r'));
}

static void
on_info(void *ctx, const struct og_redis_reply *reply)
{
    struct og_redis_node *self = ctx;
    const struct og_str policy = reply->type == OG_REDIS_TEXT ? policy_in(reply->text)
                                                              : (struct og_str){NULL, 0};
    if (reply->type == OG_REDIS_LOST || og_str_eq(policy, OG_STR("noeviction"))) {
        return;
    }
    if (policy.len > 0) {
        snprintf(self->worry, sizeof(self->worry),
                 "maxmemory-policy is %" OG_STR_FMT ", must be noeviction",
                 OG_STR_ARG(policy));
    } else {
        snprintf(self->worry, sizeof(self->worry),
                 "maxmemory-policy cannot be read: allow the command INFO");
    }
}

static void
on_probe(void *ctx, const struct og_redis_reply *reply)
{
    static const char *const names[OG_CODE_VERBS] = {"put",  "check", "peek",  "drop",
                                                     "take", "give",  "forget"};
    struct og_redis_node *self = ctx;
    char what[32];
    struct og_redis_redirect unused;
    if (reply->type == OG_REDIS_ERROR) {
        const enum og_redis_trouble trouble = og_redis_trouble_of(reply->text, &unused);
        if (trouble == OG_REDIS_NOAUTH || trouble == OG_REDIS_OTHER) {
            snprintf(what, sizeof(what), "the script %s fails", names[self->probed]);
            refuse(self, what, reply->text);
        }
    }
    self->probed += self->probed < OG_CODE_VERBS - 1; /* answers come in order */
}

static void
on_last_probe(void *ctx, const struct og_redis_reply *reply)
{
    struct og_redis_node *self = ctx;
    on_probe(ctx, reply);
    if (reply->type != OG_REDIS_LOST && self->state == OG_REDIS_NODE_OPENING) {
        change(self, OG_REDIS_NODE_READY);
    }
}

/* ---- introduction ---- */

static void
say_login(struct og_redis_node *self)
{
    const struct og_redis_login *login = self->login;
    const struct og_str words[] = {OG_STR("AUTH"), og_str_from(login->user),
                                   og_str_from(login->password)};
    const struct og_str short_words[] = {words[0], words[2]};
    if (login->user) {
        og_redis_link_call(self->link, words, 3, on_login, self);
    } else if (login->password) {
        og_redis_link_call(self->link, short_words, 2, on_login, self);
    }
}

static void
say_select(struct og_redis_node *self)
{
    char number[OG_REDIS_NUMBER_BYTES];
    snprintf(number, sizeof(number), "%d", self->login->db);
    const struct og_str words[] = {OG_STR("SELECT"), og_str_from(number)};
    if (self->login->db != 0) {
        og_redis_link_call(self->link, words, 2, on_select, self);
    }
}

static void
say_probes(struct og_redis_node *self)
{
    /* The guess is right, so that the script goes all its way. */
    struct og_count_ask counts = {
        .items = {{.rule = "probe", .span_ms = PROBE_LIFE_MS, .limit = 1, .amount = 1}},
        .count = 1};
    struct og_code_ticket probe = {
        .ttl_ms = PROBE_LIFE_MS, .body.attempts_left = 1, .guess.mac_count = 1, .mark = ""};
    const enum og_code_verb last = self->login->with_counts ? OG_COUNT_FORGET : OG_CODE_DROP;
    struct og_redis_call call;
    char token[PROBE_ID_CHARS + 1];
    og_token_make(sizeof(token) - 1, token);
    snprintf(probe.key, sizeof(probe.key), "%s{%s}", self->login->prefix, token);
    for (probe.verb = OG_CODE_PUT; probe.verb <= last; probe.verb++) {
        probe.counts = probe.verb >= OG_COUNT_TAKE ? &counts : NULL;
        og_redis_call_make(&probe, true, &call);
        og_redis_link_call(self->link, call.words, call.count,
                           probe.verb == last ? on_last_probe : on_probe, self);
    }
}

static void
on_opened(void *ctx)
{
    struct og_redis_node *self = ctx;
    const struct og_str role[] = {OG_STR("ROLE")};
    const struct og_str info[] = {OG_STR("INFO"), OG_STR("memory")};
    say_login(self);
    say_select(self);
    og_redis_link_call(self->link, role, 1, on_role, self);
    og_redis_link_call(self->link, info, 2, on_info, self);
    say_probes(self);
}

static void
on_ended(void *ctx, const char *reason)
{
    struct og_redis_node *self = ctx;
    self->link = NULL;
    og_redis_node_fail(self, reason);
}

void
og_redis_node_open(struct og_redis_node *self, const struct og_host_port *at,
                   int64_t until_mono_ms)
{
    const struct og_redis_link_events events = {on_opened, on_ended, self};
    self->at = *at;
    self->opening_until_mono_ms = until_mono_ms;
    self->reason[0] = '\0';
    self->worry[0] = '\0';
    self->probed = 0;
    self->is_refused = false;
    self->state = OG_REDIS_NODE_OPENING;
    self->link = og_redis_link_open(self->loop, at, &events);
}

void
og_redis_node_close(struct og_redis_node *self)
{
    struct og_redis_link *link = self->link;
    self->link = NULL;
    self->state = OG_REDIS_NODE_IDLE;
    og_redis_link_close(link);
}
