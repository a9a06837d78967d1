/*
 * What single texts must be, for the option table. Each returns NULL when the value is good, else
 * the end of the sentence "but must be ...".
 */
#pragma once

#include "base/str.h"

const char *og_rule_not_empty(struct og_str value);
const char *og_rule_public_url(struct og_str value);
const char *og_rule_host_name(struct og_str value);
const char *og_rule_network(struct og_str value);
const char *og_rule_origin(struct og_str value);
const char *og_rule_region(struct og_str value);
const char *og_rule_host_port(struct og_str value);
const char *og_rule_key_prefix(struct og_str value);
const char *og_rule_country(struct og_str value);
const char *og_rule_number_type(struct og_str value);
const char *og_rule_http_url(struct og_str value);
const char *og_rule_mail_url(struct og_str value);
const char *og_rule_mail_address(struct og_str value);
const char *og_rule_time_of_day(struct og_str value);
