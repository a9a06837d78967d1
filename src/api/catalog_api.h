/*
 * What can be found here, for machines: the API catalog of RFC 9727, a linkset of RFC 9264.
 */
#pragma once

#include "api/call.h"

#define OG_CATALOG_PATH "/.well-known/api-catalog"
/* The Link header that leads to it. */
#define OG_CATALOG_LINK "<" OG_CATALOG_PATH ">; rel=\"api-catalog\""
/* 60 requests a minute from one address; the next is 429. For all loops; it has a lock that only
 * requests for the catalog take. */
struct og_catalog_limit;
struct og_catalog_limit *og_catalog_limit_create(void);
void og_catalog_limit_destroy(struct og_catalog_limit *self); /* takes NULL */

extern const struct og_route og_catalog_routes[];
extern const int og_catalog_route_count;
