/*
 * Ids that we make. The alphabet is in ASCII order, so comparing bytes compares numbers: ids sort
 * by time. Within one millisecond a thread counts its random tail up, so that an index grows only
 * at its end; capabilities never count up, since one would tell the next.
 */
#include "base/id.h"

#include "base/crypto.h"

#define TAIL_CHARS (OG_ID_CHARS - OG_ID_TIME_CHARS)

static const char alphabet[] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

_Static_assert(sizeof(alphabet) == 65, "six bits a character");

/* The last id of this thread: its tail as numbers below 64. */
static _Thread_local struct {
    int64_t at_ms;
    bool is_set;
    uint8_t tail[TAIL_CHARS];
} last;

/* Shifted so that ids begin with a letter (until the year 2109): none looks like a flag. */
#define FIRST_LETTER (INT64_C(11) << 42)

static void
put_time(int64_t now_ms, char *out)
{
    now_ms += FIRST_LETTER;
    for (int i = OG_ID_TIME_CHARS - 1; i >= 0; i--) {
        out[i] = alphabet[now_ms & 63];
        now_ms >>= 6;
    }
}

static void
put_random(size_t chars, char *out)
{
    og_random_fast(out, chars);
    for (size_t i = 0; i < chars; i++) {
        out[i] = alphabet[(uint8_t)out[i] & 63];
    }
    out[chars] = '\0';
}

/* Going past the last tail starts again from the first: 1 in 2^78, and still a good id. */
static void
count_tail_up(void)
{
    for (int i = TAIL_CHARS - 1; i >= 0; i--) {
        last.tail[i] = (uint8_t)((last.tail[i] + 1) & 63);
        if (last.tail[i] != 0) {
            return;
        }
    }
}

void
og_id_make(int64_t now_ms, char out[OG_ID_BYTES])
{
    if (last.is_set && last.at_ms == now_ms) {
        count_tail_up();
    } else {
        og_random_fast(last.tail, TAIL_CHARS);
        last.at_ms = now_ms;
        last.is_set = true;
    }
    put_time(now_ms, out);
    for (size_t i = 0; i < TAIL_CHARS; i++) {
        last.tail[i] &= 63;
        out[OG_ID_TIME_CHARS + i] = alphabet[last.tail[i]];
    }
    out[OG_ID_CHARS] = '\0';
}

void
og_id_floor(int64_t at_ms, char out[OG_ID_TIME_CHARS + 1])
{
    put_time(at_ms > 0 ? at_ms : 0, out);
    out[OG_ID_TIME_CHARS] = '\0';
}

void
og_long_id_make(int64_t now_ms, char out[OG_LONG_ID_BYTES])
{
    put_time(now_ms, out);
    put_random(OG_LONG_ID_CHARS - OG_ID_TIME_CHARS, out + OG_ID_TIME_CHARS);
}

void
og_token_make(size_t chars, char *out)
{
    put_random(chars, out);
}

bool
og_id_is_plain(struct og_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') || c == '_' || c == '-';
        if (!is_plain) {
            return false;
        }
    }
    return id.len > 0;
}
