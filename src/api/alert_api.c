/*
 * The board as JSON. It is memory under a short lock, so no lane is asked: it answers while the
 * database is in trouble.
 */
#include "api/alert_api.h"

#include "alert/letter.h"
#include "api/admin/priv.h"
#include "api/route_row.h"

static enum og_code
list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    (void)op;
    return og_admin_only_operator(call, "", err);
}

static void
list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_alert *alerts =
        OG_ARENA_ARRAY(og_call_mem(call), struct og_alert, OG_ALERTS_MAX);
    const int count = og_alert_list(og_call_services(call)->alerts, alerts, OG_ALERTS_MAX);
    struct og_json_writer w;
    (void)op;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "alerts");
    for (int i = 0; i < count; i++) {
        og_alert_write(&alerts[i], &w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

static enum og_code
test_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    (void)op;
    const enum og_code code = og_admin_only_operator(call, "", err);
    if (code == OG_OK && call->req->method == OG_POST) {
        og_alert_raise(og_call_services(call)->alerts, OG_ALERT_TEST, OG_STR(""), 0);
    }
    return code;
}

const struct og_route og_alert_routes[] = {
    {ADMIN(OG_GET, "/alerts"), 0, 200, .decode = list_decode, .encode = list_encode},
    {ADMIN(OG_POST, "/alerts/test"), 0, 202, .decode = test_decode},
};

const int og_alert_route_count = sizeof og_alert_routes / sizeof og_alert_routes[0];
