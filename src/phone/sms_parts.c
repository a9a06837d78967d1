/* Parts of a text on the air. The phone's own count, written from the standard's alphabet table and
 * on purpose without core's: it is asked how the air would see a text that the server composed. */
#include "phone/sms_parts.h"

#define ESCAPE_SEPTETS 2

/* The default alphabet beyond those ASCII characters that it holds as they are. */
static const uint16_t foreign[] = {
    0x00a3, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7, 0x00d8, 0x00f8, 0x00c5, 0x00e5,
    0x0394, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8, 0x03a3, 0x0398, 0x039e, 0x00c6, 0x00e6,
    0x00df, 0x00c9, 0x00a4, 0x00a1, 0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7, 0x00bf, 0x00e4, 0x00f6,
    0x00f1, 0x00fc, 0x00e0,
};

/* Septets of a character: 1, 2 with an escape, 0 when the alphabet lacks it. */
static int
septets(uint32_t c)
{
    if (c < 0x80) {
        if (c == '\f' || (c && strchr("^{}\\[~]|", (int)c))) {
            return ESCAPE_SEPTETS;
        }
        bool is_held = c == '\n' || c == '\r' || (c >= ' ' && c != '`' && c != 0x7f);
        return is_held ? 1 : 0;
    }
    if (c == 0x20ac) {
        return ESCAPE_SEPTETS;
    }
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (foreign[i] == c) {
            return 1;
        }
    }
    return 0;
}

static int
utf16_units(uint32_t c)
{
    return c > 0xffff ? 2 : 1;
}

/* The next character; bytes that are not UTF-8 count as U+FFFD each. */
static uint32_t
next_char(struct og_str *rest)
{
    const unsigned char *p = (const unsigned char *)rest->ptr;
    size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] >= 0x80 && (len > rest->len || !og_str_is_utf8((struct og_str){rest->ptr, len}))) {
        *rest = og_str_slice(*rest, 1, rest->len);
        return 0xfffd;
    }
    uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        c = c << 6 | (p[i] & 0x3f);
    }
    *rest = og_str_slice(*rest, len, rest->len);
    return c;
}

/* Parts when a character of `cost` units is never split over two of them. */
static int
count_parts(struct og_str text, int (*cost)(uint32_t c), int single, int several)
{
    int total = 0, parts = 1, in_part = 0;
    while (text.len > 0) {
        int units = cost(next_char(&text));
        total += units;
        if (in_part + units > several) {
            parts++;
            in_part = 0;
        }
        in_part += units;
    }
    return total <= single ? 1 : parts;
}

int
og_sms_parts_of_text(struct og_str text_utf8)
{
    struct og_str rest = text_utf8;
    while (rest.len > 0) {
        if (septets(next_char(&rest)) == 0) {
            return count_parts(text_utf8, utf16_units, 70, 67);
        }
    }
    return count_parts(text_utf8, septets, 160, 153);
}

int
og_sms_parts_of_data(size_t size_bytes)
{
    return size_bytes <= 140 ? 1 : (int)((size_bytes + 133) / 134);
}
