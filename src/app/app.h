/*
 * The gateway as one object: owns every room, starts them in order, stops them in reverse.
 *
 *   keys -> database, schema -> code store, services -> lanes -> http (listening) -> hub, api -> jobs
 *   -> threads run -> ready
 */
#pragma once

#include "config/config.h"

struct og_app;
struct og_hub;
struct og_lanes;
struct og_loop;
struct og_services;

/*
 * Make everything and bind the ports; nothing runs yet. The data folder, master key, database, CA,
 * certificate and operator credential are made when they are missing. The config is borrowed for
 * the app's life. Errors: the reason, ready to be shown; field is the option at fault where there
 * is one.
 */
OG_MUST_CHECK enum og_code og_app_create(const struct og_config *config, struct og_app **out,
                                         struct og_err *err);
/* Run the threads; when this returns requests are answered. */
OG_MUST_CHECK enum og_code og_app_start(struct og_app *self, struct og_err *err);
/* New certificates for connections to come. */
OG_MUST_CHECK enum og_code og_app_reload(struct og_app *self, struct og_err *err);
/*
 * What a program needs that moves the gateway by itself, on virtual time and without its threads
 * (tests/fleet): between og_app_create and og_app_start, on one thread.
 */
struct og_app_parts {
    struct og_services *services;
    struct og_lanes *lanes;
    struct og_hub *hub;
    struct og_loop *loop; /* the first of the event loops */
};
struct og_app_parts og_app_parts(struct og_app *self);
/* Finish what was accepted, then end all threads. Within http.stop_timeout. */
void og_app_stop(struct og_app *self);
void og_app_destroy(struct og_app *self); /* takes NULL */

/* "https://localhost:8443", for this machine. Lives with the app. */
const char *og_app_url(const struct og_app *self);
/* Trust anchor of the built-in CA, "" when the certificate is the operator's own or TLS is off. */
const char *og_app_ca_file(const struct og_app *self);
/* The operator's credential if it was made at this start, else "". To be shown once. */
const char *og_app_new_operator_token(const struct og_app *self);
/* It was shown: wipe it. */
void og_app_forget_operator_token(struct og_app *self);
/* Is every code refused because no country is named? */
bool og_app_wants_country(const struct og_app *self);
/* Where the operator's credential is kept. */
const char *og_app_operator_file(const struct og_app *self);
