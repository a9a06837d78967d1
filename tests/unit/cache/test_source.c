/*
 * Addresses as keys of sources and members of networks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cache/source.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
sources_have_keys(void **state)
{
    (void)state;
    static const struct {
        const char *address, *key;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:db8:1:2:ffff::1", "2001:db8:1:2::"},
        {"fe80::1%eth0", "fe80::"},
        {"::1", "::"},
        {"", ""},
        {"unix", "unix"},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "01234567890123456789012345678901234567890123456"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char key[OG_SOURCE_KEY_BYTES];
        og_source_key(og_str_from(cases[i].address), key);
        assert_string_equal(key, cases[i].key);
    }
}

static void
networks_contain_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address, *network;
        bool is_in;
    } cases[] = {
        {"10.1.2.3", "10.0.0.0/8", true},
        {"11.1.2.3", "10.0.0.0/8", false},
        {"10.0.0.127", "10.0.0.64/26", true},
        {"10.0.0.128", "10.0.0.64/26", false},
        {"192.168.1.4", "192.168.1.4", true},
        {"192.168.1.5", "192.168.1.4", false},
        {"::ffff:10.1.2.3", "10.0.0.0/8", true},
        {"1.2.3.4", "0.0.0.0/0", true},
        {"::1", "0.0.0.0/0", false},
        {"::1", "::1", true},
        {"2001:db8::5", "2001:db8::/32", true},
        {"2001:db9::5", "2001:db8::/32", false},
        {"2001:db8:8000::", "2001:db8::/33", false},
        {"10.1.2.3", "10.0.0.0/33", false},
        {"10.1.2.3", "10.0.0.0/-1", false},
        {"10.1.2.3", "10.0.0.0/x", false},
        {"10.1.2.3", "10.0.0.0/", false},
        {"10.1.2.3", "proxy", false},
        {"10.1.2.3", "", false},
        {"", "0.0.0.0/0", false},
        {"x", "0.0.0.0/0", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_str network = og_str_from(cases[i].network);
        bool is_in = og_address_in(og_str_from(cases[i].address),
                                   (struct og_str_list){&network, 1});
        if (is_in != cases[i].is_in) {
            fail_msg("%s in %s", cases[i].address, cases[i].network);
        }
    }
    assert_false(og_address_in(OG_STR("10.1.2.3"), (struct og_str_list){NULL, 0}));
}

static void
networks_have_names(void **state)
{
    static const struct {
        const char *address, *network;
    } cases[] = {
        {"192.0.2.77", "192.0.2.0"},          {"::ffff:192.0.2.77", "192.0.2.0"},
        {"2001:db8:1:2::5", "2001:db8:1::"}, {"2001:db8:1:3::6", "2001:db8:1::"},
        {"nonsense", "nonsense"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char network[OG_SOURCE_KEY_BYTES];
        og_source_network(og_str_from(cases[i].address), network);
        assert_string_equal(network, cases[i].network);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_have_keys),
        cmocka_unit_test(networks_contain_addresses),
        cmocka_unit_test(networks_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
