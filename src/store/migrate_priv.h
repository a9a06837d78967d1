/*
 * The table that tools/embed.py makes from the files under schema/ at build time; a row of zeros
 * follows the last one.
 */
#pragma once

#include "store/migrate.h"

extern const struct og_migration og_schema_table[];
extern const int og_schema_count;
