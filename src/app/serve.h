/*
 * The subcommands that run a gateway or look at its configuration.
 */
#pragma once

/* `otpgate serve`: runs until SIGINT or SIGTERM; SIGHUP reloads certificates and the log's level.
 * Returns an exit code. */
int og_serve_main(int argc, char **argv);
/* `otpgate check-config`: says whether the configuration is right; --sample and --show print
 * one. */
int og_check_config_main(int argc, char **argv);
