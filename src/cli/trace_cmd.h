/* Printing a time line, apart from the command that fetches it. */
#pragma once

#include "cli/cli_priv.h"

/* line: the answer of the API, docs/api.md */
void og_trace_print(struct og_cli *cli, const struct og_json *line);
