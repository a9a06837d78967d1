/*
 * Digests of configuration and certificate, to the write lane.
 */
#include "app/app_facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/log.h"
#include "service/start_facts.h"

#define PEM_BYTES_MAX (256 * 1024)

static void
shorten(const uint8_t digest[OG_DIGEST_BYTES], char out[OG_FACT_BYTES])
{
    char hex[OG_DIGEST_HEX_CHARS + 1];
    og_hex(digest, OG_DIGEST_BYTES, hex);
    snprintf(out, OG_FACT_BYTES, "%.16s", hex);
}

static void
digest_file(const char *path, char out[OG_FACT_BYTES])
{
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_buf content;
    struct og_err unheard;
    og_buf_init(&content, PEM_BYTES_MAX);
    if (og_file_read(path, &content, &unheard) == OG_OK) {
        og_sha256(og_buf_str(&content), digest);
        shorten(digest, out);
    }
    og_buf_finish(&content);
}

static void
on_done(struct og_op *op)
{
    struct og_start_facts_op *self = (struct og_start_facts_op *)op;
    if (op->code != OG_OK) {
        og_log_warn("app", "the audit log was not told what the gateway runs with", "reason=%s",
                    og_log_quote(og_str_from(op->err.text)));
    }
    og_arena_finish(&self->mem);
    free(self);
}

void
og_app_facts_tell(const struct og_config *config, const char *certificate,
                  struct og_services *svc, struct og_lanes *lanes)
{
    static const struct og_op_kind kind = {"start.facts", og_start_facts_apply, NULL, on_done};
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_start_facts_op *op = og_xalloc(sizeof *op);
    op->op.kind = &kind;
    op->op.is_ours = true;
    op->svc = svc;
    og_arena_init(&op->mem, 512);
    og_config_digest(config, digest);
    shorten(digest, op->config);
    if (certificate && certificate[0]) {
        digest_file(certificate, op->certificate);
    }
    if (og_lane_submit(lanes, OG_LANE_WRITE, &op->op) != OG_OK) {
        on_done(&op->op); /* we are stopping */
    }
}
