/*
 * The three forms. Labels are few and bounded: kinds, severities, ids; figures go into annotations,
 * because a label that changes would be another alert.
 * Sources: Alertmanager's OpenAPI (api/v2), RFC 5322.
 */
#include "alert/letter.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DATE_BYTES 64

static const struct og_alert_kind_row *
row_of(const struct og_alert *alert)
{
    return &og_alert_kinds[alert->kind];
}

void
og_alert_sentence(const struct og_alert *alert, struct og_buf *out)
{
    const struct og_alert_kind_row *row = row_of(alert);
    og_buf_add_cstr(out, row->text);
    if (alert->subject[0]) {
        og_buf_printf(out, ": %s", alert->subject);
    }
    if (row->unit[0]) {
        og_buf_printf(out, " (%lld %s)", (long long)alert->figure, row->unit);
    }
}

static void
add_sentence(const struct og_alert *alert, struct og_json_writer *w, const char *name)
{
    struct og_buf text;
    og_buf_init(&text, 512);
    og_alert_sentence(alert, &text);
    og_json_add_str(w, name, og_buf_str(&text));
    og_buf_finish(&text);
}

void
og_alert_write(const struct og_alert *alert, struct og_json_writer *w)
{
    const struct og_alert_kind_row *row = row_of(alert);
    og_json_object(w, NULL);
    og_json_add_cstr(w, "kind", row->word);
    og_json_add_cstr(w, "severity", og_alert_severity_name(row->severity));
    og_json_add_cstr(w, "state", alert->ended_at ? "ended" : "active");
    og_json_add_cstr(w, "subject", alert->subject);
    og_json_add_i64(w, "figure", alert->figure);
    og_json_add_cstr(w, "unit", row->unit);
    add_sentence(alert, w, "text");
    og_json_add_time(w, "started_at", alert->started_at);
    if (alert->ended_at) {
        og_json_add_time(w, "ended_at", alert->ended_at);
    } else {
        og_json_add_null(w, "ended_at");
    }
    og_json_end(w);
}

static void
write_labels(const struct og_alert_letter *letter, const struct og_alert *alert,
             struct og_json_writer *w)
{
    og_json_object(w, "labels");
    og_json_add_cstr(w, "alertname", row_of(alert)->word);
    og_json_add_cstr(w, "job", "otpgate");
    og_json_add_cstr(w, "instance", letter->instance);
    og_json_add_cstr(w, "severity", og_alert_severity_name(row_of(alert)->severity));
    if (alert->subject[0]) {
        og_json_add_cstr(w, row_of(alert)->subject, alert->subject);
    }
    og_json_end(w);
}

void
og_alert_letter_alertmanager(const struct og_alert_letter *letter, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_array(&w, NULL);
    for (int i = 0; i < letter->count; i++) {
        const struct og_alert *alert = &letter->alerts[i];
        og_json_object(&w, NULL);
        write_labels(letter, alert, &w);
        og_json_object(&w, "annotations");
        og_json_add_cstr(&w, "summary", row_of(alert)->text);
        add_sentence(alert, &w, "description");
        og_json_end(&w);
        og_json_add_time(&w, "startsAt", alert->started_at);
        if (alert->ended_at) {
            og_json_add_time(&w, "endsAt", alert->ended_at);
        }
        og_json_end(&w);
    }
    og_json_end(&w);
}

void
og_alert_letter_plain(const struct og_alert_letter *letter, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "source", letter->instance);
    og_json_array(&w, "alerts");
    for (int i = 0; i < letter->count; i++) {
        og_alert_write(&letter->alerts[i], &w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

/* "Sun, 22 Nov 2026 20:32:09 +0000" */
static void
format_date(int64_t at, char out[DATE_BYTES])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = (time_t)(at / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    snprintf(out, DATE_BYTES, "%s, %02d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
add_subject(const struct og_alert_letter *letter, struct og_buf *out)
{
    const struct og_alert *first = &letter->alerts[0];
    og_buf_printf(out, "Subject: [otpgate] %s: %s", first->ended_at ? "ended" : "alert",
                row_of(first)->word);
    if (letter->count > 1) {
        og_buf_printf(out, " and %d more", letter->count - 1);
    }
    og_buf_add_cstr(out, "\r\n");
}

static void
add_text(const struct og_alert *alert, struct og_buf *out)
{
    char start[OG_TIME_TEXT_BYTES], end[OG_TIME_TEXT_BYTES];
    og_alert_sentence(alert, out);
    og_time_format(alert->started_at, start);
    og_buf_printf(out, "\r\n  %s, %s, since %s", row_of(alert)->word,
                og_alert_severity_name(row_of(alert)->severity), start);
    if (alert->ended_at) {
        og_time_format(alert->ended_at, end);
        og_buf_printf(out, " until %s", end);
    }
    og_buf_add_cstr(out, "\r\n\r\n");
}

void
og_alert_letter_mail(const struct og_alert_letter *letter,
                     const struct og_alert_envelope *envelope, struct og_buf *out)
{
    char date[DATE_BYTES];
    format_date(envelope->at, date);
    og_buf_printf(out, "From: <%s>\r\nTo: ", envelope->from);
    for (size_t i = 0; i < envelope->to.count; i++) {
        og_buf_printf(out, "%s<%" OG_STR_FMT ">", i ? ",\r\n " : "",
                    OG_STR_ARG(envelope->to.items[i]));
    }
    og_buf_printf(out, "\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n", date, envelope->id,
                letter->instance);
    add_subject(letter, out);
    og_buf_add_cstr(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                         "Auto-Submitted: auto-generated\r\n\r\n");
    for (int i = 0; i < letter->count; i++) {
        add_text(&letter->alerts[i], out);
    }
    og_buf_printf(out, "From the gateway on %s; `otpgate alerts` shows what lasts.\r\n",
                letter->instance);
}
