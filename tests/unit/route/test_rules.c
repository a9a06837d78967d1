/*
 * Rules of routing: documents that are right, documents that are wrong with the member they are
 * wrong in, and which rule counts.
 */
#include "tests/unit/check.h"

#include "route/rules.h"

static const char good[] =
    "{\"groups\":[{\"name\":\"berlin\",\"priority\":1,\"weight\":2,\"devices\":[\"a\",\"b\"]},"
    "{\"name\":\"spare\",\"priority\":5,\"devices\":[\"b\",\"c\"]}],"
    "\"rules\":[{\"prefixes\":[\"+4915\",\"+4916\"],\"classes\":[\"otp\"],\"groups\":[\"berlin\"]},"
    "{\"tags\":[\"news\"],\"groups\":[\"spare\"]},"
    "{\"countries\":[\"FR\"],\"groups\":[\"berlin\",\"spare\"]}],\"sticky\":true}";

static enum og_code
read_text(const char *text, struct og_arena *mem, struct og_route_rules *out, struct og_err *err)
{
    struct og_json_doc doc;
    assert_int_equal(og_json_parse(og_str_from(text), OG_JSON_DEPTH_DEFAULT, &doc, err), OG_OK);
    const enum og_code code = og_route_rules_read(doc.root, mem, out, err);
    og_json_doc_finish(&doc);
    return code;
}

static void
test_match(void **state)
{
    static const struct {
        struct og_route_subject subject;
        int rule; /* -1: none */
        const char *group_of_b;
    } rows[] = {
        {{TEXT("+4915111"), TEXT("DE"), OG_ROUTE_OTP, {0}}, 0, "berlin"},
        {{TEXT("+4915111"), TEXT("DE"), OG_ROUTE_BULK, {0}}, -1, "berlin"},
        {{TEXT("+4917111"), TEXT("DE"), OG_ROUTE_OTP, {0}}, -1, "berlin"},
        {{TEXT("+4917111"), {0}, OG_ROUTE_OTP, TEXT("news")}, 1, "spare"},
        {{TEXT("+4916111"), {0}, OG_ROUTE_OTP, TEXT("news")}, 0, "berlin"},
        {{TEXT("+33611"), TEXT("FR"), OG_ROUTE_BULK, {0}}, 2, "berlin"},
    };
    struct og_arena mem;
    struct og_route_rules rules;
    struct og_err err;
    (void)state;
    og_arena_init(&mem, 0);
    assert_int_equal(read_text(good, &mem, &rules, &err), OG_OK);
    assert_true(rules.is_sticky && !rules.may_rebind && og_route_rules_need_country(&rules));
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t index = 99;
        const struct og_route_rule *rule =
            og_route_rules_match(&rules, &rows[i].subject, &index);
        assert_int_equal(rule ? (int)index : -1, rows[i].rule);
        assert_str(og_route_rules_group(&rules, rule, OG_STR("b"))->name, rows[i].group_of_b);
    }
    assert_null(og_route_rules_group(&rules, &rules.rules[0], OG_STR("c")));
    assert_null(og_route_rules_group(&rules, NULL, OG_STR("d")));
    og_arena_finish(&mem);
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"{\"groups\":{}}", "groups"},
        {"{\"more\":1}", "more"},
        {"{\"groups\":[{\"name\":\"\",\"devices\":[]}]}", "groups[0].name"},
        {"{\"groups\":[{\"name\":\"a\"}]}", "groups[0].devices"},
        {"{\"groups\":[{\"name\":\"a\",\"devices\":[],\"weight\":0}]}", "groups[0].weight"},
        {"{\"groups\":[{\"name\":\"a\",\"devices\":[]},{\"name\":\"a\",\"devices\":[]}]}",
         "groups[1].name"},
        {"{\"rules\":[{\"groups\":[\"x\"]}]}", "rules[0].groups[0]"},
        {"{\"rules\":[{}]}", "rules[0].groups"},
        {"{\"groups\":[{\"name\":\"a\",\"devices\":[]}],\"rules\":[{\"groups\":[\"a\"],"
         "\"prefixes\":[\"49\"]}]}", "rules[0].prefixes[0]"},
        {"{\"groups\":[{\"name\":\"a\",\"devices\":[]}],\"rules\":[{\"groups\":[\"a\"],"
         "\"countries\":[\"de\"]}]}", "rules[0].countries[0]"},
        {"{\"groups\":[{\"name\":\"a\",\"devices\":[]}],\"rules\":[{\"groups\":[\"a\"],"
         "\"classes\":[\"otp\",\"ads\"]}]}", "rules[0].classes[1]"},
        {"{\"groups\":[{\"name\":\"a\",\"devices\":[]}],\"rules\":[{\"groups\":[\"a\"],"
         "\"tags\":[\"\"]}]}", "rules[0].tags[0]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_arena mem;
        struct og_route_rules rules;
        struct og_err err = {0};
        og_arena_init(&mem, 0);
        assert_int_not_equal(read_text(rows[i].text, &mem, &rules, &err), OG_OK);
        assert_string_equal(err.field, rows[i].field);
        og_arena_finish(&mem);
    }
}

static void
test_empty(void **state)
{
    struct og_arena mem;
    struct og_route_rules rules;
    struct og_err err;
    size_t index;
    (void)state;
    og_arena_init(&mem, 0);
    assert_int_equal(read_text("{}", &mem, &rules, &err), OG_OK);
    assert_null(og_route_rules_match(&rules, &(struct og_route_subject){0}, &index));
    assert_null(og_route_rules_group(&rules, NULL, OG_STR("a")));
    assert_false(og_route_rules_need_country(&rules));
    og_arena_finish(&mem);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
