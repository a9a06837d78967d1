/*
 * Two modules share one character: upper and lower half. Light modules are the drawn ones, because
 * most terminals are dark and readers want light around the code.
 */
#include "cli/qr.h"

#include <qrencode.h>

#define QUIET 4
#define BLACK_ON_WHITE "\033[30;107m"
#define AS_BEFORE "\033[0m"

static bool
is_light(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) {
        return true;
    }
    return (code->data[y * code->width + x] & 1) == 0;
}

/* With colours black is drawn on white; without, the terminal's foreground stands for light. */
static const char *
half_blocks(bool upper_drawn, bool lower_drawn)
{
    static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
    return blocks[2 * upper_drawn + lower_drawn];
}

enum og_code
og_qr_print(const char *text, bool colour, struct og_buf *out, struct og_err *err)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code) {
        return og_fail(err, OG_E_INVALID, "", "too long for a QR code");
    }
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        og_buf_add_cstr(out, colour ? BLACK_ON_WHITE : "");
        for (int x = -QUIET; x < code->width + QUIET; x++) {
            og_buf_add_cstr(out, half_blocks(is_light(code, x, y) != colour,
                                             is_light(code, x, y + 1) != colour));
        }
        og_buf_add_cstr(out, colour ? AS_BEFORE "\n" : "\n");
    }
    QRcode_free(code);
    return OG_OK;
}
