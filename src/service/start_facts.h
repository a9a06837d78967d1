/*
 * What is different since the gateway last looked: its configuration, the certificate that it
 * shows. Kept beside the data as digests, so that a change from outside gets into the audit log.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"

#define OG_FACT_BYTES 17 /* 16 hex digits of a digest; "" : not known, and not looked at */

/* Write lane. At the start, and when certificates have been read again. */
struct og_start_facts_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena mem;
    char config[OG_FACT_BYTES];
    char certificate[OG_FACT_BYTES];
};
enum og_code og_start_facts_apply(struct og_op *op, struct og_tx *tx);
