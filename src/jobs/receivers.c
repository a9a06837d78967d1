/*
 * The map holds receivers with something to do, and those that did not answer promptly the last
 * time: forgetting these would give them more calls again.
 */
#include "jobs/receivers.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/arena.h"
#include "core/map.h"

#define REMEMBERED_MAX 1024

struct og_receiver {
    int calls_max;
    int calls;   /* under way */
    int waiting;
    struct og_receiver_job *first, **end;
    size_t host_len;
    char host[]; /* in lower case */
};

struct og_receivers {
    struct og_map by_host;
};

struct og_receivers *
og_receivers_create(void)
{
    return og_xalloc(sizeof(struct og_receivers));
}

void
og_receivers_destroy(struct og_receivers *self)
{
    if (!self) {
        return;
    }
    for (struct og_map_node *at = og_map_first(&self->by_host); at; at = og_map_next(at)) {
        free(og_map_value(at));
    }
    og_map_finish(&self->by_host);
    free(self);
}

static struct og_str
host_of(const struct og_receiver *receiver)
{
    return (struct og_str){receiver->host, receiver->host_len};
}

static struct og_receiver *
make(struct og_str host)
{
    struct og_receiver *receiver = og_xalloc(sizeof *receiver + host.len);
    receiver->calls_max = OG_RECEIVER_CALLS_FIRST;
    receiver->end = &receiver->first;
    receiver->host_len = host.len;
    for (size_t i = 0; i < host.len; i++) {
        receiver->host[i] = (char)tolower((unsigned char)host.ptr[i]);
    }
    return receiver;
}

struct og_receiver *
og_receivers_add(struct og_receivers *self, struct og_str host, struct og_receiver_job *job)
{
    struct og_receiver *fresh = make(host.len ? host : OG_STR("-"));
    struct og_receiver *receiver = og_map_get(&self->by_host, host_of(fresh));
    if (receiver) {
        free(fresh);
    } else {
        receiver = fresh;
        og_map_put(&self->by_host, host_of(receiver), receiver);
    }
    job->next = NULL;
    *receiver->end = job;
    receiver->end = &job->next;
    receiver->waiting++;
    return receiver;
}

struct og_receiver_job *
og_receiver_next(struct og_receiver *receiver)
{
    struct og_receiver_job *job = receiver->first;
    if (!job || receiver->calls >= receiver->calls_max) {
        return NULL;
    }
    receiver->first = job->next;
    if (!receiver->first) {
        receiver->end = &receiver->first;
    }
    receiver->waiting--;
    receiver->calls++;
    return job;
}

struct og_receiver *
og_receivers_over(struct og_receivers *self, struct og_receiver *receiver, bool is_prompt)
{
    const int more = 2 * receiver->calls_max;
    receiver->calls--;
    receiver->calls_max = !is_prompt                        ? 1
                          : more < OG_RECEIVER_CALLS_MAX ? more
                                                         : OG_RECEIVER_CALLS_MAX;
    const bool is_idle = receiver->calls == 0 && receiver->waiting == 0;
    if (is_idle && (is_prompt || og_map_count(&self->by_host) > REMEMBERED_MAX)) {
        free(og_map_remove(&self->by_host, host_of(receiver)));
        return NULL;
    }
    return receiver;
}

size_t
og_receivers_count(const struct og_receivers *self)
{
    return og_map_count(&self->by_host);
}

void
og_receivers_list(const struct og_receivers *self, struct og_receiver_load *out)
{
    for (struct og_map_node *at = og_map_first(&self->by_host); at; at = og_map_next(at)) {
        const struct og_receiver *receiver = og_map_value(at);
        *out++ = (struct og_receiver_load){
            .host = host_of(receiver),
            .given = receiver->calls + receiver->waiting,
            .given_max = 2 * receiver->calls_max,
        };
    }
}
