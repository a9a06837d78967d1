/*
 * Which characters are digits is decided here once, for codes, numbers and templates alike.
 */
#include "core/codepoint.h"

int
og_codepoint_digit(uint32_t codepoint)
{
    static const uint32_t zeros[] = {'0', 0x0660, 0x06F0, 0x0966, 0xFF10};

    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        if (codepoint >= zeros[i] && codepoint <= zeros[i] + 9) {
            return (int)(codepoint - zeros[i]);
        }
    }
    return -1;
}
