/*
 * Finds where a head ends and refuses bytes that it may not have. Runs before llhttp and over the
 * same bytes, because llhttp takes folded headers and is fed whole heads only.
 */
#include "http/scan.h"

enum { BEFORE, BEFORE_LF, LINE_START, IN_LINE, LINE_LF, END_LF };

enum { TEXT, CR, LF, BLANK, BAD };

static const uint8_t byte_class[256] = {
    [0x00 ... 0x08] = BAD, ['\t'] = BLANK, ['\n'] = LF,  [0x0b ... 0x0c] = BAD,
    ['\r'] = CR,           [0x0e ... 0x1f] = BAD, [' '] = BLANK, [0x7f] = BAD,
};

void
og_head_scan_init(struct og_head_scan *self, size_t bytes_max, int lines_max, bool trailer)
{
    *self = (struct og_head_scan){.state = trailer ? LINE_START : BEFORE,
                                  .bytes_max = bytes_max,
                                  .lines_max = lines_max};
}

/* One byte that is not inside a line. Returns the result so far. */
static enum og_scan_result
step(struct og_head_scan *self, uint8_t class)
{
    switch (self->state) {
    case BEFORE:
    case LINE_START:
        if (class == BLANK) {
            return OG_SCAN_FOLDED;
        }
        if (class == CR) {
            self->state = self->state == BEFORE ? BEFORE_LF : END_LF;
            return OG_SCAN_MORE;
        }
        self->state = IN_LINE;
        return class == TEXT ? OG_SCAN_MORE : OG_SCAN_BYTE;
    case BEFORE_LF:
        self->state = BEFORE;
        return class == LF ? OG_SCAN_MORE : OG_SCAN_BYTE;
    case LINE_LF:
        self->state = LINE_START;
        if (class != LF) {
            return OG_SCAN_BYTE;
        }
        return ++self->lines > self->lines_max ? OG_SCAN_TOO_MANY : OG_SCAN_MORE;
    default:
        return class == LF ? OG_SCAN_END : OG_SCAN_BYTE;
    }
}

size_t
og_head_scan_feed(struct og_head_scan *self, struct og_str bytes, enum og_scan_result *result)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr;
    size_t i = 0;

    *result = OG_SCAN_MORE;
    while (i < bytes.len && *result == OG_SCAN_MORE) {
        if (self->state == IN_LINE) {
            while (i < bytes.len && (byte_class[p[i]] == TEXT || byte_class[p[i]] == BLANK)) {
                i++;
            }
            if (i == bytes.len) {
                break;
            }
            self->state = LINE_LF;
            *result = byte_class[p[i++]] == CR ? OG_SCAN_MORE : OG_SCAN_BYTE;
        } else {
            *result = step(self, byte_class[p[i++]]);
        }
    }
    self->bytes += i;
    if (self->bytes > self->bytes_max && (*result == OG_SCAN_MORE || *result == OG_SCAN_END)) {
        *result = OG_SCAN_TOO_LONG;
    }
    return i;
}
