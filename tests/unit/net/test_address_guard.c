/* Which addresses may be called: each network by its first, a middle and its last address. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "net/address_guard.h"

static enum og_address_reach
reach(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(&storage, &in, sizeof in);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&storage, &in6, sizeof in6);
    }
    return og_address_reach((const struct sockaddr *)&storage);
}

static void
each_network(void **state)
{
    static const struct {
        enum og_address_reach reach;
        const char *addresses[12];
    } cases[] = {
        {OG_ADDRESS_PUBLIC,
         {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
          "192.167.255.255", "169.253.255.255", "223.255.255.255", "2606:4700::1",
          "::ffff:8.8.8.8", "64:ff9b::808:808"}},
        {OG_ADDRESS_PRIVATE,
         {"10.0.0.0", "10.255.255.255", "127.0.0.1", "127.255.255.255", "172.16.0.1",
          "172.31.255.255", "192.168.0.1", "100.64.0.1", "::1", "fd12::1", "::ffff:10.0.0.1",
          "64:ff9b::7f00:1"}},
        {OG_ADDRESS_NEVER,
         {"0.0.0.0", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16",
          "224.0.0.1", "255.255.255.255", "fe80::1", "ff02::1", "::", "fd00:ec2::254",
          "::ffff:169.254.169.254"}},
        {OG_ADDRESS_NEVER,
         {"2002:a9fe:a9fe::1", "2001:db8::1", "2001:0:1::1", "fec0::1", "240.0.0.1", "::8.8.8.8",
          "192.0.2.1", "203.0.113.9", "198.51.100.1", "64:ff9b:1::1", "100::1", "192.0.0.192"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int j = 0; j < 12; j++) {
            if (reach(cases[i].addresses[j]) != cases[i].reach) {
                fail_msg("%s", cases[i].addresses[j]);
            }
        }
    }
}

static void
other_families_are_never_called(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    (void)state;
    assert_int_equal(og_address_reach((const struct sockaddr *)&un), OG_ADDRESS_NEVER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_network),
        cmocka_unit_test(other_families_are_never_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
