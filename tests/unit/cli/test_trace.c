/*
 * A time line as people read it: aligned, with times since the first step, every step and wait in a
 * sentence, colours only where they are wanted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/trace_cmd.h"
#include "cli/trace_words.h"

/* What is printed of this answer; the caller frees it. */
static char *
print(const char *answer, bool colour)
{
    struct og_cli cli = {.colour = colour};
    struct og_json_doc doc;
    struct og_err err;
    char *text = NULL;
    size_t size = 0;
    og_arena_init(&cli.mem, 0);
    assert_int_equal(og_json_parse(og_str_from(answer), OG_JSON_DEPTH_DEFAULT, &doc, &err), OG_OK);
    cli.out = open_memstream(&text, &size);
    og_trace_print(&cli, doc.root);
    fclose(cli.out);
    og_json_doc_finish(&doc);
    og_arena_finish(&cli.mem);
    return text;
}

#define PHONE "{\"id\":\"p1\",\"name\":\"Pixel 8\"}"
#define OTHER "{\"id\":\"p2\"}"
#define HEAD                                                                                      \
    "{\"id\":\"m1\",\"kind\":\"message\",\"class\":\"otp\",\"state\":\"Pending\","                \
    "\"now\":\"2026-01-01T12:00:20.000Z\",\"limit\":\"2026-01-01T12:05:00.000Z\","
#define STEP(at, name, rest)                                                                      \
    "{\"at\":\"2026-01-01T" at "\",\"step\":\"" name "\",\"of\":\"message\"" rest "}"

static void
a_message_that_waits(void **state)
{
    (void)state;
    char *text = print(
        HEAD "\"final\":false,\"waiting\":{\"for\":\"sim_pace\",\"by\":\"minute\",\"until\":"
             "\"2026-01-01T12:00:41.000Z\",\"device\":" OTHER "},\"steps\":["
        STEP("12:00:00.000Z", "accepted",
             ",\"device\":" PHONE ",\"parts\":2,\"recipients\":1,\"sim\":1") ","
        STEP("12:00:03.840Z", "replanned", ",\"device\":" OTHER ",\"from\":" PHONE
                                           ",\"reason\":\"not_fetched\"") "]}",
        false);
    assert_string_equal(
        text,
        "message m1\n"
        "  class      otp\n"
        "  state      Pending\n"
        "  day        2026-01-01, times in UTC\n"
        "\n"
        "  12:00:00.000      +0.0 s  accepted      on disk; planned for Pixel 8; 2 parts for 1 "
        "recipient; SIM 1\n"
        "  12:00:03.840      +3.8 s  replanned     moved from Pixel 8 to p2, nobody had it yet; its "
        "phone was told and did not come\n"
        "\n"
        "  waits for the pace of p2's SIM, by minute, until 2026-01-01 12:00:41Z\n"
        "  over by   2026-01-01 12:05:00Z at the latest\n"
        "  hint      More SIMs, or a higher sim.parts_per_minute, make it faster; see "
        "docs/routing.md.\n");
    free(text);
}

static void
a_long_life_that_failed(void **state)
{
    (void)state;
    char *text = print(
        HEAD "\"final\":true,\"waiting\":null,\"steps\":["
        STEP("12:00:00.000Z", "accepted", "") ","
        STEP("12:03:20.000Z", "failed_over", ",\"device\":" OTHER ",\"from\":" PHONE
             ",\"route\":2,\"routes\":3,\"possibleDuplicate\":true,\"reason\":\"silent\"") ","
        STEP("14:05:00.000Z", "failed",
             ",\"reason\":\"Send result: RESULT_ERROR_NO_SERVICE\"") "],\"cut\":true}",
        true);
    assert_non_null(strstr(text, "+3 min 20 s  \033[33mfailed_over\033[0m"));
    assert_non_null(strstr(text, "from Pixel 8 to p2; route 2 of 3; nothing was heard of it"));
    assert_non_null(strstr(text, "possibly sent twice"));
    assert_non_null(strstr(text, "+2 h 5 min  \033[31mfailed\033[0m"));
    assert_non_null(strstr(text, "RESULT_ERROR_NO_SERVICE: the phone has no signal"));
    assert_non_null(strstr(text, "planned for no phone yet"));
    assert_non_null(strstr(text, "… and more"));
    assert_null(strstr(text, "waits for"));
    assert_non_null(strstr(text, "hint      Send it again"));
    free(text);
}

static void
a_webhook_and_what_is_new(void **state)
{
    (void)state;
    char *text = print(
        HEAD "\"final\":true,\"waiting\":null,\"steps\":["
        STEP("12:00:00.000Z", "webhook",
             ",\"event\":\"sms:sent\",\"tries\":2,\"result\":\"given_up\",\"reason\":"
             "\"status 500\"") ","
        STEP("12:00:00.100Z", "webhook", ",\"event\":\"sms:sent\",\"result\":\"queued\"") ","
        STEP("12:00:01.000Z", "of a newer server", "") "]}",
        false);
    assert_non_null(strstr(text, "sms:sent to a webhook: given up (2 tries); status 500\n"));
    assert_non_null(strstr(text, "sms:sent is on its way to a webhook\n"));
    assert_non_null(strstr(text, "of a newer server"));
    assert_null(strstr(text, "\033"));
    free(text);
}

/* Every word that the API may say has its sentence. */
static void
every_wait_is_explained(void **state)
{
    static const char *const whats[] = {
        "schedule", "fetch",  "phone_offline",   "no_phone", "sim_pace", "quarantine", "otp_first",
        "ahead",    "report", "delivery_report", "cancel",   "sent",     "check"};
    (void)state;
    for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++) {
        char answer[512], words[64];
        snprintf(answer, sizeof answer,
                 HEAD "\"final\":false,\"waiting\":{\"for\":\"%s\"},\"steps\":[" STEP(
                     "12:00:00.000Z", "accepted", "") "]}",
                 whats[i]);
        snprintf(words, sizeof words, "waits for %s\n", whats[i]);
        char *text = print(answer, false);
        assert_non_null(strstr(text, "waits for "));
        assert_null(strstr(text, words)); /* a sentence, not the word */
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_waits),
        cmocka_unit_test(a_long_life_that_failed),
        cmocka_unit_test(a_webhook_and_what_is_new),
        cmocka_unit_test(every_wait_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
