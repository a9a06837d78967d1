/*
 * Dates as the phone app writes and reads them.
 *
 * The app reads with Java's SimpleDateFormat, which takes the digits after the point as a number of
 * milliseconds, however many there are. Source: wire/smsgate.md section 4.5.
 */
#pragma once

#include "base/str.h"

#define OG_PHONE_DATE_BYTES 32 /* "2024-05-13T16:49:17.357+07:00" and NUL, with room */

/* yyyy-MM-dd'T'HH:mm:ss.SSSXXX in the phone's zone: `Z` when that is 0. Years 1970 to 9999. */
void og_phone_date_write(int64_t at_ms, int64_t zone_minutes, char out[OG_PHONE_DATE_BYTES]);

enum og_date_verdict {
    OG_DATE_RIGHT,   /* UTC with no or three fraction digits */
    OG_DATE_ODD,     /* read rightly, but in another zone than the server promised */
    OG_DATE_MISREAD, /* the app takes another time from it than was meant */
    OG_DATE_REFUSED, /* the app's parser throws: the whole answer is lost */
};

/* out  the time that the app reads; untouched when refused */
enum og_date_verdict og_phone_date_read(struct og_str text, int64_t *out_ms);
