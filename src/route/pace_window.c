/*
 * The ring. Its newest slot is the present one after every call; older ones follow it.
 */
#include "route/pace_window.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t slot_ms;
    unsigned slots; /* those of the span, and the one that is not over yet */
} spans[OG_PACE_SPAN_COUNT] = {
    [OG_PACE_MINUTE] = {"minute", 1000, 61},
    [OG_PACE_HOUR] = {"hour", 60000, 61},
    [OG_PACE_DAY] = {"day", 3600000, 25},
    [OG_PACE_MONTH] = {"month", 86400000, 32},
};

const char *
og_pace_span_name(enum og_pace_span span)
{
    return spans[span].name;
}

/* The slot that is `age` slots old. */
static uint32_t *
slot_of(struct og_pace_window *self, enum og_pace_span span, unsigned age)
{
    return &self->slots[(self->first + age) % spans[span].slots];
}

static void
turn_to(struct og_pace_window *self, enum og_pace_span span, int64_t now_ms)
{
    const int64_t now = now_ms / spans[span].slot_ms;
    const int64_t slots = (int64_t)spans[span].slots;
    if (now - self->newest >= slots) {
        *self = (struct og_pace_window){.newest = now};
    }
    while (self->newest < now) {
        self->first = (uint8_t)((self->first + slots - 1) % slots);
        self->total -= self->slots[self->first];
        self->slots[self->first] = 0;
        self->newest++;
    }
    self->newest = now; /* a clock that was set back */
}

uint32_t
og_pace_window_count(struct og_pace_window *self, enum og_pace_span span, int64_t now_ms)
{
    turn_to(self, span, now_ms);
    return self->total;
}

void
og_pace_window_add(struct og_pace_window *self, enum og_pace_span span, int64_t now_ms,
                   uint32_t count)
{
    turn_to(self, span, now_ms);
    self->slots[self->first] += count;
    self->total += count;
}

int64_t
og_pace_window_free_at(struct og_pace_window *self, enum og_pace_span span, int64_t now_ms,
                       uint32_t most)
{
    turn_to(self, span, now_ms);
    uint32_t left = self->total;
    unsigned age = spans[span].slots;
    while (left > most && age > 0) {
        left -= *slot_of(self, span, --age);
    }
    if (age == spans[span].slots) {
        return now_ms;
    }
    return (self->newest - age + spans[span].slots) * spans[span].slot_ms;
}

void
og_pace_window_write(const struct og_pace_window *self, enum og_pace_span span, struct og_buf *out)
{
    uint32_t left = self->total;
    og_buf_add_i64(out, self->newest);
    og_buf_add_byte(out, ':');
    for (unsigned age = 0; left > 0; age++) {
        uint32_t count = self->slots[(self->first + age) % spans[span].slots];
        if (age > 0) {
            og_buf_add_byte(out, ',');
        }
        og_buf_add_i64(out, count);
        left -= count;
    }
}

/* The number up to `end`, and what is behind that. */
static bool
take_number(struct og_str *text, char end, int64_t most, int64_t *out)
{
    const size_t len = og_str_find(*text, end);
    const bool is_number = og_str_to_i64(og_str_slice(*text, 0, len), out);
    *text = og_str_slice(*text, len < text->len ? len + 1 : len, text->len);
    return is_number && *out >= 0 && *out <= most;
}

static bool
read_counts(struct og_pace_window *self, enum og_pace_span span, struct og_str text)
{
    int64_t number;
    if (!take_number(&text, ':', INT64_MAX, &self->newest)) {
        return false;
    }
    for (unsigned age = 0; text.len > 0; age++) {
        if (age == spans[span].slots ||
            !take_number(&text, ',', INT32_MAX - (int64_t)self->total, &number)) {
            return false;
        }
        self->slots[age] = (uint32_t)number;
        self->total += (uint32_t)number;
    }
    return true;
}

bool
og_pace_window_read(struct og_pace_window *self, enum og_pace_span span, struct og_str text)
{
    *self = (struct og_pace_window){0};
    const bool is_read = read_counts(self, span, text);
    if (!is_read) {
        *self = (struct og_pace_window){0};
    }
    return is_read;
}
