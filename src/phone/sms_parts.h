/*
 * How many parts a text takes on the air, as the phone counts them.
 *
 * Deliberately not the counting of core: a peer that shares its arithmetic with the server cannot
 * find its mistakes. Source: 3GPP TS 23.038 (alphabet), TS 23.040 (160/153, 70/67, 140/134).
 */
#pragma once

#include "base/str.h"

/* GSM 7-bit with the default alphabet and its extension table, else UCS-2. "" is one part. */
int og_sms_parts_of_text(struct og_str text_utf8);
int og_sms_parts_of_data(size_t size_bytes);
