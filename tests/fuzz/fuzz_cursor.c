/*
 * Fuzzes the cursors of privacy erase and export. A place that is accepted must be the one that its
 * text says, within its bounds; a sealed cursor is accepted as it was written, and in no other
 * form, nor for another number.
 */
#include <stdint.h>
#include <stdlib.h>

#include "service/privacy/cursor.h"

#define CLASSES 8
#define NUMBER OG_STR("+4915112345678")
#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static const struct og_key key = {.id = 1, .bytes = {1, 2, 3}};

static bool
is_beginning(const struct og_subject_place *place)
{
    return place->cls == 0 && place->account[0] == '\0' && place->id[0] == '\0';
}

/* One byte of it changed, at a place that the input chooses. */
static void
check_changed(struct og_str cursor, size_t at, struct og_arena *mem)
{
    struct og_subject_place place;
    struct og_str changed = og_str_dup(mem, cursor);
    ((char *)changed.ptr)[at % changed.len] ^= 1;
    CHECK(!og_privacy_cursor_read(&key, NUMBER, changed, CLASSES, mem, &place));
    CHECK(!og_privacy_cursor_read(&key, NUMBER, og_str_slice(cursor, 0, cursor.len - 1), CLASSES,
                                  mem, &place));
    CHECK(!og_privacy_cursor_read(&key, OG_STR("+4915112345679"), cursor, CLASSES, mem, &place));
}

static void
check_accepted(struct og_str text, const struct og_subject_place *place, struct og_arena *mem)
{
    struct og_subject_place again;
    CHECK(place->cls >= 0 && place->cls < CLASSES);
    CHECK(strlen(place->account) < sizeof place->account && strlen(place->id) < sizeof place->id);
    const struct og_str written = og_privacy_place_write(place, mem);
    CHECK(text.len == 0 || og_str_eq(written, text));
    const struct og_str cursor = og_privacy_cursor_write(&key, NUMBER, place, mem);
    CHECK(og_privacy_cursor_read(&key, NUMBER, cursor, CLASSES, mem, &again));
    CHECK(memcmp(&again, place, sizeof again) == 0);
    check_changed(cursor, text.len ? (unsigned char)text.ptr[text.len - 1] : 0, mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct og_str text = {(const char *)data, size};
    struct og_subject_place place;
    struct og_arena mem;
    og_arena_init(&mem, 1024);
    if (og_privacy_place_read(text, CLASSES, &place)) {
        check_accepted(text, &place, &mem);
    } else {
        CHECK(size > 0 && is_beginning(&place));
    }
    /* nobody has a seal of ours by chance */
    CHECK(og_privacy_cursor_read(&key, NUMBER, text, CLASSES, &mem, &place) == (size == 0));
    og_arena_finish(&mem);
    return 0;
}
