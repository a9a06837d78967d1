/* The virtual phone as a program of its own. Its tests run it this way, so that they need nothing
 * of the server. */
#include "phone/phone_main.h"

int
main(int argc, char **argv)
{
    return og_phone_main(argc, argv);
}
