/*
 * What the sources of values share, inside config.
 */
#pragma once

#include "config/option.h"

/* Check the value, and use it unless a stronger source has set the option.
 * where  begins the message of an error: "otpgate.toml:12", "OTPGATE_OTP_TTL", "--otp.ttl" */
OG_MUST_CHECK enum og_code og_config_apply(struct og_config *self, const struct og_option *option,
                                           struct og_str text, struct og_config_origin origin,
                                           const char *where, struct og_err *err);
