/*
 * QR codes for a terminal. The one door to libqrencode.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends `text` as a QR code of UTF-8 half blocks, two modules high, with the four quiet modules
 * around that the standard asks for (ISO/IEC 18004). Dark on light whatever the terminal's colours
 * are, if `colour`; else light modules are drawn as blocks, which fits terminals that are dark.
 * Errors  OG_E_INVALID (too long)
 */
OG_MUST_CHECK enum og_code og_qr_print(const char *text, bool colour, struct og_buf *out,
                                       struct og_err *err);
