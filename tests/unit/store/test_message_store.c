/*
 * Messages as rows: every field there and back, who may change a row from where, and what of it
 * can be read without the key.
 */
#include "message_fixture.h"

/* ---- fields ---- */

static struct og_message
full_message(struct rows *r)
{
    static struct og_message_recipient recipients[] = {
        {.number = {"+4915112345678", 14}, .state = OG_MESSAGE_SENT},
        {.number = {"911", 3}, .state = OG_MESSAGE_FAILED, .is_assumed = true,
         .error = {"TTL \xE2\x82\xAC expired", 15}},
    };
    struct og_message m = new_message(r);
    m.client_id = OG_STR("order:42");
    m.verification_id = OG_STR("ver-1");
    m.reason = OG_STR("why");
    m.cls = OG_CLASS_OTP;
    m.priority = -128;
    m.sim_number = 3;
    m.bound = m.want_report = m.encrypted = true;
    m.valid_until = NOON + 5000;
    m.deadline_at = NOON + 6000;
    m.record.recipients = recipients;
    m.record.recipient_count = COUNT(recipients);
    return m;
}

static void
test_every_field_comes_back(void **state)
{
    struct rows *r = *state;
    struct og_message m = full_message(r);
    insert(r, &m);
    struct og_message got = find(r, &m);
    assert_message(&got, &m);
    /* the empty ones too */
    struct og_message plain = new_message(r);
    plain.text = OG_STR("");
    insert(r, &plain);
    got = find(r, &plain);
    assert_message(&got, &plain);
    /* a message that has failed before it was stored */
    struct og_message late = new_message(r);
    late.record.state = late.record.recipients[0].state = OG_MESSAGE_FAILED;
    late.record.times.at_ms[OG_MESSAGE_FAILED] = NOON;
    late.final_at = NOON;
    insert(r, &late);
    got = find(r, &late);
    assert_message(&got, &late);
}

static void
test_save_writes_what_changes(void **state)
{
    struct rows *r = *state;
    struct og_message m = full_message(r);
    insert(r, &m);
    must_hand(r, &m, "phone-2");
    m.device_id = OG_STR("phone-2");
    m.handed_at = NOON + 10;
    m.record.state = OG_MESSAGE_FAILED;
    m.record.is_assumed = true;
    for (int i = 1; i < OG_MESSAGE_STATE_COUNT; i++) {
        m.record.times.at_ms[i] = NOON + i;
    }
    m.reason = OG_STR("another");
    m.deadline_at = NOON + 9000;
    m.final_at = NOON + 99;
    save(r, &m, OG_MESSAGE_PENDING);
    struct og_message got = find(r, &m);
    assert_message(&got, &m);
    /* and takes back */
    m.record.state = OG_MESSAGE_SENT;
    m.record.is_assumed = false;
    m.record.times.at_ms[OG_MESSAGE_FAILED] = 0;
    m.reason = OG_STR("");
    m.final_at = 0;
    save(r, &m, OG_MESSAGE_FAILED);
    got = find(r, &m);
    assert_message(&got, &m);
}

static void
test_text_stays_until_erased(void **state)
{
    struct rows *r = *state;
    struct og_message m = new_message(r);
    insert(r, &m);
    struct og_message without = m;
    without.text = OG_STR(""); /* as those that list without text have it */
    save(r, &without, OG_MESSAGE_PENDING);
    assert_text(find(r, &m).text, TEXT);
    rows_must(r, og_message_save(r->db, &r->seal, &m, OG_MESSAGE_PENDING, false, true, &r->err));
    assert_text(find(r, &m).text, OG_STR(""));
}

/* ---- ids of clients ---- */

static void
test_client_ids_are_unique_in_an_account(void **state)
{
    struct rows *r = *state;
    struct og_message first = new_message(r);
    first.client_id = OG_STR("order-1");
    insert(r, &first);
    struct og_message second = new_message(r);
    const struct {
        struct og_str account, client_id;
        enum og_code code;
    } cases[] = {
        {ACCOUNT, OG_STR("order-1"), OG_E_CONFLICT},
        {ACCOUNT, first.id, OG_E_CONFLICT}, /* one of our own ids: it would name two messages */
        {OTHER_ACCOUNT, OG_STR("order-1"), OG_OK},
        {ACCOUNT, OG_STR("ORDER-1"), OG_OK},
        {ACCOUNT, OG_STR("order-1 "), OG_OK},
        {OTHER_ACCOUNT, first.id, OG_OK},
        {ACCOUNT, OG_STR("123456789012345678901"), OG_OK}, /* as long as ours */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        second = new_message(r);
        second.account_id = cases[i].account;
        second.client_id = cases[i].client_id;
        assert_int_equal(og_message_insert(r->db, &r->seal, &second, &r->err), cases[i].code);
        struct og_message got;
        enum og_code found = og_message_find(r->db, &r->seal, cases[i].account, second.id, &r->mem,
                                             &got, &r->err);
        assert_int_equal(found, cases[i].code == OG_OK ? OG_OK : OG_E_NOT_FOUND);
        rows_must(r, og_message_find(r->db, &r->seal, cases[i].account, cases[i].client_id, &r->mem,
                                     &got, &r->err));
        assert_text(got.id, cases[i].code == OG_OK ? second.id : first.id);
    }
    second.client_id = OG_STR("order-1");
    second.account_id = ACCOUNT;
    assert_int_equal(og_message_insert(r->db, &r->seal, &second, &r->err), OG_E_CONFLICT);
    assert_string_equal(r->err.field, "id");
}

static void
test_a_message_is_found_in_its_account_only(void **state)
{
    struct rows *r = *state;
    struct og_message m = new_message(r);
    m.client_id = OG_STR("order-1");
    insert(r, &m);
    const struct {
        struct og_str account, id;
        enum og_code code;
    } cases[] = {
        {ACCOUNT, m.id, OG_OK},
        {ACCOUNT, m.client_id, OG_OK},
        {OTHER_ACCOUNT, m.id, OG_E_NOT_FOUND},
        {OTHER_ACCOUNT, m.client_id, OG_E_NOT_FOUND},
        {OG_STR(""), m.id, OG_E_NOT_FOUND},
        {ACCOUNT, OG_STR(""), OG_E_NOT_FOUND},
        {ACCOUNT, og_str_slice(m.id, 0, 20), OG_E_NOT_FOUND},
        {ACCOUNT, OG_STR("%"), OG_E_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message got;
        assert_int_equal(og_message_find(r->db, &r->seal, cases[i].account, cases[i].id, &r->mem,
                                         &got, &r->err),
                         cases[i].code);
    }
}

/* ---- hand ---- */

static void
test_one_phone_has_a_message(void **state)
{
    struct rows *r = *state;
    struct og_message m = new_message(r), out;
    bool first;
    insert(r, &m);
    /* the plan does not bind: whoever is first has it */
    rows_must(r, hand(r, &m, "phone-2", NOON + 10, &out, &first));
    assert_true(first);
    m.device_id = OG_STR("phone-2");
    m.handed_at = NOON + 10;
    assert_message(&out, &m);
    /* again, the first time stays */
    rows_must(r, hand(r, &m, "phone-2", NOON + 20, &out, &first));
    assert_false(first);
    assert_message(&out, &m);
    assert_int_equal(hand(r, &m, "phone-1", NOON + 30, &out, &first), OG_E_NOT_FOUND);
    assert_false(first);
    out = find(r, &m);
    assert_message(&out, &m);
}

static void
test_only_what_is_to_be_sent_is_handed(void **state)
{
    struct rows *r = *state;
    static const struct {
        enum og_message_state state;
        int64_t final_at;
        enum og_code code;
    } cases[] = {
        {OG_MESSAGE_PENDING, 0, OG_OK},
        {OG_MESSAGE_CANCELLING, 0, OG_OK}, /* so that the phone learns of it */
        {OG_MESSAGE_CANCELLING, NOON, OG_E_NOT_FOUND},
        {OG_MESSAGE_CANCELLED, NOON, OG_E_NOT_FOUND},
        {OG_MESSAGE_PROCESSED, 0, OG_E_NOT_FOUND},
        {OG_MESSAGE_SENT, 0, OG_E_NOT_FOUND},
        {OG_MESSAGE_DELIVERED, NOON, OG_E_NOT_FOUND},
        {OG_MESSAGE_FAILED, NOON, OG_E_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message m = new_message(r), out;
        bool first;
        insert(r, &m);
        m.record.state = cases[i].state;
        m.final_at = cases[i].final_at;
        save(r, &m, OG_MESSAGE_PENDING);
        assert_int_equal(hand(r, &m, "phone-1", NOON + 10, &out, &first), cases[i].code);
        assert_int_equal(first, cases[i].code == OG_OK);
    }
    struct og_message stranger = new_message(r), out;
    bool first;
    assert_int_equal(hand(r, &stranger, "phone-1", NOON, &out, &first), OG_E_NOT_FOUND);
}

/* ---- save ---- */

static void
test_save_needs_the_old_state(void **state)
{
    struct rows *r = *state;
    struct og_message fresh = new_message(r), handed = new_message(r);
    insert(r, &fresh);
    insert(r, &handed);
    must_hand(r, &handed, "phone-1");
    const struct {
        const struct og_message *message;
        enum og_message_state from;
        bool if_never_handed;
        enum og_code code;
    } cases[] = {
        {&fresh, OG_MESSAGE_SENT, false, OG_E_CONFLICT},
        {&fresh, OG_MESSAGE_CANCELLING, true, OG_E_CONFLICT},
        {&handed, OG_MESSAGE_PENDING, true, OG_E_CONFLICT},
        {&handed, OG_MESSAGE_PENDING, false, OG_OK},
        {&fresh, OG_MESSAGE_PENDING, true, OG_OK},
        {&fresh, OG_MESSAGE_PENDING, true, OG_E_CONFLICT}, /* the second of two that raced */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message before = find(r, cases[i].message), m = before;
        m.record.state = OG_MESSAGE_FAILED;
        m.reason = OG_STR("gone");
        m.final_at = NOON + 1;
        assert_int_equal(og_message_save(r->db, &r->seal, &m, cases[i].from,
                                         cases[i].if_never_handed, true, &r->err),
                         cases[i].code);
        struct og_message after = find(r, cases[i].message);
        if (cases[i].code == OG_OK) {
            m.text = OG_STR("");
        }
        assert_message(&after, cases[i].code == OG_OK ? &m : &before);
    }
    struct og_message stranger = new_message(r);
    assert_int_equal(og_message_save(r->db, &r->seal, &stranger, OG_MESSAGE_PENDING, false, false,
                                     &r->err),
                     OG_E_CONFLICT);
}

/* ---- at rest ---- */

/* The files as they lie there: database, log and whatever else. */
static struct og_buf
raw_bytes(struct rows *r)
{
    struct og_buf all;
    og_buf_init(&all, 1 << 24);
    DIR *dir = opendir(r->dir.path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[PATH_MAX], piece[4096];
        FILE *file = fopen(temp_dir_file(&r->dir, entry->d_name, path), "rb");
        size_t got;
        while (file && (got = fread(piece, 1, sizeof piece, file)) > 0) {
            og_buf_add(&all, (struct og_str){piece, got});
        }
        if (file) {
            fclose(file);
        }
    }
    closedir(dir);
    assert_false(all.full);
    return all;
}

static void
assert_in_file(struct rows *r, const char *text, bool expected)
{
    struct og_buf all = raw_bytes(r);
    bool is_there = memmem(all.ptr, all.len, text, strlen(text)) != NULL;
    og_buf_finish(&all);
    if (is_there != expected) {
        fail_msg("\"%s\" is %sin the file", text, expected ? "not " : "");
    }
}

static void
test_neither_text_nor_number_lies_open(void **state)
{
    struct rows *r = *state;
    struct og_message m = new_message(r);
    m.text = OG_STR("482913 is your code");
    m.client_id = OG_STR("order-4711");
    m.record.recipients[0].error = OG_STR("refused by +4915112345678");
    insert(r, &m);
    must_hand(r, &m, "phone-1");
    save(r, &m, OG_MESSAGE_PENDING);
    for (int is_closed = 0; is_closed < 2; is_closed++) {
        assert_in_file(r, "order-4711", true); /* we do look into the right files */
        assert_in_file(r, "482913", false);
        assert_in_file(r, "your code", false);
        assert_in_file(r, "15112345678", false);
        assert_in_file(r, "refused", false);
        if (!is_closed) {
            og_db_close(r->db);
            r->db = NULL;
        }
    }
    rows_open(r);
    assert_text(find(r, &m).text, m.text); /* and with the key it is all there */
}

enum { MIX_UP, CUT, FLIP, MIX_SQL };

static const char *const mix_sql[MIX_SQL] = {
    [MIX_UP] = ("UPDATE messages SET recipients = (SELECT recipients FROM messages WHERE id = $2) "
                "WHERE id = $1"),
    [CUT] = "UPDATE messages SET content = substr(content, 1, $2) WHERE id = $1",
    [FLIP] = "UPDATE messages SET content = $2 WHERE id = $1",
};

static const struct og_sql_page mix_page = {OG_PAGE_ACCOUNT, mix_sql, MIX_SQL};

static void
change(struct rows *r, int statement, const struct og_message *m, struct og_value with)
{
    rows_must(r, og_db_run(r->db, &mix_page, statement, OG_ARGS(og_value_text(m->id), with), NULL,
                           &r->err));
}

/* It is our own row that is broken, so nobody's request was wrong. */
static void
assert_unreadable(struct rows *r, const struct og_message *m, const struct og_key *key)
{
    struct og_message got;
    assert_int_equal(og_message_find(r->db, key, m->account_id, m->id, &r->mem, &got, &r->err),
                     OG_E_UNREADABLE);
    assert_string_equal(r->err.field, "");
}

static void
test_a_box_opens_in_its_row_with_its_key_only(void **state)
{
    struct rows *r = *state;
    struct og_message m = new_message(r), other = new_message(r);
    other.record.recipients[0].number = OG_STR("+4915199999999");
    insert(r, &m);
    insert(r, &other);
    struct og_key wrong;
    uint8_t bytes[OG_KEY_BYTES] = {9};
    og_key_from_bytes(bytes, &wrong);
    assert_unreadable(r, &m, &wrong);
    change(r, CUT, &m, og_value_i64(OG_SEAL_OVERHEAD_BYTES - 1));
    assert_unreadable(r, &m, &r->seal);
    change(r, FLIP, &m, og_value_blob(OG_STR("no box at all, but long enough to be one of ours")));
    assert_unreadable(r, &m, &r->seal);
    change(r, MIX_UP, &other, og_value_text(m.id)); /* another row's numbers */
    assert_unreadable(r, &other, &r->seal);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(test_every_field_comes_back),
        WITH_ROWS(test_save_writes_what_changes),
        WITH_ROWS(test_text_stays_until_erased),
        WITH_ROWS(test_client_ids_are_unique_in_an_account),
        WITH_ROWS(test_a_message_is_found_in_its_account_only),
        WITH_ROWS(test_one_phone_has_a_message),
        WITH_ROWS(test_only_what_is_to_be_sent_is_handed),
        WITH_ROWS(test_save_needs_the_old_state),
        WITH_ROWS(test_neither_text_nor_number_lies_open),
        WITH_ROWS(test_a_box_opens_in_its_row_with_its_key_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
