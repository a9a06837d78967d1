/*
 * What the module offers to its loader: two C functions. Included by C and by C++.
 */
#pragma once

#include "base/err.h"
#include "core/phone_number.h"

#ifdef __cplusplus
extern "C" {
#endif

#define OG_PLAN_MODULE_SYMBOL "og_plan_module_parse"

/* As og_phone_plan's parse, without context; `why` gets a static text when it fails. */
typedef enum og_code og_plan_module_fn(struct og_str text, const char *region,
                                       struct og_phone_facts *out, const char **why);

__attribute__((visibility("default"))) og_plan_module_fn og_plan_module_parse;

#define OG_PLAN_MODULE_FILE_SYMBOL "og_plan_module_file"

/* The library's own file, which holds the data. "" when the loader does not tell. */
typedef const char *og_plan_module_file_fn(void);

__attribute__((visibility("default"))) og_plan_module_file_fn og_plan_module_file;

#ifdef __cplusplus
}
#endif
