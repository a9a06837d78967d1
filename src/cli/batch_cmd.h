/* What the commands about batches print of them. */
#pragma once

#include "cli/cli_priv.h"

#define OG_BATCHES "/bulk/v1/batches"

/* Its state, counts and times, as facts. */
void og_batch_print(struct og_cli *cli, const struct og_json *batch);
/* "120 sent, 3 failed": the counts that are not zero; in cli->mem. */
const char *og_batch_counts(struct og_cli *cli, const struct og_json *batch);
/* Up to `most` errors, with what to do to see the others. An exit code. */
int og_batch_print_errors(struct og_cli *cli, const char *id, int most);
