/*
 * `otpgate phone`: a fleet of virtual phones from the command line.
 */
#pragma once

/* argv[0] is the word "phone". Exit codes: 0 fine, 1 could not start or did not do what was asked
 * in its time, 2 wrong usage, 3 the server violated the protocol and --strict was given. */
int og_phone_main(int argc, char **argv);
