/*
 * A list with an end.
 */
#include "import/findings.h"

#include <stdarg.h>
#include <stdio.h>

void
og_findings_add(struct og_findings *self, int64_t line, const char *table, const char *fmt, ...)
{
    if (self->count++ >= OG_FINDINGS_MAX) {
        return;
    }
    struct og_finding *item = &self->items[self->count - 1];
    item->line = line;
    item->table = table;
    va_list args;
    va_start(args, fmt);
    vsnprintf(item->text, sizeof item->text, fmt, args);
    va_end(args);
}
