/*
 * The one place where a row that nobody can open is noticed, whoever came across it.
 */
#include "store/sealed_box.h"

#include "base/metrics.h"

static struct og_metric unreadable = {
    .name = "otpgate_rows_unreadable_total",
    .labels = "",
    .help = "Stored rows met that do not open: damaged, or sealed with another master key.",
    .type = OG_METRIC_COUNTER,
};

enum og_code
og_box_fail(const char *what, struct og_err *err)
{
    og_metric_add(&unreadable, 1);
    return og_fail(err, OG_E_UNREADABLE, "",
                   "the stored %s cannot be opened: its row is damaged, or was sealed with "
                   "another master key", what);
}

enum og_code
og_box_open(const struct og_box_ask *ask, struct og_str box, struct og_arena *mem,
            struct og_str *out, struct og_err *err)
{
    struct og_buf plain;
    struct og_err unheard;
    *out = OG_STR("");
    if (box.len == 0) {
        return OG_OK;
    }
    og_buf_init(&plain, ask->max_bytes);
    enum og_code code = og_unseal(ask->seal, ask->context, box, &plain, &unheard);
    if (code == OG_OK) {
        *out = og_str_dup(mem, og_buf_str(&plain));
    } else {
        code = og_box_fail(ask->what, err);
    }
    og_buf_finish(&plain);
    return code;
}

int64_t
og_box_unreadable_count(void)
{
    return unreadable.value;
}

void
og_box_register_metrics(void)
{
    og_metrics_register(&unreadable, 1);
}
