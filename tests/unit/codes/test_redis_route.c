/*
 * Slots and redirections of Redis, and hosts with ports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codes/redis_route.h"

/* From the cluster specification: CRC16 of "123456789" is 0x31C3; tags decide alone. */
static void
test_req_26_keys_of_one_verification_share_a_slot(void **state)
{
    assert_int_equal(og_redis_slot(OG_STR("123456789")), 0x31C3);
    assert_int_equal(og_redis_slot(OG_STR("otpgate:{123456789}")), 0x31C3);
    assert_int_equal(og_redis_slot(OG_STR("{123456789}.attempts")), 0x31C3);
    assert_int_equal(og_redis_slot(OG_STR("foo{}{bar}")), 8363);
    assert_int_equal(og_redis_slot(OG_STR("foo{{bar}}zap")), og_redis_slot(OG_STR("{bar")));
    assert_int_equal(og_redis_slot(OG_STR("foo")), 12182);
    assert_int_equal(og_redis_slot(OG_STR("")), 0);
}

static void
test_redirections(void **state)
{
    static const struct {
        const char *error;
        enum og_redis_trouble trouble;
        int slot, port;
        const char *host;
    } cases[] = {
        {"MOVED 3999 127.0.0.1:6381", OG_REDIS_MOVED, 3999, 6381, "127.0.0.1"},
        {"ASK 0 cache-2.example:1", OG_REDIS_ASK, 0, 1, "cache-2.example"},
        {"MOVED 16383 ::1:6381", OG_REDIS_MOVED, 16383, 6381, "::1"},
        {"MOVED 12 :6381", OG_REDIS_MOVED, 12, 6381, ""},
        {"MOVED 16384 127.0.0.1:6381", OG_REDIS_OTHER},
        {"MOVED -1 127.0.0.1:6381", OG_REDIS_OTHER},
        {"MOVED 1 127.0.0.1", OG_REDIS_OTHER},
        {"MOVED 1 127.0.0.1:0", OG_REDIS_OTHER},
        {"MOVED 1 127.0.0.1:65536", OG_REDIS_OTHER},
        {"MOVED 1 127.0.0.1:x", OG_REDIS_OTHER},
        {"MOVED 1", OG_REDIS_OTHER},
        {"MOVED", OG_REDIS_OTHER},
        {"MOVED 1 a\nb:1", OG_REDIS_OTHER},
        {"NOSCRIPT No matching script.", OG_REDIS_NOSCRIPT},
        {"TRYAGAIN Multiple keys", OG_REDIS_WAIT},
        {"LOADING Redis is loading", OG_REDIS_WAIT},
        {"READONLY You can't write", OG_REDIS_READONLY},
        {"NOAUTH Authentication required.", OG_REDIS_NOAUTH},
        {"NOPERM no permissions", OG_REDIS_NOAUTH},
        {"OOM command not allowed", OG_REDIS_FULL},
        {"ERR MOVED 1 127.0.0.1:1", OG_REDIS_OTHER},
        {"", OG_REDIS_OTHER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct og_redis_redirect to = {0};
        assert_int_equal(og_redis_trouble_of(og_str_from(cases[i].error), &to), cases[i].trouble);
        if (cases[i].host) {
            assert_int_equal(to.slot, cases[i].slot);
            assert_int_equal(to.to.port, cases[i].port);
            assert_string_equal(to.to.host, cases[i].host);
        }
    }
}

static void
test_hosts_with_ports(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
    } cases[] = {
        {"cache.example", "cache.example", 6379},  {"cache.example:1", "cache.example", 1},
        {"192.0.2.1:65535", "192.0.2.1", 65535},   {"[2001:db8::1]:7", "2001:db8::1", 7},
        {"[2001:db8::1]", "2001:db8::1", 6379},    {"", NULL, 0},
        {":6379", NULL, 0},                        {"a:", NULL, 0},
        {"a:0", NULL, 0},                          {"a:65536", NULL, 0},
        {"a:-1", NULL, 0},                         {"a b:1", NULL, 0},
        {"2001:db8::1", NULL, 0},                  {"[a]:1", NULL, 0},
        {"[2001:db8::1", NULL, 0},                 {"redis://a:1", NULL, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct og_host_port at = {0};
        assert_int_equal(og_host_port_read(og_str_from(cases[i].text), 6379, &at),
                         cases[i].host != NULL);
        if (cases[i].host) {
            assert_string_equal(at.host, cases[i].host);
            assert_int_equal(at.port, cases[i].port);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_26_keys_of_one_verification_share_a_slot),
        cmocka_unit_test(test_redirections),
        cmocka_unit_test(test_hosts_with_ports),
    };
    return cmocka_run_group_tests_name("redis_route", tests, NULL, NULL);
}
