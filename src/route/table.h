/*
 * What the router remembers of every phone: health, pace of the phone and of each of its SIMs, when
 * to wake it; and the rules of every account.
 *
 * Lives beside the queue (route/dispatch.h) and, like that, changes only after a commit. What must
 * outlive a restart has rows of its own (pace); the rest is learned anew.
 *
 * Thread   one: the write lane. No lock inside
 * Memory   own heap; strings given are copied
 */
#pragma once

#include "base/heap.h"
#include "route/dispatch.h"
#include "route/health.h"
#include "route/pace.h"
#include "route/rules.h"

#define OG_ROUTE_SIMS_MAX 3

struct og_route_policy {
    bool is_smart;          /* false: any phone that is there, and nobody looks after messages */
    struct og_pace_limits sim;
    struct og_pace_limits device;
    struct og_health_policy health;
    int64_t ahead_max;      /* messages that a phone has and has said nothing of; only codes come on top.
                               0: no limit */
    int64_t fetch_ms;       /* a code that is not fetched for so long looks for another phone */
    int64_t silence_ms;     /* and one of which nothing is heard; until the phone's own ways are known */
    int64_t routes_max;     /* phones that may have one message, one after the other */
    int64_t no_route_ms;    /* a code that no phone can take waits so long */
    int64_t transit_ms;     /* the least that a code needs to arrive in time: with less it is not sent */
};

struct og_route_sim {
    int number; /* 1 to 3; 0: the phone has not told its SIMs */
    struct og_pace pace;
};

struct og_route_phone {
    struct og_health health;
    struct og_pace pace;
    struct og_route_sim *sims;
    int sim_count;     /* 1 to OG_ROUTE_SIMS_MAX */
    int64_t woken_at;  /* and has not fetched since; 0: no */
    int64_t hinted_at; /* its stream was told since the last fetch; 0: no */
    struct {
        const char *reason, *detail; /* static storage; NULL: it never had to wait */
        int64_t since, until;        /* until 0: it lasts */
    } wait;            /* the last time that its line could not go on */
    int64_t wake_at;   /* wake it then; 0: not planned */
    size_t wake_place;
    uint64_t turn;     /* when it was last chosen */
    char account[OG_DISPATCH_ID_MAX_BYTES + 1];
    char id[OG_DISPATCH_ID_MAX_BYTES + 1];
};

struct og_route_table;

struct og_route_table *og_route_table_create(const struct og_route_policy *policy);
void og_route_table_destroy(struct og_route_table *self); /* NULL is fine */
const struct og_route_policy *og_route_table_policy(const struct og_route_table *self);

/* ---- phones ---- */

/* Known already: that one. Ids longer than OG_DISPATCH_ID_MAX_BYTES are cut. */
struct og_route_phone *og_route_table_add(struct og_route_table *self, struct og_str account,
                                          struct og_str device, int64_t seen_at, int64_t now_ms);
struct og_route_phone *og_route_table_find(const struct og_route_table *self,
                                           struct og_str device);
void og_route_table_remove(struct og_route_table *self, struct og_str device);
/* Calls fn for each phone, in the order in which they came. fn must not add or remove phones. */
void og_route_table_each(const struct og_route_table *self,
                         void (*fn)(void *ctx, struct og_route_phone *phone), void *ctx);

/* It tells the numbers of its SIMs; those that stay keep what they used. */
void og_route_phone_set_sims(struct og_route_phone *phone, const int *numbers, size_t count);
/* By its number; the one whose number nobody knows stands for any. NULL: none. */
struct og_route_sim *og_route_phone_sim(struct og_route_phone *phone, int number);
/* It has had a turn. */
void og_route_table_took_turn(struct og_route_table *self, struct og_route_phone *phone,
                              int weight);

/* Wake it at this moment, if that is before what is planned; 0 forgets the plan. */
void og_route_table_wake_at(struct og_route_table *self, struct og_route_phone *phone,
                            int64_t at_ms);
/* One whose moment has come; its plan is forgotten. NULL: none. */
struct og_route_phone *og_route_table_awake(struct og_route_table *self, int64_t now_ms);

/* ---- pace of phone and SIM together ---- */

struct og_route_admission {
    int64_t at_ms;               /* now or before: now */
    enum og_pace_reason reason;
    int sim;                     /* which one; 0: the phone chooses */
};

/* Which SIM may send this first, and when. sim: binding; 0: any. */
struct og_route_admission og_route_phone_admit(struct og_route_phone *phone,
                                               const struct og_route_policy *policy,
                                               const struct og_pace_ask *ask, int sim,
                                               int64_t now_ms);

/* What phone and SIMs used, to text for a row and back. */
void og_route_phone_write(const struct og_route_phone *phone, struct og_buf *out);
bool og_route_phone_read(struct og_route_phone *phone, struct og_str text);

/* ---- accounts ---- */

/* Takes the arena in which the rules live; NULL rules: the account has none. */
void og_route_table_set_rules(struct og_route_table *self, struct og_str account,
                              const struct og_route_rules *rules, struct og_arena *mem);
/* NULL: it has none. */
const struct og_route_rules *og_route_table_rules(const struct og_route_table *self,
                                                  struct og_str account);
/* The phone that last sent to this recipient (a keyed digest), for accounts that want it so. One
 * that was long ago may be forgotten. */
void og_route_table_stick(struct og_route_table *self, struct og_str account, uint64_t recipient,
                          struct og_str device);
bool og_route_table_is_sticky(const struct og_route_table *self, struct og_str account,
                              uint64_t recipient, struct og_str device);
/* Nobody knows any more who wrote to this recipient (a keyed digest); quotas count one less. */
void og_route_table_forget(struct og_route_table *self, uint64_t recipient);
