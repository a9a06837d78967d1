/*
 * Applications that ask for codes and send bulk messages, and users who type in the codes that they
 * get. Through the operations of the API's routes.
 */
#pragma once

#include "base/str.h"

struct sim;
struct crowd;

/* Draws the day and puts it on the agenda. */
struct crowd *crowd_create(struct sim *sim);
void crowd_destroy(struct crowd *self);
/* A user got an SMS. number: LEDGER_CODE's */
void crowd_on_code(struct crowd *self, int code, struct og_str text);
