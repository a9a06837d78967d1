/*
 * Telling the services what the gateway runs with: service/start_facts.h.
 */
#pragma once

#include "config/config.h"
#include "lane/lanes.h"
#include "service/services.h"

/* certificate  PEM file that the server shows; "" : none. What cannot be read is not looked at. */
void og_app_facts_tell(const struct og_config *config, const char *certificate,
                       struct og_services *svc, struct og_lanes *lanes);
