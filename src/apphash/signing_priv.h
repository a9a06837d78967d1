/* What the readers share. */
#pragma once

#include "apphash/signing.h"

/* Add a certificate, checked; one that an app already named is not added again.
 * Errors: OG_E_INVALID "certificate", OG_E_TOO_LARGE "file" (too many) */
OG_MUST_CHECK enum og_code og_signing_add(struct og_signing *self, struct og_str der,
                                          struct og_str alias, enum og_signing_role role,
                                          struct og_err *err);
