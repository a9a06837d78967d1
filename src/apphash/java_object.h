/*
 * Stepping over a serialised Java object: JCEKS keeps secret keys as such, without saying how long
 * they are.
 *
 * Only what such objects are made of is known: strings, arrays of bytes, and fields of these; any
 * other makes it fail. Source: Java Object Serialization Specification, section 6.4. Pure.
 */
#pragma once

#include "apphash/cursor.h"

/* A whole stream: header and one object. False, and the cursor failed, when it is another. */
bool og_java_object_skip(struct og_cursor *self);
