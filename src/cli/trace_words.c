/*
 * Sentences. A step is a row of a table: its words, with the member that goes into them. What a
 * phone gives as its reason is explained where Android's codes say something to act on.
 */
#include "cli/trace_words.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Which word of the step goes into its sentence. */
enum blank { NOTHING, DEVICE, MOVE, UNTIL, RESULT, HOOK };

static const struct sentence {
    const char *step, *words; /* with %s where the blank is */
    enum blank blank;
    enum og_trace_mood mood;
} sentences[] = {
    {"started", "a code was drawn; good until %s", UNTIL, OG_TRACE_PLAIN},
    {"resent", "the application asked to send it again", NOTHING, OG_TRACE_PLAIN},
    {"checked", "somebody typed a code: %s", RESULT, OG_TRACE_PLAIN},
    {"approved", "the right code came in time", NOTHING, OG_TRACE_GOOD},
    {"canceled", "the application called it off", NOTHING, OG_TRACE_CARE},
    {"locked", "too many wrong codes in a row: no new ones before %s", UNTIL, OG_TRACE_BAD},
    {"accepted", "on disk; planned for %s", DEVICE, OG_TRACE_PLAIN},
    {"scheduled", "held back until %s", UNTIL, OG_TRACE_PLAIN},
    {"released", "its time has come; for %s", DEVICE, OG_TRACE_PLAIN},
    {"replanned", "moved %s, nobody had it yet", MOVE, OG_TRACE_CARE},
    {"waited", "had to wait until %s", UNTIL, OG_TRACE_CARE},
    {"pushed", "%s was told to fetch", DEVICE, OG_TRACE_PLAIN},
    {"handed", "%s fetched it", DEVICE, OG_TRACE_PLAIN},
    {"processed", "%s gave it to its radio", DEVICE, OG_TRACE_PLAIN},
    {"failed_over", "another route: %s", MOVE, OG_TRACE_CARE},
    {"claimed", "a late word: it went out after all, %s", MOVE, OG_TRACE_CARE},
    {"sent", "%s sent it", DEVICE, OG_TRACE_GOOD},
    {"delivered", "the network says that it arrived", NOTHING, OG_TRACE_GOOD},
    {"cancel_asked", "the application asked to cancel it", NOTHING, OG_TRACE_CARE},
    {"cancelled", "cancelled before it was sent", NOTHING, OG_TRACE_CARE},
    {"given_up", "taken for lost: nothing was heard of it", NOTHING, OG_TRACE_BAD},
    {"withdrawn", "%s reported after all", DEVICE, OG_TRACE_GOOD},
    {"failed", "not sent", NOTHING, OG_TRACE_BAD},
    {"undeliverable", "not sent", NOTHING, OG_TRACE_BAD},
    {"expired", "its time was over", NOTHING, OG_TRACE_BAD},
    {"closed", "sent, and nothing more was heard of it", NOTHING, OG_TRACE_PLAIN},
    {"webhook", "%s", HOOK, OG_TRACE_PLAIN},
};

static const struct {
    const char *reason, *words;
} reasons[] = {
    {"not_fetched", "its phone was told and did not come"},
    {"offline", "its phone is not there"},
    {"quarantine", "its phone takes messages and does not send them"},
    {"sim_pace", "its SIM has sent as much as it may for now"},
    {"phone_removed", "its phone was removed"},
    {"sooner", "this one is sooner"},
    {"otp_first", "codes go first"},
    {"ahead", "the phone has enough to send for now"},
    {"silent", "nothing was heard of it for too long; the first phone may still send it"},
    {"TTL expired", "no phone took it in time"},
    {"no result from the phone in time", "the phone fetched it and never said what became of it"},
    {"undeliverable: no phone can take it", "no phone of the account could take it"},
    {"undeliverable: no phone could send it in time", "too little time was left to send it"},
    {"the phone was removed", "its phone was removed"},
    /* Android, SmsManager */
    {"RESULT_ERROR_NO_SERVICE", "the phone has no signal"},
    {"RESULT_ERROR_RADIO_OFF", "the phone is in flight mode, or its SIM is off"},
    {"RESULT_ERROR_LIMIT_EXCEEDED", "Android's own limit of messages: lower sim.parts_per_minute"},
    {"RESULT_ERROR_NULL_PDU", "the SIM took no message: often no SMS centre is set"},
    {"RESULT_ERROR_GENERIC_FAILURE", "the network refused it: often no credit, or a barred number"},
    {"RESULT_ERROR_SHORT_CODE", "Android asks its user before it sends to short numbers"},
    {"RESULT_INVALID_SMSC_ADDRESS", "the SIM's SMS centre is wrong"},
    {"RESULT_SIM_ABSENT", "there is no SIM in that slot"},
};

static const struct sentence *
find(const char *step)
{
    for (size_t i = 0; i < COUNT(sentences); i++) {
        if (strcmp(sentences[i].step, step) == 0) {
            return &sentences[i];
        }
    }
    return NULL;
}

enum og_trace_mood
og_trace_mood_of(const char *step)
{
    const struct sentence *row = find(step);
    return row ? row->mood : OG_TRACE_PLAIN;
}

/* ---- words ---- */

/* "Pixel 8", or its id; "a phone" when nobody is named. */
static const char *
phone_of(struct og_cli *cli, const struct og_json *step, const char *member)
{
    const struct og_json *device = og_json_get(step, member);
    const char *name = og_cli_text(cli, device, "name");
    const char *id = og_cli_text(cli, device, "id");
    return name[0] ? name : id[0] ? id : "no phone yet";
}

static const char *
clock_of(struct og_cli *cli, const struct og_json *step)
{
    return og_cli_time(cli, og_cli_text(cli, step, "until"));
}

static const char *
move_of(struct og_cli *cli, const struct og_json *step)
{
    return og_str_printf(&cli->mem, "from %s to %s", phone_of(cli, step, "from"),
                         phone_of(cli, step, "device"))
        .ptr;
}

static const char *
hook_of(struct og_cli *cli, const struct og_json *step)
{
    const char *result = og_cli_text(cli, step, "result");
    const long long tries = og_cli_int(step, "tries");
    const char *event = og_cli_text(cli, step, "event");
    if (strcmp(result, "queued") == 0) {
        return og_str_printf(&cli->mem, "%s is on its way to a webhook", event).ptr;
    }
    return og_str_printf(&cli->mem, "%s to a webhook: %s (%lld %s)", event,
                         strcmp(result, "given_up") == 0 ? "given up" : result, tries,
                         tries == 1 ? "try" : "tries")
        .ptr;
}

static const char *
fill(struct og_cli *cli, const struct og_json *step, enum blank blank)
{
    switch (blank) {
    case DEVICE:
        return phone_of(cli, step, "device");
    case MOVE:
        return move_of(cli, step);
    case UNTIL:
        return clock_of(cli, step);
    case RESULT:
        return og_cli_text(cli, step, "result");
    case HOOK:
        return hook_of(cli, step);
    case NOTHING:
        break;
    }
    return "";
}

/* The reason, and what it means where that is known. */
static const char *
explain(struct og_cli *cli, const char *reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (strcmp(reason, reasons[i].reason) == 0) {
            return reasons[i].words;
        }
        if (strstr(reason, reasons[i].reason)) {
            return og_str_printf(&cli->mem, "%s: %s", reason, reasons[i].words).ptr;
        }
    }
    return reason;
}

static const char *
counts_of(struct og_cli *cli, const struct og_json *step)
{
    const long long parts = og_cli_int(step, "parts"), people = og_cli_int(step, "recipients");
    const long long route = og_cli_int(step, "route"), sim = og_cli_int(step, "sim");
    const char *shown = "";
    if (people) {
        shown = og_str_printf(&cli->mem, "; %lld %s for %lld %s", parts,
                              parts == 1 ? "part" : "parts", people,
                              people == 1 ? "recipient" : "recipients")
                    .ptr;
    }
    if (sim) {
        shown = og_str_printf(&cli->mem, "%s; SIM %lld", shown, sim).ptr;
    }
    if (route) {
        shown = og_str_printf(&cli->mem, "%s; route %lld of %lld", shown, route,
                              (long long)og_cli_int(step, "routes"))
                    .ptr;
    }
    return shown;
}

const char *
og_trace_sentence(struct og_cli *cli, const struct og_json *step)
{
    const char *name = og_cli_text(cli, step, "step");
    const char *of = og_cli_text(cli, step, "of");
    const char *reason = og_cli_text(cli, step, "reason");
    const struct sentence *row = find(name);
    const char *words = "";
    if (strcmp(of, "verification") == 0 && strcmp(name, "failed") == 0) {
        words = "too many wrong codes";
    } else if (row) {
        const char *gap = strstr(row->words, "%s");
        words = gap ? og_str_printf(&cli->mem, "%.*s%s%s", (int)(gap - row->words), row->words,
                                    fill(cli, step, row->blank), gap + 2)
                          .ptr
                    : row->words;
    }
    const char *doubt = og_cli_flag(step, "possibleDuplicate") ? "; possibly sent twice"
                        : og_cli_flag(step, "assumed")         ? "; assumed, not proven"
                                                               : "";
    return og_str_printf(&cli->mem, "%s%s%s%s%s", words, counts_of(cli, step),
                         reason[0] ? "; " : "", reason[0] ? explain(cli, reason) : "", doubt)
        .ptr;
}

/* ---- now ---- */

static const struct {
    const char *what, *words, *hint; /* words with %s where the phone's name goes */
} waits[] = {
    {"schedule", "its time", ""},
    {"batch_paused", "its batch to go on", "`otpgate batch resume` lets it."},
    {"fetch", "%s to fetch it", "If that lasts: is the app's service running, and its battery "
                                "optimisation off?"},
    {"phone_offline", "%s to come back",
     "The phone has no stream open: look whether it has power and network, and the app runs."},
    {"no_phone", "a phone that can take it", "Connect a phone: `otpgate device list` tells which "
                                             "there are."},
    {"sim_pace", "the pace of %s's SIM", "More SIMs, or a higher sim.parts_per_minute, make it "
                                         "faster; see docs/routing.md."},
    {"quarantine", "%s to prove itself again", "The phone took messages and did not send them: "
                                               "look at its signal and credit."},
    {"otp_first", "codes that go first", ""},
    {"ahead", "%s to send what it has", ""},
    {"report", "a word of %s", "The phone has it and may send it at any moment."},
    {"sent", "the radio of %s", "If that lasts: look at the phone's signal and credit."},
    {"delivery_report", "the network's delivery report",
     "Many networks send none; the message is out."},
    {"cancel", "%s to answer the cancel", "Until it does, it may still send it."},
    {"check", "its code to be typed in", ""},
};

const char *
og_trace_wait(struct og_cli *cli, const struct og_json *line)
{
    const struct og_json *waiting = og_json_get(line, "waiting");
    const char *what = og_cli_text(cli, waiting, "for");
    const char *until = og_cli_time(cli, og_cli_text(cli, waiting, "until"));
    const char *by = og_cli_text(cli, waiting, "by");
    for (size_t i = 0; i < COUNT(waits); i++) {
        if (strcmp(waits[i].what, what) != 0) {
            continue;
        }
        const char *gap = strstr(waits[i].words, "%s");
        const char *words = gap ? og_str_printf(&cli->mem, "%.*s%s%s", (int)(gap - waits[i].words),
                                                waits[i].words,
                                                phone_of(cli, waiting, "device"), gap + 2)
                                      .ptr
                                : waits[i].words;
        return og_str_printf(&cli->mem, "%s%s%s%s%s", words, by[0] ? ", by " : "", by,
                             until[0] ? ", until " : "", until)
            .ptr;
    }
    return what;
}

/* Of what it waits for; of a failure, what may be done. */
const char *
og_trace_hint(struct og_cli *cli, const struct og_json *line)
{
    const char *what = og_cli_text(cli, og_json_get(line, "waiting"), "for");
    for (size_t i = 0; i < COUNT(waits); i++) {
        if (strcmp(waits[i].what, what) == 0) {
            return waits[i].hint;
        }
    }
    const struct og_json *steps = og_json_get(line, "steps");
    for (size_t i = og_json_count(steps); i > 0; i--) {
        const char *step = og_cli_text(cli, og_json_at(steps, i - 1), "step");
        if (strcmp(step, "undeliverable") == 0) {
            return "Nothing was sent: offer the user another way. `otpgate route explain` tells "
                   "why no phone would do.";
        }
        if (strcmp(step, "failed") == 0 || strcmp(step, "expired") == 0) {
            return "Send it again when the cause is mended; `otpgate device list` shows the "
                   "phones.";
        }
    }
    return "";
}
