/*
 * Every number of the model of a phone, with the defaults of domain/phones.md section 4.2.
 *
 * One table (profile.c) names them; it reads the flags, the profile files (`name=value` lines, `#`
 * comments) and prints the help. Percentages are of all, 0 to 100. A phone keeps a pointer to its
 * profile, which therefore outlives it.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum og_order { OG_ORDER_LIFO, OG_ORDER_FIFO };

/* What Android does beyond its limit of parts per minute. */
enum og_os_class {
    OG_OS_DIALOG,    /* asks on the screen; the message hangs until a person answers */
    OG_OS_FAIL_FAST, /* fails at once with LIMIT_EXCEEDED */
    OG_OS_UNLIMITED,
};

enum og_report_mode {
    OG_REPORT_CURRENT, /* as the app: one PATCH per change, with what is true when it leaves */
    OG_REPORT_EXACT,   /* one PATCH per state, in order, each after the answer to the one before */
    OG_REPORT_BATCH,   /* all states of all messages at hand in one PATCH; for benchmarks */
};

struct og_radio_profile {
    int64_t part_median_ms, part_p95_ms; /* on the SIM, one part at a time */
    int64_t part_limit_ms;               /* beyond this the part fails */
    int64_t os_class;                    /* enum og_os_class */
    int64_t os_parts, os_window_ms;      /* Android's own limit */
    int64_t dialog_answer_ms;            /* 0: nobody ever taps */
    double dialog_yes;
    double generic, no_service, radio_off, limit, ril, silent; /* results of a part */
    int64_t report_median_ms, report_p95_ms;
    double report_minutes, report_hours, report_failed, report_never;
    double report_twice, report_temporary, report_early;
};

struct og_link_profile {
    int64_t up_mean_ms, down_mean_ms; /* offline episodes; up 0: never offline */
    double silent_cut;                /* of the cuts, without FIN */
    int64_t silent_ms;                /* how long the dead stream stays open */
    int64_t reconnect_ms;             /* 5 times this, then 6 times longer, then 12 times */
    int64_t retry_ms;                 /* first wait of a failed call, doubling */
    int64_t retry_max_ms;
    int64_t report_tries;
    double report_repeat;             /* of the reports, sent once more */
};

struct og_profile {
    int64_t app;              /* enum og_app_release: the version that is played */
    int64_t sims;             /* 1 to 3 */
    int64_t order;            /* enum og_order */
    int64_t report_mode;      /* enum og_report_mode */
    int64_t report_parallel;  /* PATCHes of one phone at a time */
    int64_t report_delay_min_ms, report_delay_max_ms;
    int64_t accept_min_ms, accept_max_ms; /* from push to pull */
    int64_t poll_ms;          /* the periodic pull */
    bool pull_replace;        /* a new trigger cancels a pull in flight, as the app does */
    int64_t remember;         /* finished messages kept to recognise repeats */
    int64_t clock_sigma_ms;   /* spread of the phones' clocks */
    double clock_wrong;       /* of the phones: off by minutes to hours */
    double zone_wrong;        /* of the phones: in another zone than they say */
    int64_t zone_minutes;     /* east of Greenwich */
    int64_t reinstall_mean_ms; /* 0: never */
    struct og_radio_profile radio;
    struct og_link_profile link;
};

/* The model's defaults: an LTE phone in ordinary weather, in the machine's own time zone. */
void og_profile_defaults(struct og_profile *self);
/* No waiting and no loss: Processed, Sent and Delivered at once, in that order. For tests. */
void og_profile_make_perfect(struct og_profile *self);

/* Set one value by its name. Errors: OG_E_NOT_FOUND (no such name), OG_E_INVALID; field is the
 * name. */
OG_MUST_CHECK enum og_code og_profile_set(struct og_profile *self, struct og_str name,
                                          struct og_str value, struct og_err *err);
/* Is there a value of that name, and does it stand for itself (`--pull-replace`)? */
bool og_profile_has(struct og_str name, bool *is_switch);
/* Read a profile file; its lines count as flags given in its place.
 * Errors  as og_profile_set and og_file_read; the text has the line number */
OG_MUST_CHECK enum og_code og_profile_load(struct og_profile *self, const char *path,
                                           struct og_err *err);
/* One line per value: name, default, unit, what it is. */
void og_profile_help(struct og_buf *out);
