/*
 * One X.509 certificate out of a file, as its exact DER bytes. The door to OpenSSL's X.509 and PEM
 * readers for the command line.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/*
 * data  PEM with one certificate, or DER
 * der   appended, byte for byte as it was signed
 * Errors  OG_E_INVALID "certificate" with the likely mistake
 */
OG_MUST_CHECK enum og_code og_certificate_read(struct og_str data, struct og_buf *der,
                                               struct og_err *err);
