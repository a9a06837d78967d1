/*
 * The package of an app, from its manifest, which is binary XML.
 *
 * Pure and thread-safe. Source: Android's ResourceTypes.h (chunks of string pool and elements).
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* The attribute `package` of the element `manifest`; "" when it cannot be read. In `mem`. */
struct og_str og_manifest_package(struct og_str manifest, struct og_arena *mem);
