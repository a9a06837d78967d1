/*
 * `otpgate import sms-gate`: into the data folder of a server that is stopped.
 */
#pragma once

/* argv[0] is "import". Returns an exit code (cli/cli.h). */
int og_import_main(int argc, char **argv);
