/*
 * Routing for the other services: choose a phone, tell what a phone may be given, wake it when its
 * time has come, and note what is seen of it. All on the write lane's thread.
 */
#pragma once

#include "lane/op.h"
#include "route/router.h"
#include "route/table.h"
#include "service/services.h"
#include "store/message_store.h"

#define OG_ROUTE_RECIPIENTS_MAX 1000 /* the option's limit of recipients of a message */

/* ---- choose ---- */

struct og_route_job {
    struct og_str account_id;
    struct og_str number;     /* of the first recipient; "" when nobody can read it */
    enum og_message_class cls;
    struct og_str tag;
    int64_t parts;
    struct og_str device_id;  /* binding; "" : any */
    int64_t sim;              /* binding; 0: any */
    int64_t left_ms;          /* of its life */
    int64_t seen_since_ms;    /* INT64_MIN: any */
    struct og_str present;    /* the phone in whose line it is; "" : none */
    struct og_str_list tried; /* phones that had it */
};

/* As the message's row says, without what it has tried. */
struct og_route_job og_route_job_of(const struct og_services *svc, const struct og_message *m,
                                    int64_t now_ms);

/* As the queue knows it: enough where no rule asks for more. */
struct og_route_job og_route_job_of_item(const struct og_dispatch_item *item, int64_t now_ms);

/* By which SIMs' recipients are told apart: 64 bits, keyed. */
uint64_t og_route_digest(const struct og_services *svc, struct og_str number);

/* Everything that was weighed; strings in `mem`. */
struct og_route_plan {
    struct og_route_candidate *candidates;
    struct og_route_answer *answers;
    size_t count;
    size_t chosen;         /* OG_ROUTE_NONE: no phone will do */
    int rule;              /* place of the rule that matched; -1: none */
    struct og_str country; /* of the number, where rules ask; "" */
    int64_t best_delay_ms; /* of those that are there; INT64_MAX: nobody is */
};

/* Look only: nothing changes. */
void og_route_plan_make(const struct og_services *svc, const struct og_route_job *job,
                        int64_t now_ms, struct og_arena *mem, struct og_route_plan *out);
/* Choose, and let the phone have had its turn. *device_out "" : none will do. */
void og_route_choose(const struct og_services *svc, const struct og_route_job *job, int64_t now_ms,
                     struct og_arena *mem, struct og_route_plan *plan_out,
                     struct og_str *device_out);

/* ---- wait ---- */

/* Why a phone is not given what waits for it. */
struct og_wait {
    const char *reason; /* "sim_pace", ...; static storage */
    const char *detail; /* "minute", ...; static storage, "" */
    int64_t until_ms;   /* 0: until something happens that nobody can foretell */
};

/* ---- wake ---- */

/* What waits for the phone may have changed: wake it now, or when its pace allows the first of
 * it. */
void og_route_wake(struct og_services *svc, struct og_str account_id, struct og_str device_id,
                   int64_t now_ms);
/*
 * What waits for a phone (for none in particular: "") goes to those that would send it sooner, one
 * after the other as long as there are such; in accounts without rules, where the queue alone tells
 * enough. The rows learn of it when they are handed, with `why`. Returns how many went, up to max.
 * `mem` is used up.
 */
size_t og_route_spread(struct og_services *svc, struct og_str account_id, struct og_str device_id,
                       enum og_dispatch_why why, size_t max, int64_t now_ms,
                       struct og_arena *mem);
/* Those whose time has come. */
void og_route_wake_due(struct og_services *svc, int64_t now_ms);

/* ---- what a phone may be given ---- */

/* One fetch: counts what it hands out in a copy, until the rows are on disk. */
struct og_route_fetch {
    struct og_route_phone phone; /* the copy, and what it counts in; it points in here: do not copy */
    struct og_route_sim sims[OG_ROUTE_SIMS_MAX];
    struct og_dispatch_device queue;
    struct og_dispatch_device own; /* what waits for no phone in particular */
    size_t handed;               /* newly, in this fetch */
    size_t handed_otp;
    int64_t handed_parts;
    int64_t first_end_at;        /* of the codes handed in it; 0: none */
    bool is_known;
    bool has_others;             /* another phone of the account is connected */
    /* last, because long: written where a phone has counted something, else nothing */
    struct og_pace_window windows[1 + OG_ROUTE_SIMS_MAX][OG_PACE_SPAN_COUNT];
};

void og_route_fetch_begin(const struct og_services *svc, struct og_str account_id,
                          struct og_str device_id, struct og_route_fetch *out);
/* May the phone have this one too? Its SIM in *sim_out. False: *wait_out says when, and why. */
bool og_route_fetch_admit(const struct og_services *svc, struct og_route_fetch *self,
                          const struct og_dispatch_item *item, const struct og_message *m,
                          int64_t now_ms, int64_t *sim_out, struct og_wait *wait_out);
/* It has it: count. */
void og_route_fetch_took(const struct og_services *svc, struct og_route_fetch *self,
                         const struct og_message *m, int64_t now_ms);
/* Keep what the copy counted, in rows. */
OG_MUST_CHECK enum og_code og_route_fetch_save(const struct og_services *svc, struct og_tx *tx,
                                               const struct og_route_fetch *self,
                                               const struct og_message *items,
                                               const bool *newly_handed, int count,
                                               struct og_err *err);
/* Do the recipients of a message count? Then it must be read before it is handed. */
bool og_route_counts_recipients(const struct og_services *svc);
/* The rows are on disk: the phone has these. */
void og_route_fetched(struct og_services *svc, struct og_str device_id,
                      const struct og_message *items, const bool *newly_handed, int count,
                      int64_t now_ms);
