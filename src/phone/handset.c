/* The screen of the test handset. Widths are counted in characters, wide ones (East Asian, emoji)
 * as two, which is what terminals do. */
#include "phone/handset.h"

#include <stdio.h>
#include <stdlib.h>

#define WIDTH 56 /* columns between the borders */

struct frame {
    const char *top_left, *top_right, *bottom_left, *bottom_right, *line, *side, *dot;
};

static const struct frame frames[] = {
    [OG_HANDSET_UTF8] = {"┌", "┐", "└", "┘", "─", "│", "·"},
    [OG_HANDSET_ASCII] = {"+", "+", "+", "+", "-", "|", "."},
};

enum og_handset_style
og_handset_style_of_env(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0] != '\0') {
            return strstr(value, "UTF-8") || strstr(value, "utf8") ? OG_HANDSET_UTF8
                                                                   : OG_HANDSET_ASCII;
        }
    }
    return OG_HANDSET_ASCII;
}

/* One character from the front: its bytes, code point and columns. A broken byte is one of its
 * own. */
struct glyph {
    struct og_str bytes;
    uint32_t code;
    int columns;
};

static int
columns_of(uint32_t code)
{
    bool is_wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                   (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                   (code >= 0xfe30 && code <= 0xfe4f) || (code >= 0xff00 && code <= 0xff60) ||
                   (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
    bool is_zero = (code >= 0x300 && code <= 0x36f) || (code >= 0xfe00 && code <= 0xfe0f) ||
                   code == 0x200d || code == 0x200b;
    return is_zero ? 0 : is_wide ? 2 : 1;
}

static struct glyph
next_glyph(struct og_str *rest)
{
    unsigned char first = (unsigned char)rest->ptr[0];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    struct og_str bytes = og_str_slice(*rest, 0, len);
    uint32_t code = first;
    if (first >= 0x80 && !og_str_is_utf8(bytes)) {
        bytes = og_str_slice(*rest, 0, 1);
        code = 0; /* drawn as a dot */
    } else if (len > 1) {
        code = first & (0xffu >> (len + 1));
        for (size_t i = 1; i < len; i++) {
            code = code << 6 | ((unsigned char)bytes.ptr[i] & 0x3f);
        }
    }
    *rest = og_str_slice(*rest, bytes.len, rest->len);
    return (struct glyph){bytes, code, columns_of(code)};
}

/* Controls, and the marks that turn the direction of text around. */
static bool
is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
}

static int
put_glyph(struct og_buf *out, const struct glyph *glyph, const struct frame *frame)
{
    if (is_unsafe(glyph->code)) {
        og_buf_add_cstr(out, frame->dot);
        return 1;
    }
    og_buf_add(out, glyph->bytes);
    return glyph->columns;
}

static void
put_times(struct og_buf *out, const char *what, int times)
{
    for (int i = 0; i < times; i++) {
        og_buf_add_cstr(out, what);
    }
}

/* As much of `text` as fits; returns the columns. */
static int
put_short(struct og_buf *out, struct og_str text, int max, const struct frame *frame)
{
    int used = 0;
    while (text.len > 0) {
        struct glyph glyph = next_glyph(&text);
        if (used + glyph.columns > max) {
            break;
        }
        used += put_glyph(out, &glyph, frame);
    }
    return used;
}

static void
put_edge(struct og_buf *out, const char *left, const char *right, struct og_str label,
         struct og_str end, const struct frame *frame)
{
    og_buf_add_cstr(out, left);
    og_buf_add_cstr(out, frame->line);
    og_buf_add_byte(out, ' ');
    int used = 3 + put_short(out, label, WIDTH - 16, frame);
    og_buf_add_byte(out, ' ');
    int tail = end.len > 0 ? (int)end.len + 3 : 1;
    put_times(out, frame->line, WIDTH - used - tail);
    if (end.len > 0) {
        og_buf_add_byte(out, ' ');
        og_buf_add(out, end);
        og_buf_add_byte(out, ' ');
    }
    og_buf_add_cstr(out, frame->line);
    og_buf_add_cstr(out, right);
    og_buf_add_byte(out, '\n');
}

/* Where a line of at most `max` columns ends: at a line feed, else behind the last space, else
 * anywhere. */
static size_t
line_length(struct og_str text, int max)
{
    struct og_str rest = text;
    int used = 0;
    size_t last_space = 0;
    while (rest.len > 0 && rest.ptr[0] != '\n') {
        size_t at = text.len - rest.len;
        struct glyph glyph = next_glyph(&rest);
        if (used + glyph.columns > max) {
            return last_space > 0 ? last_space : at;
        }
        used += glyph.columns;
        last_space = glyph.code == ' ' ? text.len - rest.len : last_space;
    }
    return text.len - rest.len;
}

static void
put_line(struct og_buf *out, struct og_str line, const struct frame *frame)
{
    og_buf_add_cstr(out, frame->side);
    og_buf_add_byte(out, ' ');
    int used = put_short(out, line, WIDTH - 2, frame);
    put_times(out, " ", WIDTH - 1 - used);
    og_buf_add_cstr(out, frame->side);
    og_buf_add_byte(out, '\n');
}

static void
put_text(struct og_buf *out, struct og_str text, const struct frame *frame)
{
    do {
        size_t len = line_length(text, WIDTH - 2);
        put_line(out, og_str_slice(text, 0, len), frame);
        bool at_break = len < text.len && text.ptr[len] == '\n';
        text = og_str_slice(text, len + (at_break ? 1 : 0), text.len);
    } while (text.len > 0);
}

void
og_handset_draw(struct og_buf *out, const struct og_handset_sms *sms, enum og_handset_style style)
{
    const struct frame *frame = &frames[style];
    char label[160];
    struct og_str phone = og_str_slice(sms->phone, 0, 60);
    int len =
        snprintf(label, sizeof(label), "%" OG_STR_FMT ", SIM %d", OG_STR_ARG(phone), sms->sim);
    put_edge(out, frame->top_left, frame->top_right, (struct og_str){label, (size_t)len}, sms->time,
             frame);
    len = snprintf(label, sizeof(label), "To %" OG_STR_FMT "%s", OG_STR_ARG(sms->to),
                   sms->is_data        ? "  (data, base64)"
                   : sms->is_encrypted ? "  (encrypted)"
                                       : "");
    len = len < (int)sizeof(label) ? len : (int)sizeof(label) - 1;
    put_line(out, (struct og_str){label, (size_t)len}, frame);
    put_line(out, OG_STR(""), frame);
    put_text(out, sms->text, frame);
    len = snprintf(label, sizeof(label), "%d part%s, id %" OG_STR_FMT, sms->parts,
                   sms->parts == 1 ? "" : "s", OG_STR_ARG(og_str_slice(sms->id, 0, 40)));
    put_edge(out, frame->bottom_left, frame->bottom_right, (struct og_str){label, (size_t)len},
             OG_STR(""), frame);
}
