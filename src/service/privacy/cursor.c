/*
 * The reader trusts nothing: keys are as long as a place has room for and hold no NUL, so that what
 * was read is what would be written.
 */
#include "service/privacy/cursor.h"

#define SEAL_CHARS 32

/* False: too long, or not a text that we would write. */
static bool
take_key(struct og_str key, char out[OG_SUBJECT_KEY_BYTES])
{
    if (key.len >= OG_SUBJECT_KEY_BYTES || og_str_find(key, '\0') < key.len) {
        return false;
    }
    memcpy(out, key.len ? key.ptr : "", key.len);
    out[key.len] = '\0';
    return true;
}

bool
og_privacy_place_read(struct og_str text, int classes, struct og_subject_place *out)
{
    const size_t first = og_str_find(text, '.');
    const struct og_str keys = og_str_slice(text, first + 1, text.len);
    const size_t second = og_str_find(keys, '.');
    int64_t cls = 0;
    *out = (struct og_subject_place){0};
    if (text.len == 0) {
        return true;
    }
    if (first != 1 || second == keys.len || !og_str_to_i64(og_str_slice(text, 0, first), &cls) ||
        cls >= classes || !take_key(og_str_slice(keys, 0, second), out->account) ||
        !take_key(og_str_slice(keys, second + 1, keys.len), out->id)) {
        *out = (struct og_subject_place){0};
        return false;
    }
    out->cls = (int)cls;
    return true;
}

struct og_str
og_privacy_place_write(const struct og_subject_place *place, struct og_arena *mem)
{
    return og_str_printf(mem, "%d.%s.%s", place->cls, place->account, place->id);
}

static struct og_str
seal_of(const struct og_key *key, struct og_str number, struct og_str place, struct og_arena *mem)
{
    const struct og_str parts[] = {OG_STR("privacy.export"), number, place};
    uint8_t digest[OG_DIGEST_BYTES];
    char *hex = og_arena_alloc(mem, OG_DIGEST_HEX_CHARS + 1);
    og_mac_parts(key, parts, sizeof parts / sizeof parts[0], digest);
    og_hex(digest, sizeof digest, hex);
    return (struct og_str){hex, SEAL_CHARS};
}

bool
og_privacy_cursor_read(const struct og_key *key, struct og_str number, struct og_str text,
                       int classes, struct og_arena *mem, struct og_subject_place *out)
{
    const size_t end = text.len > SEAL_CHARS ? text.len - SEAL_CHARS - 1 : 0;
    const struct og_str place = og_str_slice(text, 0, end);
    const struct og_str seal = og_str_slice(text, end + 1, text.len);
    *out = (struct og_subject_place){0};
    if (text.len == 0) {
        return true;
    }
    return seal.len == SEAL_CHARS && text.ptr[end] == '.' && place.len > 0 &&
           og_equal_const_time(seal.ptr, seal_of(key, number, place, mem).ptr, SEAL_CHARS) &&
           og_privacy_place_read(place, classes, out);
}

struct og_str
og_privacy_cursor_write(const struct og_key *key, struct og_str number,
                        const struct og_subject_place *place, struct og_arena *mem)
{
    const struct og_str text = og_privacy_place_write(place, mem);
    return og_str_printf(mem, "%" OG_STR_FMT ".%" OG_STR_FMT, OG_STR_ARG(text),
                         OG_STR_ARG(seal_of(key, number, text, mem)));
}
