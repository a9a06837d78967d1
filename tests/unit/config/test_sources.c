/*
 * File, environment and flags: what they say, which one wins, and how faults name their place.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "check.h"

static struct og_config config;
static struct og_err err;

static int
open_config(void **state)
{
    (void)state;
    og_config_init(&config);
    memset(&err, 0, sizeof(err));
    return 0;
}

static int
close_config(void **state)
{
    (void)state;
    og_config_finish(&config);
    return 0;
}

static enum og_code
add(const char *text)
{
    return og_config_add_text(&config, "otpgate.toml", og_str_from(text), &err);
}

static void
a_file_sets_values(void **state)
{
    (void)state;
    assert_int_equal(add("otp.ttl = \"2m\"\n"
                         "[http]\n"
                         "listen = [\"127.0.0.1:8080\", \"[::1]:8080\"]\n"
                         "tls = false\n"
                         "idle_timeout = 30\n"
                         "header_bytes_max = 0x8000\n"
                         "[otp]\n"
                         "resend_waits = [15, \"1m\"]\n"
                         "template = \"\"\"{code}\nGood for {minutes}\"\"\"\n"),
                     OG_E_INVALID); /* [otp] after otp.ttl is not TOML */
    assert_int_equal(err.text[0], 'o');
    assert_int_equal(add("[http]\n"
                         "listen = [\"127.0.0.1:8080\", \"[::1]:8080\"]\n"
                         "tls = false\n"
                         "idle_timeout = 30\n"
                         "header_bytes_max = 0x8000\n"
                         "\n"
                         "[otp]\n"
                         "ttl = \"2m\"\n"
                         "resend_waits = [15, \"1m\"]\n"
                         "template = \"\"\"{code}\nGood for {minutes}\"\"\"\n"),
                     OG_OK);
    assert_int_equal(config.http.listen.count, 2);
    assert_string_equal(config.http.listen.items[1].address, "::1");
    assert_false(config.http.tls);
    assert_int_equal(config.http.idle_timeout_ms, 30000);
    assert_int_equal(config.http.header_bytes_max, 32768);
    assert_int_equal(config.otp.ttl_ms, 120000);
    assert_int_equal(config.otp.resend_waits.count, 2);
    assert_int_equal(config.otp.resend_waits.items_ms[0], 15000);
    assert_string_equal(config.otp.template, "{code}\nGood for {minutes}");
    const struct og_option *ttl = og_option_find(OG_STR("otp.ttl"));
    assert_int_equal(config.origins[ttl - og_options].line, 8);
    assert_int_equal(og_config_check(&config, NULL), OG_OK);
}

static void
faults_in_a_file_name_their_line(void **state)
{
    (void)state;
    const struct {
        const char *text, *field, *message;
    } cases[] = {
        {"\n\n[otp]\nttl = \"601s\"\n", "otp.ttl",
         "otpgate.toml:4: otp.ttl is 601s, but must be between 60s and 600s"},
        {"[otp]\nttl = 601\n", "otp.ttl",
         "otpgate.toml:2: otp.ttl is 601s, but must be between 60s and 600s"},
        {"[otp]\ntll = 300\n", "",
         "otpgate.toml:2: there is no option \"otp.tll\"; did you mean otp.ttl?"},
        {"[otp]\nsomething = 300\n", "", "otpgate.toml:2: there is no option \"otp.something\""},
        {"http = 5\n", "", "otpgate.toml:1: there is no option \"http\""},
        {"[http.tls]\nx = 1\n", "",
         "otpgate.toml:2: there is no option \"http.tls.x\"; did you mean http.tls?"},
        {"[http]\ntls = [true]\n", "http.tls", "otpgate.toml:2: http.tls must be a plain value"},
        {"[http]\nloops = [1]\n", "http.loops",
         "otpgate.toml:2: http.loops must be one value, not a list"},
        {"[http]\nlisten = [[1]]\n", "http.listen",
         "otpgate.toml:2: http.listen must be a plain value"},
        {"[http]\nnames = [\"a,b\"]\n", "http.names",
         "otpgate.toml:2: http.names must be a plain value"},
        {"[http]\nloops = 1.5\n", "http.loops",
         "otpgate.toml:2: http.loops is \"1.5\", but must be a whole number"},
        {"[otp]\nttl = 2026-01-02\n", "otp.ttl", "otpgate.toml:2: otp.ttl must be a plain value"},
        {"[data]\ndir = 5\n", "data.dir", "otpgate.toml:2: data.dir must be text in quotes"},
        {"[data]\ndir = true\n", "data.dir", "otpgate.toml:2: data.dir must be text in quotes"},
        {"[data]\ndir = \"a\\u0000b\"\n", "data.dir",
         "otpgate.toml:2: data.dir is \"a\\u0000b\", but must be text without control characters"},
        {"[store]\nurl = \"postgresql://me:hush\\n@db\"\n", "store.url",
         "otpgate.toml:2: store.url must be text without control characters"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(add(cases[i].text), OG_E_INVALID);
        assert_string_equal(err.text, cases[i].message);
        assert_string_equal(err.field, cases[i].field);
    }
    /* and nothing of it counted */
    for (int i = 0; i < og_option_count; i++) {
        assert_int_equal(config.origins[i].source, OG_CONFIG_FROM_DEFAULT);
    }
}

static void
broken_files_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[otp\n", "otp", "\n\notp.ttl = \n", "a = 1\na = 2\n", "[a]\n[a]\n", "x = \"\xFF\"\n",
        "= 1\n", "x = 1 y = 2\n", "x = 99999999999999999999\n", "\xEF\xBB\xBF[x",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(add(texts[i]), OG_E_INVALID);
        assert_int_equal(strncmp(err.text, "otpgate.toml:", 13), 0);
        assert_true(strlen(err.text) > 17);
    }
    assert_int_equal(add("\n\notp.ttl = \n"), OG_E_INVALID);
    assert_int_equal(strncmp(err.text, "otpgate.toml:3: ", 16), 0);
    assert_int_equal(og_config_add_text(&config, "t", (struct og_str){NULL, 0}, &err), OG_OK);

    struct og_buf deep;
    og_buf_init(&deep, 1 << 20);
    og_buf_add_cstr(&deep, "x = ");
    for (int i = 0; i < 100000; i++) {
        og_buf_add_byte(&deep, '[');
    }
    assert_int_equal(og_config_add_text(&config, "t", og_buf_str(&deep), &err), OG_E_INVALID);
    og_buf_finish(&deep);
}

static void
long_names_keep_the_end_of_the_message(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'd', sizeof(name));
    memcpy(name + 280, "/otpgate.toml", 14);
    assert_int_equal(og_config_add_text(&config, name, OG_STR("[otp]\nttl = 1\n"), &err),
                     OG_E_INVALID);
    assert_non_null(strstr(err.text, "/otpgate.toml:2: otp.ttl is 1s, but must be between 60s"));
}

static void
the_environment_sets_values(void **state)
{
    (void)state;
    const char *good[] = {"HOME=/root", "OTPGATE_OTP_TTL=90s", "OTPGATE_HTTP_LISTEN=localhost:1",
                    "OTPGATE_CONFIG=elsewhere.toml", "OTPGATE_OTP_BRAND=a=b", "OTPGATES=1", NULL};
    assert_int_equal(og_config_add_environment(&config, good, &err), OG_OK);
    assert_int_equal(config.otp.ttl_ms, 90000);
    assert_string_equal(config.http.listen.items[0].address, "localhost");
    assert_string_equal(config.otp.brand, "a=b");
    assert_int_equal(og_config_add_environment(&config, NULL, &err), OG_OK);

    const char *bad_value[] = {"OTPGATE_OTP_TTL=never", NULL};
    assert_int_equal(og_config_add_environment(&config, bad_value, &err), OG_E_INVALID);
    assert_string_equal(err.text, "OTPGATE_OTP_TTL: otp.ttl is \"never\", but must be a time such "
                                  "as 500ms, 30s, 5m or 24h");
    const char *bad_name[] = {"OTPGATE_OTP_TTLS=90s", NULL};
    assert_int_equal(og_config_add_environment(&config, bad_name, &err), OG_E_INVALID);
    assert_string_equal(err.text, "environment: there is no option \"OTPGATE_OTP_TTLS\"; did you "
                                  "mean OTPGATE_OTP_TTL?");
    const char *no_value[] = {"OTPGATE_DATA_DIR", NULL};
    assert_int_equal(og_config_add_environment(&config, no_value, &err), OG_E_INVALID);
}

/* Each row can be reached by its variable and by its flag. */
static void
every_option_has_a_variable_and_a_flag(void **state)
{
    (void)state;
    for (int i = 0; i < og_option_count; i++) {
        char variable[OG_OPTION_VARIABLE_BYTES], entry[256], flag[256];
        og_option_variable(&og_options[i], variable);
        snprintf(entry, sizeof(entry), "%s=%s", variable, og_options[i].fallback);
        snprintf(flag, sizeof(flag), "--%s=%s", og_options[i].name, og_options[i].fallback);
        const char *environ_one[] = {entry, NULL};
        assert_int_equal(og_config_add_environment(&config, environ_one, &err), OG_OK);
        assert_int_equal(config.origins[i].source, OG_CONFIG_FROM_ENVIRONMENT);
        const char *argv[] = {flag};
        int index = 0;
        bool taken = false;
        const bool is_unflagged = og_options[i].is_unflagged;
        assert_int_equal(og_config_take_flag(&config, 1, argv, &index, &taken, &err),
                         is_unflagged ? OG_E_INVALID : OG_OK);
        assert_true(taken);
        if (is_unflagged) {
            continue;
        }
        assert_int_equal(index, 1);
        assert_int_equal(config.origins[i].source, OG_CONFIG_FROM_FLAG);
    }
}

static void
flags_take_their_values(void **state)
{
    (void)state;
    const char *argv[] = {"--listen", "localhost:80", "--http.tls", "--otp.ttl=90",
                          "--log-format", "json", "--data=/var/lib/otpgate", "--plain"};
    int index = 0;
    while (index < (int)COUNT(argv)) {
        bool taken = false;
        int before = index;
        assert_int_equal(og_config_take_flag(&config, COUNT(argv), argv, &index, &taken, &err),
                         OG_OK);
        assert_true(taken);
        assert_true(index > before);
    }
    assert_int_equal(index, COUNT(argv));
    assert_int_equal(config.http.listen.items[0].port, 80);
    assert_int_equal(config.otp.ttl_ms, 90000);
    assert_int_equal(config.log.format, OG_CONFIG_LOG_JSON);
    assert_string_equal(config.data.dir, "/var/lib/otpgate");
    assert_false(config.http.tls); /* the later flag wins */
}

static void
other_arguments_are_left(void **state)
{
    (void)state;
    static const char *const others[] = {"serve", "--oneshot", "-v", "--", "--=x", "", "-",
                                         "--count=5"};
    for (size_t i = 0; i < COUNT(others); i++) {
        const char *argv[] = {others[i]};
        int index = 0;
        bool taken = true;
        assert_int_equal(og_config_take_flag(&config, 1, argv, &index, &taken, &err), OG_OK);
        assert_false(taken);
        assert_int_equal(index, 0);
    }
    assert_string_equal(og_config_flag_hint("--listn"), "--listen");
    assert_string_equal(og_config_flag_hint("--otp.tll=5"), "--otp.ttl");
    assert_null(og_config_flag_hint("--oneshot"));
    assert_null(og_config_flag_hint("serve"));
}

static void
wrong_flags_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *flag, *message;
    } cases[] = {
        {"--listen", "--listen needs a value"},
        {"--plain=yes", "--plain takes no value"},
        {"--otp.length=3", "--otp.length: otp.length is 3, but must be between 4 and 10"},
        {"--log-level=loud", "--log-level: log.level is \"loud\", but must be debug, info, warn "
                             "or error"},
        {"--redis.password=x", "--redis.password would show it to every user of this machine: use "
                               "redis.password_file, or the variable OTPGATE_REDIS_PASSWORD"},
        {"--http.tls=maybe", "--http.tls: http.tls is \"maybe\", but must be true or false"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *argv[] = {cases[i].flag};
        int index = 0;
        bool taken = false;
        assert_int_equal(og_config_take_flag(&config, 1, argv, &index, &taken, &err),
                         OG_E_INVALID);
        assert_string_equal(err.text, cases[i].message);
    }
}

static void
stronger_sources_win_in_any_order(void **state)
{
    (void)state;
    const char *argv[] = {"--otp.ttl=100"};
    const char *env[] = {"OTPGATE_OTP_TTL=200", "OTPGATE_OTP_ATTEMPTS=4", NULL};
    int index = 0;
    bool taken;
    assert_int_equal(og_config_take_flag(&config, 1, argv, &index, &taken, &err), OG_OK);
    assert_int_equal(og_config_add_environment(&config, env, &err), OG_OK);
    assert_int_equal(add("[otp]\nttl = 400\nattempts = 3\nsends_max = 2\n"), OG_OK);
    assert_int_equal(config.otp.ttl_ms, 100000);
    assert_int_equal(config.otp.attempts, 4);
    assert_int_equal(config.otp.sends_max, 2);
    /* what is overruled must be right all the same, and changes nothing */
    assert_int_equal(add("[otp]\nttl = 601\n"), OG_E_INVALID);
    assert_int_equal(config.otp.ttl_ms, 100000);
}

static void
options_that_contradict_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text, *field;
    } cases[] = {
        {"[http]\ntls = false\n", "http.tls"},
        {"[http]\ntls = false\nlisten = [\"127.0.0.1:1\", \"192.0.2.1:1\"]\n", "http.tls"},
        {"[http]\ntls = false\nlisten = \"[::]:1\"\n", "http.tls"},
        {"[http]\ncert_file = \"c.pem\"\n", "http.key_file"},
        {"[http]\nkey_file = \"k.pem\"\n", "http.cert_file"},
        {"[otp]\nlength = 5\n", "otp.length"},
        {"[otp]\nlength = 4\nallow_weak = false\n", "otp.length"},
        {"[http]\ntls = false\nplain_anywhere = true\n", NULL},
        {"[http]\ntls = false\nlisten = \"127.9.9.9:1,[::1]:1,localhost:1\"\n", NULL},
        {"[http]\ncert_file = \"c.pem\"\nkey_file = \"none/k.pem\"\n", NULL},
        {"[otp]\nlength = 4\nallow_weak = true\n", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        og_config_finish(&config);
        og_config_init(&config);
        assert_int_equal(add(cases[i].text), OG_OK);
        enum og_code code = og_config_check(&config, &err);
        assert_int_equal(code, cases[i].field ? OG_E_INVALID : OG_OK);
        if (cases[i].field) {
            assert_string_equal(err.field, cases[i].field);
        }
    }
}

static void
loading_finds_its_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/otpgate-config-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[80], key[80], variable[120], text[200];
    snprintf(path, sizeof(path), "%s/my.toml", folder);
    snprintf(key, sizeof(key), "%s/key.pem", folder);
    snprintf(variable, sizeof(variable), "OTPGATE_CONFIG=%s", path);
    snprintf(text, sizeof(text), "[http]\nkey_file = \"%s\"\ncert_file = \"c.pem\"\n", key);
    const char *env[] = {variable, NULL};
    const char *no_env[] = {NULL};

    assert_int_equal(og_config_load(&config, path, no_env, &err), OG_E_NOT_FOUND);
    assert_int_equal(og_config_load(&config, NULL, env, &err), OG_E_NOT_FOUND);
    assert_int_equal(og_config_load(&config, NULL, no_env, &err), OG_OK);
    assert_string_equal(config.file, "");

    assert_int_equal(og_file_write(path, og_str_from(text), 0644, NULL), OG_OK);
    assert_int_equal(og_file_write(key, OG_STR("key"), 0640, NULL), OG_OK);
    assert_int_equal(og_config_load(&config, NULL, env, &err), OG_OK);
    assert_string_equal(config.file, path);
    assert_string_equal(config.http.key_file, key);

    assert_int_equal(chmod(key, 0644), 0);
    assert_int_equal(og_config_load(&config, path, no_env, &err), OG_E_INVALID);
    assert_string_equal(err.field, "http.key_file");
    assert_non_null(strstr(err.text, "everybody on this machine can read"));
    unlink(path);
    unlink(key);
    rmdir(folder);
}

static void
what_is_in_effect_is_shown(void **state)
{
    (void)state;
    struct og_config again;
    const char *argv[] = {"--store=postgresql://me:hush@db/x"};
    const char *env[] = {"OTPGATE_OTP_BRAND=\"Acme\"", NULL};
    int index = 0;
    bool taken;
    assert_int_equal(og_config_take_flag(&config, 1, argv, &index, &taken, &err), OG_OK);
    assert_int_equal(og_config_add_environment(&config, env, &err), OG_OK);
    assert_int_equal(add("\n[otp]\nttl = \"2m\"\n"), OG_OK);
    char *text = capture(og_config_write, &config);
    assert_null(strstr(text, "hush"));
    assert_non_null(strstr(text, "\n#url = (hidden)  # flag\n"));
    assert_non_null(strstr(text, "\nttl = \"120s\"  # line 3\n"));
    assert_non_null(strstr(text, "\nbrand = \"\\\"Acme\\\"\"  # OTPGATE_OTP_BRAND\n"));
    assert_non_null(strstr(text, "\nlisten = [\"0.0.0.0:8443\"]  # default\n"));
    og_config_init(&again);
    assert_int_equal(og_config_add_text(&again, "t", og_str_from(text), &err), OG_OK);
    assert_int_equal(again.otp.ttl_ms, 120000);
    og_config_finish(&again);
    free(text);
}

static void
collect_name(void *ctx, const struct og_option *option)
{
    og_buf_printf(ctx, "%s%s ", option->name, option->is_reloadable ? "*" : "");
}

static void
changes_are_found(void **state)
{
    (void)state;
    struct og_config fresh;
    struct og_buf names;
    og_buf_init(&names, 200);
    og_config_init(&fresh);
    assert_int_equal(og_config_add_text(&fresh, "t",
                                        OG_STR("[log]\nlevel = \"debug\"\nformat = \"auto\"\n"
                                               "[http]\nlisten = \"localhost:1\"\n"),
                                        &err),
                     OG_OK);
    og_config_each_change(&config, &fresh, collect_name, &names);
    assert_string_equal(names.ptr, "log.level* http.listen ");
    og_buf_finish(&names);
    og_config_finish(&fresh);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_config, close_config)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_sets_values),
        TEST(faults_in_a_file_name_their_line),
        TEST(broken_files_are_refused),
        TEST(long_names_keep_the_end_of_the_message),
        TEST(the_environment_sets_values),
        TEST(every_option_has_a_variable_and_a_flag),
        TEST(flags_take_their_values),
        TEST(other_arguments_are_left),
        TEST(wrong_flags_are_refused),
        TEST(stronger_sources_win_in_any_order),
        TEST(options_that_contradict_are_refused),
        TEST(loading_finds_its_file),
        TEST(what_is_in_effect_is_shown),
        TEST(changes_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
