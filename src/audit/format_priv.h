/* What the files of the formats share. */
#pragma once

#include "audit/format.h"

/* The kind's row; for kinds of later versions one that says so. */
const struct og_audit_kind_row *og_audit_row_of(const struct og_audit_entry *entry);

void og_audit_write_ecs(const struct og_audit_source *source, const struct og_audit_entry *entry,
                        struct og_str line, struct og_buf *out);
void og_audit_write_hec(const struct og_audit_source *source, const struct og_audit_entry *entry,
                        struct og_str line, struct og_buf *out);
void og_audit_write_emf(const struct og_audit_source *source, const struct og_audit_entry *entry,
                        struct og_str line, struct og_buf *out);
