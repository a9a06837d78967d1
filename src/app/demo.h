/*
 * `otpgate demo`: the whole way of a code, to watch: a gateway in a fresh folder, a virtual phone
 * that registers by itself, a verification started, the SMS on the phone's screen, the code
 * checked.
 */
#pragma once

/* Returns an exit code; 1 with the reason when a step does not happen in its time. */
int og_demo_main(int argc, char **argv);
