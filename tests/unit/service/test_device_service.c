/*
 * Phones: joining, changing, being seen, and who is there.
 */
#include "message_fixture.h"

static struct og_device
row_of_phone(struct world *w, struct og_str id)
{
    struct og_device d;
    must(w, og_device_find(w->db, ACCOUNT, id, &w->mem, &d, &w->err));
    return d;
}

static void
test_a_phone_joins(void **state)
{
    struct world *w = *state;
    struct og_device_register_op *op = new_register(w, ACCOUNT), *other = new_register(w, ACCOUNT);
    op->sims = OG_STR("[{\"slotIndex\":0,\"simNumber\":1}]");
    op->app_version = OG_STR("app/1.68");
    must(w, world_run_one(w, REGISTER(op)));
    must(w, world_run_one(w, REGISTER(other)));
    assert_string_not_equal(op->token, other->token);
    assert_int_equal(strlen(op->token), OG_DEVICE_TOKEN_CHARS);
    struct og_device row = row_of_phone(w, op->out.id);
    assert_text(row.name, OG_STR("phone"));
    assert_text(row.sims, op->sims);
    assert_text(row.app_version, op->app_version);
    assert_int_equal(row.created_at, NOON);
    assert_int_equal(row.last_seen_at, NOON);
    /* the token opens the door by its digest only */
    char digest[OG_DIGEST_HEX_CHARS + 1];
    struct og_device found;
    og_device_token_digest(&w->svc, og_str_from(op->token), digest);
    assert_string_not_equal(digest, op->token);
    must(w, og_device_by_token(w->db, og_str_from(digest), &w->mem, &found, &w->err));
    assert_text(found.id, op->out.id);
    assert_int_equal(og_device_by_token(w->db, og_str_from(op->token), &w->mem, &found, &w->err),
                     OG_E_NOT_FOUND);
    struct og_key other_key;
    uint8_t bytes[OG_KEY_BYTES] = {7};
    char other_digest[OG_DIGEST_HEX_CHARS + 1];
    og_key_from_bytes(bytes, &other_key);
    w->svc.keys.token = other_key;
    og_device_token_digest(&w->svc, og_str_from(op->token), other_digest);
    assert_string_not_equal(digest, other_digest);
}

static void
test_a_lost_batch_joins_nobody(void **state)
{
    struct world *w = *state;
    w->next_commit = OG_FAULT_FULL;
    assert_int_equal(world_run_one(w, REGISTER(new_register(w, ACCOUNT))), OG_E_UNAVAILABLE);
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).devices, 0);
    struct og_str phone = add_phone(w);
    w->next_commit = OG_FAULT_FULL;
    struct og_device_remove_op *op = new_remove(w, ACCOUNT, phone);
    assert_int_equal(world_run_one(w, REMOVE(op)), OG_E_UNAVAILABLE);
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).devices, 1);
    row_of_phone(w, phone);
}

#define PATCH(op) STEP(op, og_device_patch_apply, NULL)
#define LIST(op) STEP(op, og_device_list_apply, NULL)
#define GET(op) STEP(op, og_device_get_apply, NULL)

static void
test_a_phone_says_what_changed(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_device_patch_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = ACCOUNT,
                                    .device_id = phone,
                                    .sims = OG_STR("[1]"), .app_version = OG_STR("app/2")};
    w->now_ms += 60000;
    must(w, world_run_one(w, PATCH(&op)));
    struct og_device row = row_of_phone(w, phone);
    assert_text(row.name, OG_STR("phone"));
    assert_text(row.sims, OG_STR("[1]"));
    assert_text(row.app_version, OG_STR("app/2"));
    assert_int_equal(row.updated_at, w->now_ms);
    assert_int_equal(row.last_seen_at, w->now_ms);
    remove_phone(w, phone);
    assert_int_equal(world_run_one(w, PATCH(&op)), OG_E_NOT_FOUND);
}

static void
test_the_list_knows_who_is_there(void **state)
{
    struct world *w = *state;
    struct og_str here = add_phone(w), away = add_phone(w);
    struct og_str foreign = add_phone_of(w, OTHER_ACCOUNT);
    set_present(w, here, true);
    w->now_ms += 5000;
    pull(w, away);
    w->now_ms += 5000;
    struct og_device_list_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = ACCOUNT};
    must(w, world_run_one(w, LIST(&op)));
    assert_int_equal(op.count, 2);
    assert_text(op.items[0].id, here);
    assert_text(op.items[1].id, away);
    assert_true(op.is_connected[0]);
    assert_false(op.is_connected[1]);
    assert_int_equal(op.items[0].last_seen_at, w->now_ms);
    assert_int_equal(op.items[1].last_seen_at, NOON + 5000);
    op.account_id = OG_STR("");
    must(w, world_run_one(w, LIST(&op)));
    assert_int_equal(op.count, 3);
    assert_text(op.items[2].id, foreign);
    op.account_id = OG_STR("nobody");
    must(w, world_run_one(w, LIST(&op)));
    assert_int_equal(op.count, 0);
}

static void
test_a_phone_asks_for_itself(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_device_get_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = ACCOUNT,
                                  .device_id = phone};
    must(w, world_run_one(w, GET(&op)));
    assert_text(op.out.id, phone);
    op.account_id = OTHER_ACCOUNT;
    assert_int_equal(world_run_one(w, GET(&op)), OG_E_NOT_FOUND);
    op = (struct og_device_get_op){.svc = &w->svc, .mem = &w->mem}; /* nobody asks */
    must(w, world_run_one(w, GET(&op)));
    assert_int_equal(op.out.id.len, 0);
}

/* ---- presence ---- */

static void
test_presence_calls_for_what_waits(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    set_present(w, phone, true);
    assert_heard(w, ear, "");
    set_present(w, phone, false);
    struct og_message m = send_one(w);
    assert_heard(w, ear, "M");
    set_present(w, phone, true);
    assert_heard(w, ear, "M");
    pull(w, phone);
    assert_heard(w, ear, "");
    set_present(w, phone, false);
    set_present(w, phone, true); /* what it had may have been lost on the way */
    assert_heard(w, ear, "M");
    report(w, phone, m.id, OG_MESSAGE_SENT);
    set_present(w, phone, false);
    set_present(w, phone, true);
    assert_heard(w, ear, "");
}

/* It is told in the batch's turn even if the batch is lost: a broken disk hides no phone. */
static void
test_presence_needs_no_disk(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_presence_op *op = new_presence(w, phone, true);
    struct og_message_ask ask = new_ask();
    struct step batch[] = {SEND(new_send(w, &ask)), PRESENCE(op)};
    w->next_commit = OG_FAULT_IO;
    assert_false(world_run(w, batch, 2));
    og_arena_finish(&op->mem);
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).connected, 1);
    assert_agreement(w);
}

static void
test_presence_of_unknown_phones_is_nothing(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    remove_phone(w, phone);
    set_present(w, phone, true);
    set_present(w, OG_STR("nobody"), true);
    set_present(w, OG_STR("nobody"), false);
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).connected, 0);
    assert_agreement(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_phone_joins),
        WITH_WORLD(test_a_lost_batch_joins_nobody),
        WITH_WORLD(test_a_phone_says_what_changed),
        WITH_WORLD(test_the_list_knows_who_is_there),
        WITH_WORLD(test_a_phone_asks_for_itself),
        WITH_WORLD(test_presence_calls_for_what_waits),
        WITH_WORLD(test_presence_needs_no_disk),
        WITH_WORLD(test_presence_of_unknown_phones_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
