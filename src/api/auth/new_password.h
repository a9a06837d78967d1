/*
 * A route's prepare that draws a password and hashes it in the slow lane, before the write lane
 * stores it.
 */
#pragma once

#include "api/call.h"
#include "service/account/account_service.h"

/* Ends in og_call_continue. *out is set at once; the write lane finds password and hash there. */
void og_new_password_prepare(struct og_call *call, const struct og_password_op **out);
/* Once it was shown, or nothing came of it. Takes NULL. */
void og_new_password_wipe(const struct og_password_op *password);
