/*
 * The maps hold rooms with something to do, and those that did not answer promptly the last time:
 * forgetting these would give them more calls again. A host is there as long as it has rooms, which
 * stand in a ring.
 */
#include "jobs/receivers.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/arena.h"
#include "core/map.h"

#define REMEMBERED_MAX 1024

struct og_receiver_room {
    struct og_receiver *host;
    struct og_receiver_room *prev, *next; /* in the host's ring */
    int calls_max;
    int calls; /* under way */
    int waiting;
    struct og_receiver_job *first, **end;
    struct og_str key, hook; /* key: the host, a line feed, the hook */
    char text[];
};

struct og_receiver {
    int calls;                     /* of all rooms */
    struct og_receiver_room *turn; /* whose it is next */
    struct og_str name;            /* in lower case */
    char text[];
};

struct og_receivers {
    struct og_map hosts;
    struct og_map rooms;
};

struct og_receivers *
og_receivers_create(void)
{
    return og_xalloc(sizeof(struct og_receivers));
}

static void
free_all(struct og_map *map)
{
    for (struct og_map_node *at = og_map_first(map); at; at = og_map_next(at)) {
        free(og_map_value(at));
    }
    og_map_finish(map);
}

void
og_receivers_destroy(struct og_receivers *self)
{
    if (self) {
        free_all(&self->rooms);
        free_all(&self->hosts);
        free(self);
    }
}

/* ---- hosts and rooms ---- */

static void
copy_lower(char *to, struct og_str from)
{
    for (size_t i = 0; i < from.len; i++) {
        to[i] = (char)tolower((unsigned char)from.ptr[i]);
    }
}

static struct og_receiver *
find_host(struct og_receivers *self, struct og_str name)
{
    struct og_receiver *host = og_xalloc(sizeof *host + name.len);
    copy_lower(host->text, name);
    host->name = (struct og_str){host->text, name.len};
    struct og_receiver *former = og_map_get(&self->hosts, host->name);
    if (former) {
        free(host);
        return former;
    }
    og_map_put(&self->hosts, host->name, host);
    return host;
}

static void
join_ring(struct og_receiver *host, struct og_receiver_room *room)
{
    struct og_receiver_room *turn = host->turn ? host->turn : room;
    room->host = host;
    room->next = turn;
    room->prev = host->turn ? turn->prev : room;
    room->prev->next = room;
    room->next->prev = room;
    host->turn = turn;
}

static void
leave_ring(struct og_receiver_room *room)
{
    struct og_receiver *host = room->host;
    room->prev->next = room->next;
    room->next->prev = room->prev;
    host->turn = room->next == room ? NULL : host->turn == room ? room->next : host->turn;
}

static struct og_receiver_room *
find_room(struct og_receivers *self, struct og_receiver *host, struct og_str hook)
{
    const size_t key_len = host->name.len + 1 + hook.len;
    struct og_receiver_room *room = og_xalloc(sizeof *room + key_len);
    copy_lower(room->text, host->name);
    room->text[host->name.len] = '\n';
    for (size_t i = 0; i < hook.len; i++) {
        room->text[host->name.len + 1 + i] = hook.ptr[i];
    }
    room->key = (struct og_str){room->text, key_len};
    room->hook = og_str_slice(room->key, host->name.len + 1, key_len);
    struct og_receiver_room *former = og_map_get(&self->rooms, room->key);
    if (former) {
        free(room);
        return former;
    }
    room->calls_max = OG_RECEIVER_CALLS_FIRST;
    room->end = &room->first;
    join_ring(host, room);
    og_map_put(&self->rooms, room->key, room);
    return room;
}

/* ---- jobs ---- */

struct og_receiver *
og_receivers_add(struct og_receivers *self, struct og_str host, struct og_str hook,
                 struct og_receiver_job *job)
{
    struct og_receiver *receiver = find_host(self, host.len ? host : OG_STR("-"));
    struct og_receiver_room *room = find_room(self, receiver, hook);
    job->next = NULL;
    job->room = room;
    *room->end = job;
    room->end = &job->next;
    room->waiting++;
    return receiver;
}

static struct og_receiver_job *
take(struct og_receiver_room *room)
{
    struct og_receiver_job *job = room->first;
    room->first = job->next;
    if (!room->first) {
        room->end = &room->first;
    }
    room->waiting--;
    room->calls++;
    room->host->calls++;
    room->host->turn = room->next;
    return job;
}

struct og_receiver_job *
og_receiver_next(struct og_receiver *receiver)
{
    struct og_receiver_room *const first = receiver->turn;
    struct og_receiver_room *room = first;
    if (receiver->calls >= OG_RECEIVER_CALLS_MAX) {
        return NULL;
    }
    do {
        if (room->first && room->calls < room->calls_max) {
            return take(room);
        }
        room = room->next;
    } while (room != first);
    return NULL;
}

/* The host goes with its last room: true. */
static bool
forget(struct og_receivers *self, struct og_receiver_room *room)
{
    struct og_receiver *host = room->host;
    leave_ring(room);
    free(og_map_remove(&self->rooms, room->key));
    if (host->turn) {
        return false;
    }
    free(og_map_remove(&self->hosts, host->name));
    return true;
}

struct og_receiver *
og_receivers_over(struct og_receivers *self, const struct og_receiver_job *job, bool is_prompt)
{
    struct og_receiver_room *room = job->room;
    struct og_receiver *host = room->host;
    const int more = 2 * room->calls_max;
    room->calls--;
    host->calls--;
    room->calls_max = !is_prompt                     ? 1
                      : more < OG_RECEIVER_CALLS_MAX ? more
                                                     : OG_RECEIVER_CALLS_MAX;
    const bool is_idle = room->calls == 0 && room->waiting == 0;
    if (is_idle && (is_prompt || og_map_count(&self->rooms) > REMEMBERED_MAX)) {
        return forget(self, room) ? NULL : host;
    }
    return host;
}

/* ---- what a round sees ---- */

size_t
og_receivers_count(const struct og_receivers *self)
{
    return og_map_count(&self->rooms);
}

void
og_receivers_list(const struct og_receivers *self, struct og_receiver_load *out)
{
    for (struct og_map_node *at = og_map_first(&self->rooms); at; at = og_map_next(at)) {
        const struct og_receiver_room *room = og_map_value(at);
        *out++ = (struct og_receiver_load){
            .hook = room->hook,
            .given = room->calls + room->waiting,
            .given_max = 2 * room->calls_max,
        };
    }
}
