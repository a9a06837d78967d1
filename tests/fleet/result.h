/*
 * What came of a day: the figures, as a table for people and as JSON.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct ledger;

struct result {
    int codes, codes_with_live_route;
    double radio_2s, radio_5s, radio_10s, radio_30s; /* shares of those with a live route */
    int never_sent, never_sent_with_reason;          /* of all codes */
    int possible_duplicates, double_sent;
    int dead_codes_sent, limits_exceeded, non_final;
    int64_t otp_delay_p99_ms_idle, otp_delay_p99_ms_bulk;
    int64_t otp_delay_p50_ms_idle, otp_delay_p50_ms_bulk;
    int bulk, bulk_sent;
    double cpu_s;
};

/* What the books know; the database's figures are the caller's. */
void result_count(struct result *self, const struct ledger *ledger);

struct result_columns {
    const struct result *on, *off; /* NULL: was not run */
};
void result_print(FILE *out, const struct result_columns *columns);
/* The figures of the columns only: equal runs give equal bytes. */
void result_write_json(FILE *out, const struct result_columns *columns);
