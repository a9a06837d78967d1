/*
 * The line is written over with a carriage return; whatever it had more is cleared behind it.
 */
#include "cli/progress.h"

#include <unistd.h>

#define BAR_CELLS 30

void
og_progress_begin(struct og_progress *self, FILE *out, const char *what, int64_t total)
{
    *self = (struct og_progress){.out = out, .what = what, .total = total, .shown = -1};
    self->is_terminal = isatty(fileno(out));
}

static void
show_bar(const struct og_progress *self, int64_t done)
{
    char bar[BAR_CELLS + 1];
    for (int i = 0; i < BAR_CELLS; i++) {
        bar[i] = (int64_t)i * self->total < done * BAR_CELLS ? '#' : '.';
    }
    bar[BAR_CELLS] = '\0';
    fprintf(self->out, "\r[%s] %lld of %lld %s\033[K", bar, (long long)done,
            (long long)self->total, self->what);
    fflush(self->out);
}

void
og_progress_show(struct og_progress *self, int64_t done)
{
    const int64_t tenths = self->total > 0 ? done * 10 / self->total : 10;
    if (self->is_terminal) {
        show_bar(self, done);
    } else if (tenths != self->shown) {
        fprintf(self->out, "%lld of %lld %s\n", (long long)done, (long long)self->total,
                self->what);
    }
    self->shown = tenths;
}

void
og_progress_end(struct og_progress *self)
{
    if (self->is_terminal && self->shown >= 0) {
        fputc('\n', self->out);
    }
}
