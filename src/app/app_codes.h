/*
 * The store of codes that the configuration asks for, from its making to its end.
 */
#pragma once

#include "config/config.h"
#include "service/services.h"

/*
 * Make svc->codes; the one in memory gets back what a planned restart left in `snapshot_file`.
 * Errors: the option at fault, or what the other program refuses. One that cannot be reached is no
 * error.
 */
OG_MUST_CHECK enum og_code og_app_codes_open(const struct og_config *config,
                                             const char *snapshot_file, struct og_services *svc,
                                             struct og_err *err);
/* No request comes any more: wait for the answers that are still on their way. Takes a store that
 * was never made. */
void og_app_codes_settle(struct og_services *svc);
/* Destroy svc->codes; what is in memory goes to `snapshot_file` first. Takes a store that was never
 * made. */
void og_app_codes_close(const struct og_config *config, const char *snapshot_file,
                        struct og_services *svc);
