/*
 * Commands as a shell sees them: exit codes, help, and which addresses a credential may go to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/files.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct temp_dir dir;

/* Runs `line` (words at single spaces) with standard output and error going to nowhere. */
static int
run(const char *line)
{
    static char program[] = "otpgate";
    char copy[512], *words[32] = {program};
    int count = 1;
    strcpy(copy, line);
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " ")) {
        words[count++] = at;
    }
    fflush(NULL);
    int out = dup(1), err = dup(2);
    assert_non_null(freopen("/dev/null", "w", stdout));
    assert_non_null(freopen("/dev/null", "w", stderr));
    int exit_code = og_cli_main(count, words);
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    return exit_code;
}

static void
exit_codes_are_kept(void **state)
{
    (void)state;
    char line[512];
    static const struct {
        const char *line;
        int exit_code;
    } cases[] = {
        {"version", OG_EXIT_OK},
        {"version --json", OG_EXIT_OK},
        {"version now", OG_EXIT_USAGE},
        {"help", OG_EXIT_OK},
        {"help account", OG_EXIT_OK},
        {"help account key create", OG_EXIT_OK},
        {"help nothing", OG_EXIT_USAGE},
        {"account", OG_EXIT_USAGE},
        {"account --help", OG_EXIT_OK},
        {"account create --help", OG_EXIT_OK},
        {"account burn", OG_EXIT_USAGE},
        {"account create", OG_EXIT_USAGE},
        {"account create a b", OG_EXIT_USAGE},
        {"account list --colour", OG_EXIT_USAGE},
        {"send +49170", OG_EXIT_USAGE},
        {"send --key k --ttl never +49170 hello", OG_EXIT_UNREACHABLE}, /* no server first */
        {"otp check --key k id", OG_EXIT_USAGE},
        {"apphash com.example.app /nowhere", OG_EXIT_USAGE},
        {"db check --data /nowhere", OG_EXIT_REFUSED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(line, sizeof line, "%s%s%s", cases[i].line,
                 strstr(cases[i].line, "--key") ? " --data " : "",
                 strstr(cases[i].line, "--key") ? dir.path : "");
        int exit_code = run(line);
        if (exit_code != cases[i].exit_code) {
            fail_msg("%s: %d", line, exit_code);
        }
    }
}

static void
no_credential_is_usage(void **state)
{
    (void)state;
    char line[512];
    snprintf(line, sizeof line, "send --data %s +49170 hello", dir.path);
    assert_int_equal(run(line), OG_EXIT_USAGE);
    snprintf(line, sizeof line, "account list --data %s", dir.path);
    assert_int_equal(run(line), OG_EXIT_USAGE);
}

/* A port that is bound, but where nobody listens. */
static void
nobody_there_is_unreachable(void **state)
{
    (void)state;
    char line[512];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(line, sizeof line, "account list --key k --data %s --url http://127.0.0.1:%d",
             dir.path, ntohs(address.sin_port));
    assert_int_equal(run(line), OG_EXIT_UNREACHABLE);
    close(fd);
}

static void
an_exposed_credential_is_not_used(void **state)
{
    (void)state;
    char path[PATH_MAX], line[512];
    struct og_err err;
    temp_dir_file(&dir, "operator.token", path);
    assert_int_equal(og_file_write(path, OG_STR("og_op_x\n"), 0644, &err), OG_OK);
    snprintf(line, sizeof line, "account list --data %s --url http://127.0.0.1:9", dir.path);
    assert_int_equal(run(line), OG_EXIT_USAGE);
    assert_int_equal(og_file_write(path, OG_STR("og_op_x\n"), 0600, &err), OG_OK);
    snprintf(line, sizeof line, "account list --data %s", dir.path);
    assert_int_equal(run(line), OG_EXIT_UNREACHABLE); /* now only the server is missing */
    unlink(path);
}

static void
every_command_has_a_home(void **state)
{
    (void)state;
    static const char *const names[] = {"account", "device", "send", "otp",
                                        "apphash", "db",     "version", "help"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_true(og_cli_has(names[i]));
    }
    assert_false(og_cli_has("serve"));
    assert_false(og_cli_has("acc"));
    assert_false(og_cli_has(""));
}

static void
only_this_machine_is_local(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool is_local;
    } cases[] = {
        {"http://localhost", true},
        {"https://localhost:8443", true},
        {"http://LOCALHOST/x", true},
        {"http://127.0.0.1:80", true},
        {"http://[::1]:80", true},
        {"http://localhost.example", false},
        {"http://127.0.0.11", false},
        {"http://example/localhost", false},
        {"https://gateway.example", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(og_client_is_local(og_str_from(cases[i].url)), cases[i].is_local);
    }
}

static void
credentials_leave_by_tls_only(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://gateway.example",
                                       "http://localhost:x@gateway.example", "ftp://localhost", "localhost:8443", ""};
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct og_client client = {.url = urls[i], .authorization = "Bearer x"};
        const struct og_client_ask ask = {.method = "GET", .path = "/"};
        struct og_client_answer answer;
        struct og_err err;
        assert_int_equal(og_client_call(&client, &ask, &answer, &err), OG_E_INVALID);
        assert_string_equal(err.field, "url");
        og_buf_finish(&answer.body);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_kept),
        cmocka_unit_test(no_credential_is_usage),
        cmocka_unit_test(nobody_there_is_unreachable),
        cmocka_unit_test(an_exposed_credential_is_not_used),
        cmocka_unit_test(every_command_has_a_home),
        cmocka_unit_test(only_this_machine_is_local),
        cmocka_unit_test(credentials_leave_by_tls_only),
    };
    static const char *const variables[] = {"OTPGATE_KEY", "OTPGATE_USER", "OTPGATE_URL",
                                            "OTPGATE_CA",  "OTPGATE_DATA_DIR"};
    struct og_err err;
    for (size_t i = 0; i < COUNT(variables); i++) {
        unsetenv(variables[i]);
    }
    if (og_crypto_init(&err) != OG_OK) {
        return 1;
    }
    temp_dir_make(&dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(&dir);
    return failed;
}
