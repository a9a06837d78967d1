/*
 * The table, row by row: names, defaults, ranges, the sample file; and every type's good and bad
 * texts.
 */
#include <ctype.h>

#include "check.h"

static void
each_row(void (*fn)(const struct og_option *option))
{
    for (int i = 0; i < og_option_count; i++) {
        fn(&og_options[i]);
    }
}

static void
check_row_is_complete(const struct og_option *option)
{
    const char *dot = strchr(option->name, '.');
    assert_non_null(dot);
    assert_null(strchr(dot + 1, '.'));
    for (const char *c = option->name; *c; c++) {
        assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '.' ||
                    *c == '_');
    }
    size_t help_len = strlen(option->help);
    assert_in_range(help_len, 10, 95);
    assert_int_equal(option->help[help_len - 1], '.');
    assert_true(strlen(option->name) < 40); /* fits og_err.field and a variable's name */
    assert_true((option->type == OG_OPTION_WORD) == (option->words != NULL));
    assert_true(option->min <= option->max);
    if (option->type == OG_OPTION_INT) {
        assert_in_range(option->max, 1, INT32_MAX);
    }
    assert_ptr_equal(og_option_find(og_str_from(option->name)), option);
    for (const struct og_option *other = og_options; other < option; other++) {
        assert_string_not_equal(other->name, option->name);
        assert_int_not_equal(other->offset, option->offset);
    }
}

static void
rows_are_complete(void **state)
{
    (void)state;
    each_row(check_row_is_complete);
}

/* What the range says, as texts just outside and just inside of it. */
static void
check_numeric_range(const struct og_option *option)
{
    bool is_int = option->type == OG_OPTION_INT;
    if (!is_int && option->type != OG_OPTION_DURATION && option->type != OG_OPTION_SIZE) {
        return;
    }
    const char *unit = is_int ? "" : option->type == OG_OPTION_SIZE ? "B" : "ms";
    const struct {
        int64_t number;
        bool is_good;
    } cases[] = {
        {option->min, true},
        {option->max, true},
        {option->min - 1, false},
        {option->max + 1, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_config config;
        char text[40], complaint[OG_COMPLAINT_BYTES];
        og_config_init(&config);
        snprintf(text, sizeof(text), "%lld%s", (long long)cases[i].number, unit);
        bool is_good = og_option_set(option, og_str_from(text), &config, complaint);
        assert_int_equal(is_good, cases[i].is_good);
        const void *at = (const char *)&config + option->offset;
        if (is_good) {
            assert_int_equal(is_int ? *(const int *)at : *(const int64_t *)at, cases[i].number);
        } else if (cases[i].number >= 0) {
            assert_non_null(strstr(complaint, "but must be between"));
        }
        og_config_finish(&config);
    }
}

static void
ranges_are_kept(void **state)
{
    (void)state;
    each_row(check_numeric_range);
}

static void
check_formatted_value_parses(const struct og_option *option)
{
    struct og_config before, after;
    og_config_init(&before);
    og_config_init(&after);
    struct og_buf line;
    og_buf_init(&line, 4096);
    og_buf_printf(&line, "%s = ", option->name);
    og_option_format(option, &before, &line);
    struct og_err err = {0};
    if (og_config_add_text(&after, "t", og_buf_str(&line), &err) != OG_OK) {
        fail_msg("%s: %s", line.ptr, err.text);
    }
    struct og_buf first, second;
    og_buf_init(&first, 4096);
    og_buf_init(&second, 4096);
    og_option_format(option, &before, &first);
    og_option_format(option, &after, &second);
    assert_string_equal(first.ptr, second.ptr);
    assert_int_equal(after.origins[option - og_options].source, OG_CONFIG_FROM_FILE);
    og_buf_finish(&first);
    og_buf_finish(&second);
    og_buf_finish(&line);
    og_config_finish(&before);
    og_config_finish(&after);
}

static void
values_go_to_text_and_back(void **state)
{
    (void)state;
    each_row(check_formatted_value_parses);
}

static void
defaults_are_as_designed(void **state)
{
    (void)state;
    struct og_config c;
    og_config_init(&c);
    assert_string_equal(c.data.dir, "data");
    assert_int_equal(c.log.level, 1); /* OG_LOG_INFO */
    assert_int_equal(c.log.format, OG_CONFIG_LOG_AUTO);
    assert_int_equal(c.http.listen.count, 1);
    assert_string_equal(c.http.listen.items[0].address, "0.0.0.0");
    assert_int_equal(c.http.listen.items[0].port, 8443);
    assert_true(c.http.tls);
    assert_false(c.http.plain_anywhere);
    assert_string_equal(c.http.cert_file, "");
    assert_int_equal(c.http.names.count, 0);
    assert_int_equal(c.http.header_bytes_max, 16384);
    assert_int_equal(c.http.header_timeout_ms, 10000);
    assert_int_equal(c.http.connections_max, 10000);
    assert_int_equal(c.lane.batch_max, 512);
    assert_int_equal(c.lane.linger_us, 1000);
    assert_string_equal(c.store.url, "");
    assert_int_equal(c.phone.gone_after_ms, 20000);
    assert_int_equal(c.message.max_age_ms, 86400000);
    assert_int_equal(c.message.text_max, 65535);
    assert_int_equal(c.message.queue_max_pending, 0);
    assert_int_equal(c.message.queue_max_failed_age_ms, 3600000);
    assert_int_equal(c.otp.length, 6);
    assert_int_equal(c.otp.ttl_ms, 300000);
    assert_int_equal(c.otp.resend_waits.count, 3);
    assert_int_equal(c.otp.resend_waits.items_ms[2], 120000);
    assert_int_equal(c.otp.store, OG_CONFIG_OTP_MEMORY);
    assert_int_equal(c.otp.environment, OG_CONFIG_PRODUCTION);
    assert_int_equal(c.login.lock_ms, 1800000);
    assert_int_equal(og_config_check(&c, NULL), OG_OK);
    og_config_finish(&c);
    og_config_finish(&c);
}

/* Removes the # that hides each `name = value` line of the sample; counts them. */
static int
uncomment(char *text)
{
    int count = 0;
    char *to = text;
    bool at_line_start = true;
    for (const char *from = text; *from; from++) {
        if (at_line_start && from[0] == '#' && islower((unsigned char)from[1])) {
            count++;
        } else {
            *to++ = *from;
        }
        at_line_start = *from == '\n';
    }
    *to = '\0';
    return count;
}

static void
fail_on_change(void *ctx, const struct og_option *option)
{
    (void)ctx;
    fail_msg("%s changed", option->name);
}

static void
the_sample_says_the_defaults(void **state)
{
    (void)state;
    struct og_config defaults, hidden, shown;
    og_config_init(&defaults);
    og_config_init(&hidden);
    og_config_init(&shown);
    char *sample = capture(print_sample, NULL);
    struct og_err err = {0};
    assert_int_equal(og_config_add_text(&hidden, "s", og_str_from(sample), &err), OG_OK);
    assert_int_equal(uncomment(sample), og_option_count);
    if (og_config_add_text(&shown, "s", og_str_from(sample), &err) != OG_OK) {
        fail_msg("%s", err.text);
    }
    og_config_each_change(&defaults, &shown, fail_on_change, NULL);
    for (int i = 0; i < og_option_count; i++) {
        assert_int_equal(hidden.origins[i].source, OG_CONFIG_FROM_DEFAULT);
        assert_int_equal(shown.origins[i].source, OG_CONFIG_FROM_FILE);
        assert_non_null(strstr(sample, og_options[i].help));
    }
    free(sample);
    og_config_finish(&defaults);
    og_config_finish(&hidden);
    og_config_finish(&shown);
}

static void
what_can_be_reloaded_is_marked(void **state)
{
    (void)state;
    for (int i = 0; i < og_option_count; i++) {
        bool is_expected = strcmp(og_options[i].name, "log.level") == 0;
        assert_int_equal(og_options[i].is_reloadable, is_expected);
    }
}

static void
good_texts_are_taken(void **state)
{
    (void)state;
    const struct {
        const char *name, *text, *shown;
    } cases[] = {
        {"http.tls", "off", "false"},
        {"http.tls", "1", "true"},
        {"otp.ttl", "90", "\"90s\""},
        {"otp.ttl", "5m", "\"300s\""},
        {"otp.ttl", "60500ms", "\"60500ms\""},
        {"phone.wake_gap", "0", "\"0s\""},
        {"message.max_age", "1440m", "\"24h\""},
        {"message.max_age", "7d", "\"7d\""},
        {"login.lock", "1800", "\"30m\""},
        {"login.lock", "3601", "\"3601s\""},
        {"http.header_bytes_max", "8192", "\"8KiB\""},
        {"http.header_bytes_max", "1MiB", "\"1MiB\""},
        {"http.header_bytes_max", "5000B", "\"5000\""},
        {"http.listen", "[::1]:80, localhost:0", "[\"[::1]:80\", \"localhost:0\"]"},
        {"http.listen", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3,127.0.0.1:65535",
         "[\"127.0.0.1:1\", \"127.0.0.1:2\", \"127.0.0.1:3\", \"127.0.0.1:65535\"]"},
        {"http.names", "sms.example, 10.0.0.7 ,fd00::7", "[\"sms.example\", \"10.0.0.7\", "
                                                         "\"fd00::7\"]"},
        {"http.names", " ", "[]"},
        {"http.trusted_proxies", "10.0.0.0/8,::1/128,192.0.2.1",
         "[\"10.0.0.0/8\", \"::1/128\", \"192.0.2.1\"]"},
        {"http.public_url", "https://sms.example:8443", "\"https://sms.example:8443\""},
        {"http.public_url", "", "\"\""},
        {"number.default_region", "DE", "\"DE\""},
        {"otp.resend_waits", "10", "[\"10s\"]"},
        {"otp.resend_waits", "1s,1h", "[\"1s\", \"1h\"]"},
        {"otp.brand", "C\xC3\xA9z \"x\" \\", "\"C\xC3\xA9z \\\"x\\\" \\\\\""},
        {"otp.template", "{code}\nis it", "\"{code}\\nis it\""},
        {"log.level", "error", "\"error\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_config config;
        char complaint[OG_COMPLAINT_BYTES] = "";
        struct og_buf shown;
        og_config_init(&config);
        og_buf_init(&shown, 1000);
        const struct og_option *option = og_option_find(og_str_from(cases[i].name));
        if (!og_option_set(option, og_str_from(cases[i].text), &config, complaint)) {
            fail_msg("%s %s", cases[i].name, complaint);
        }
        og_option_format(option, &config, &shown);
        assert_string_equal(shown.ptr, cases[i].shown);
        og_buf_finish(&shown);
        og_config_finish(&config);
    }
}

static void
bad_texts_are_refused(void **state)
{
    (void)state;
    static const char listen_must[] = "address:port such as 0.0.0.0:8443, [::1]:8443 or "
                                      "localhost:8443";
    static const char time_must[] = "a time such as 500ms, 30s, 5m or 24h";
    const struct {
        const char *name, *text, *must;
    } cases[] = {
        {"http.tls", "TRUE", "true or false"},
        {"http.tls", "", "true or false"},
        {"http.loops", "two", "a whole number"},
        {"http.loops", "1.5", "a whole number"},
        {"http.loops", "99999999999999999999", "a whole number"},
        {"otp.ttl", "", time_must},
        {"otp.ttl", "s", time_must},
        {"otp.ttl", "5 m", time_must},
        {"otp.ttl", "5M", time_must},
        {"otp.ttl", "-60s", time_must},
        {"otp.ttl", "1h30m", time_must},
        {"otp.ttl", "9223372036854775807d", time_must},
        {"otp.ttl", "601", "between 60s and 600s"},
        {"http.header_bytes_max", "16kb", "a size such as 16384, 16KiB or 1MiB"},
        {"http.header_bytes_max", "9999999999GiB", "a size such as 16384, 16KiB or 1MiB"},
        {"log.level", "loud", "debug, info, warn or error"},
        {"log.level", "INFO", "debug, info, warn or error"},
        {"otp.store", "disk", "memory, redis or memcached"},
        {"http.listen", "8443", listen_must},
        {"http.listen", ":8443", listen_must},
        {"http.listen", "example.com:8443", listen_must},
        {"http.listen", "0.0.0.0:65536", listen_must},
        {"http.listen", "0.0.0.0:-0", listen_must},
        {"http.listen", "0.0.0.0:", listen_must},
        {"http.listen", "::1:8443", listen_must},
        {"http.listen", "[127.0.0.1]:8443", listen_must},
        {"http.listen", "[::1]8443", listen_must},
        {"http.listen", "[::1", listen_must},
        {"http.listen", "1.2.3.4:1,,1.2.3.4:2", "a list without empty entries"},
        {"http.listen", "1.2.3.4:1,", "a list without empty entries"},
        {"http.names", "sms.example:8443", "a host name or an address without a port"},
        {"http.names", "b\xC3\xBC" "cher.example", "a host name or an address without a port"},
        {"http.trusted_proxies", "10.0.0.0/33", "an address or a network such as 10.0.0.0/8"},
        {"http.trusted_proxies", "10.0.0.0/-1", "an address or a network such as 10.0.0.0/8"},
        {"http.trusted_proxies", "::/129", "an address or a network such as 10.0.0.0/8"},
        {"http.trusted_proxies", "proxy", "an address or a network such as 10.0.0.0/8"},
        {"http.public_url", "sms.example", "like https://gateway.example:8443, without"},
        {"http.public_url", "https://", "like https://gateway.example:8443, without"},
        {"http.public_url", "https://a/", "like https://gateway.example:8443, without"},
        {"http.public_url", "https://a b", "like https://gateway.example:8443, without"},
        {"http.public_url", "https://a?b", "like https://gateway.example:8443, without"},
        {"redis.addresses", "a:b", "host:port such as cache.example:6379"},
        {"redis.addresses", "redis://a", "host:port such as cache.example:6379"},
        {"memcached.servers", "a,", "a list without empty entries"},
        {"otp.store_prefix", "a b", "printable ASCII without spaces and braces"},
        {"otp.store_prefix", "a{b}", "printable ASCII without spaces and braces"},
        {"number.default_region", "de", "two capital letters such as DE"},
        {"number.default_region", "D", "two capital letters such as DE"},
        {"abuse.countries", "DE,fr", "two capital letters such as DE, or *"},
        {"abuse.number_types_refused", "mobile", "a kind of number such as premium, voip or fixed"},
        {"otp.resend_waits", "30s,soon", time_must},
        {"otp.resend_waits", "0s", "between 1s and 1h"},
        {"otp.brand", "a\x1B[1m", "text without control characters"},
        {"otp.brand", "a\nb", "text without control characters"},
        {"otp.brand", "a\xFF", "text without control characters"},
        {"data.dir", "", "given"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_config config;
        char complaint[OG_COMPLAINT_BYTES] = "", expected[OG_COMPLAINT_BYTES];
        og_config_init(&config);
        const struct og_option *option = og_option_find(og_str_from(cases[i].name));
        assert_false(og_option_set(option, og_str_from(cases[i].text), &config, complaint));
        snprintf(expected, sizeof(expected), "but must be %s", cases[i].must);
        if (!strstr(complaint, expected)) {
            fail_msg("%s %s: %s", cases[i].name, cases[i].text, complaint);
        }
        og_config_finish(&config);
    }
}

static void
lists_and_texts_have_an_end(void **state)
{
    (void)state;
    static char longest[5000];
    memset(longest, 'a', sizeof(longest) - 1);
    const struct {
        const char *name, *text, *complaint;
    } cases[] = {
        {"http.listen", "", "must have at least 1 entry"},
        {"http.listen", "localhost:1,localhost:2,localhost:3,localhost:4,localhost:5",
         "must have at most 4 entries"},
        {"http.names", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "must have at most 16 entries"},
        {"otp.resend_waits", "", "must have at least 1 entry"},
        {"otp.resend_waits", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
         "must have at most 16 entries"},
        {"data.dir", longest, "has 4999 bytes, but may have at most 4000"},
        {"number.default_region", "DEU", "has 3 bytes, but may have at most 2"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_config config;
        char complaint[OG_COMPLAINT_BYTES] = "";
        og_config_init(&config);
        const struct og_option *option = og_option_find(og_str_from(cases[i].name));
        assert_false(og_option_set(option, og_str_from(cases[i].text), &config, complaint));
        assert_string_equal(complaint, cases[i].complaint);
        og_config_finish(&config);
    }
}

static void
hints_find_what_was_meant(void **state)
{
    (void)state;
    const struct {
        const char *written, *hint;
    } cases[] = {
        {"http.lisen", "http.listen"},
        {"http.cert", NULL},
        {"otp.tll", "otp.ttl"},
        {"htp.tls", "http.tls"},
        {"otp.attempt", "otp.attempts"},
        {"verify.ttl", "otp.ttl"},
        {"ttl", "otp.ttl"},
        {"something.else", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *hint = og_option_hint(og_str_from(cases[i].written));
        if (cases[i].hint) {
            assert_non_null(hint);
            assert_string_equal(hint, cases[i].hint);
        } else {
            assert_null(hint);
        }
    }
    assert_int_equal(og_option_distance(OG_STR("kitten"), OG_STR("sitting"), 9), 3);
    assert_int_equal(og_option_distance(OG_STR(""), OG_STR("abc"), 9), 3);
    assert_int_equal(og_option_distance(OG_STR("abc"), OG_STR(""), 2), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(ranges_are_kept),
        cmocka_unit_test(values_go_to_text_and_back),
        cmocka_unit_test(defaults_are_as_designed),
        cmocka_unit_test(the_sample_says_the_defaults),
        cmocka_unit_test(what_can_be_reloaded_is_marked),
        cmocka_unit_test(good_texts_are_taken),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(lists_and_texts_have_an_end),
        cmocka_unit_test(hints_find_what_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
