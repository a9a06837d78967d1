/*
 * What a step of a time line means, and what its reason means, in sentences for people.
 */
#pragma once

#include "cli/cli_priv.h"

enum og_trace_mood { OG_TRACE_PLAIN, OG_TRACE_GOOD, OG_TRACE_CARE, OG_TRACE_BAD };

/* How a step is to be seen. */
enum og_trace_mood og_trace_mood_of(const char *step);
/* "Pixel fetched it; route 1 of 3". In cli->mem. */
const char *og_trace_sentence(struct og_cli *cli, const struct og_json *step);
/* What it waits for now; "" : for nothing. In cli->mem. */
const char *og_trace_wait(struct og_cli *cli, const struct og_json *line);
/* What to do about it; "" : nothing. Static storage. */
const char *og_trace_hint(struct og_cli *cli, const struct og_json *line);
