/*
 * Reading the document by tables, then the checks that no table can express, then look-ups.
 */
#include "route/rules.h"

#include <stdio.h>

#include "core/label.h"
#include "core/phone_number.h"

#define NAME_CHARS_MAX 64
#define LIST_MAX 1000

static const char *const class_names[OG_ROUTE_CLASS_COUNT] = {
    [OG_ROUTE_OTP] = "otp",
    [OG_ROUTE_TRANSACTIONAL] = "transactional",
    [OG_ROUTE_BULK] = "bulk",
};

const char *
og_route_class_name(enum og_route_class class)
{
    return class_names[class];
}

bool
og_route_class_from_text(struct og_str text, enum og_route_class *out)
{
    for (int i = 0; i < OG_ROUTE_CLASS_COUNT; i++) {
        if (og_str_eq(text, og_str_from(class_names[i]))) {
            *out = (enum og_route_class)i;
            return true;
        }
    }
    return false;
}

/* ---- checks ---- */

static bool
is_prefix(struct og_str text)
{
    if (text.len < 2 || text.len > OG_PHONE_MAX_DIGITS + 1 || text.ptr[0] != '+') {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

static bool
is_class(struct og_str text)
{
    enum og_route_class class;
    return og_route_class_from_text(text, &class);
}

static bool
is_tag(struct og_str text)
{
    return text.len > 0 && og_label_check(text, OG_ROUTE_TAG_CHARS_MAX, "", NULL) == OG_OK;
}

static enum og_code
check_list(const struct og_str_list *list, bool (*fits)(struct og_str), const char *parent,
           const char *member, const char *wrong, struct og_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!fits(list->items[i])) {
            char field[80];
            snprintf(field, sizeof field, "%s.%s[%zu]", parent, member, i);
            return og_fail(err, OG_E_UNPROCESSABLE, field, "%s", wrong);
        }
    }
    return OG_OK;
}

static const struct og_route_group *
find_group(const struct og_route_rules *self, struct og_str name)
{
    for (size_t i = 0; i < self->group_count; i++) {
        if (og_str_eq(self->groups[i].name, name)) {
            return &self->groups[i];
        }
    }
    return NULL;
}

static enum og_code
check_rule(const struct og_route_rules *self, const struct og_route_rule *rule,
           const char *parent, struct og_err *err)
{
    const struct {
        const struct og_str_list *list;
        bool (*fits)(struct og_str);
        const char *member, *wrong;
    } checks[] = {
        {&rule->prefixes, is_prefix, "prefixes", "must be + and the first digits of a number"},
        {&rule->countries, og_phone_is_region, "countries", "must be two capital letters"},
        {&rule->classes, is_class, "classes", "must be otp, transactional or bulk"},
        {&rule->tags, is_tag, "tags", "must be one line of 1 to 64 characters"},
    };
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < sizeof checks / sizeof checks[0]; i++) {
        code = check_list(checks[i].list, checks[i].fits, parent, checks[i].member,
                          checks[i].wrong, err);
    }
    for (size_t i = 0; code == OG_OK && i < rule->groups.count; i++) {
        if (!find_group(self, rule->groups.items[i])) {
            char field[80];
            snprintf(field, sizeof field, "%s.groups[%zu]", parent, i);
            code = og_fail(err, OG_E_UNPROCESSABLE, field, "names no group of this document");
        }
    }
    return code;
}

/* ---- read ---- */

#define GROUP(member) offsetof(struct og_route_group, member)
static const struct og_json_member group_members[] = {
    {"name", OG_JSON_STRING, GROUP(name), true, 1, NAME_CHARS_MAX},
    {"priority", OG_JSON_INT, GROUP(priority), false, 1, 999},
    {"weight", OG_JSON_INT, GROUP(weight), false, 1, 100},
    {"devices", OG_JSON_STRINGS, GROUP(devices), true, 0, LIST_MAX},
};

#define RULE(member) offsetof(struct og_route_rule, member)
static const struct og_json_member rule_members[] = {
    {"prefixes", OG_JSON_STRINGS, RULE(prefixes), false, 0, LIST_MAX},
    {"countries", OG_JSON_STRINGS, RULE(countries), false, 0, LIST_MAX},
    {"classes", OG_JSON_STRINGS, RULE(classes), false, 0, OG_ROUTE_CLASS_COUNT},
    {"tags", OG_JSON_STRINGS, RULE(tags), false, 0, LIST_MAX},
    {"groups", OG_JSON_STRINGS, RULE(groups), true, 1, OG_ROUTE_GROUPS_MAX},
};

struct document {
    const struct og_json *groups;
    const struct og_json *rules;
    bool is_sticky, may_rebind;
};
#define DOCUMENT(member) offsetof(struct document, member)
static const struct og_json_member document_members[] = {
    {"groups", OG_JSON_ARRAY, DOCUMENT(groups), false},
    {"rules", OG_JSON_ARRAY, DOCUMENT(rules), false},
    {"sticky", OG_JSON_BOOL, DOCUMENT(is_sticky), false},
    {"rebind", OG_JSON_BOOL, DOCUMENT(may_rebind), false},
};

static enum og_code
refuse_many(const struct og_json *array, size_t most, const char *field, struct og_err *err)
{
    return og_json_count(array) <= most
               ? OG_OK
               : og_fail(err, OG_E_UNPROCESSABLE, field, "must have at most %zu entries", most);
}

static enum og_code
read_group(const struct og_json *node, size_t index, struct og_arena *mem,
           struct og_route_rules *self, struct og_err *err)
{
    char parent[32];
    struct og_route_group group = {.priority = 1, .weight = 1};
    snprintf(parent, sizeof parent, "groups[%zu]", index);
    const enum og_code code = og_json_decode(
        node, group_members, sizeof group_members / sizeof group_members[0],
        OG_JSON_UNKNOWN_REFUSED, parent, mem, &group, err);
    if (code != OG_OK) {
        return code;
    }
    if (find_group(self, group.name)) {
        char field[40];
        snprintf(field, sizeof field, "%s.name", parent);
        return og_fail(err, OG_E_UNPROCESSABLE, field, "is there twice");
    }
    self->groups[self->group_count++] = group;
    return OG_OK;
}

static enum og_code
read_rule(const struct og_json *node, size_t index, struct og_arena *mem,
          struct og_route_rules *self, struct og_err *err)
{
    char parent[32];
    struct og_route_rule *rule = &self->rules[index];
    snprintf(parent, sizeof parent, "rules[%zu]", index);
    const enum og_code code =
        og_json_decode(node, rule_members, sizeof rule_members / sizeof rule_members[0],
                       OG_JSON_UNKNOWN_REFUSED, parent, mem, rule, err);
    self->rule_count = index + 1;
    return code == OG_OK ? check_rule(self, rule, parent, err) : code;
}

enum og_code
og_route_rules_read(const struct og_json *document, struct og_arena *mem,
                    struct og_route_rules *out, struct og_err *err)
{
    struct document doc = {0};
    *out = (struct og_route_rules){0};
    enum og_code code = og_json_decode(document, document_members,
                                       sizeof document_members / sizeof document_members[0],
                                       OG_JSON_UNKNOWN_REFUSED, "", mem, &doc, err);
    if (code == OG_OK) {
        code = refuse_many(doc.groups, OG_ROUTE_GROUPS_MAX, "groups", err);
    }
    if (code == OG_OK) {
        code = refuse_many(doc.rules, OG_ROUTE_RULES_MAX, "rules", err);
    }
    if (code != OG_OK) {
        return code;
    }
    out->groups = OG_ARENA_ARRAY(mem, struct og_route_group, og_json_count(doc.groups) + 1);
    out->rules = OG_ARENA_ARRAY(mem, struct og_route_rule, og_json_count(doc.rules) + 1);
    out->is_sticky = doc.is_sticky;
    out->may_rebind = doc.may_rebind;
    for (size_t i = 0; code == OG_OK && i < og_json_count(doc.groups); i++) {
        code = read_group(og_json_at(doc.groups, i), i, mem, out, err);
    }
    for (size_t i = 0; code == OG_OK && i < og_json_count(doc.rules); i++) {
        code = read_rule(og_json_at(doc.rules, i), i, mem, out, err);
    }
    return code;
}

/* ---- look up ---- */

static bool
holds(const struct og_str_list *list, struct og_str text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (og_str_eq(list->items[i], text)) {
            return true;
        }
    }
    return false;
}

static bool
fits(const struct og_str_list *list, struct og_str text)
{
    return list->count == 0 || holds(list, text);
}

static bool
fits_number(const struct og_str_list *prefixes, struct og_str number)
{
    for (size_t i = 0; i < prefixes->count; i++) {
        if (og_str_starts(number, prefixes->items[i])) {
            return true;
        }
    }
    return prefixes->count == 0;
}

const struct og_route_rule *
og_route_rules_match(const struct og_route_rules *self, const struct og_route_subject *subject,
                     size_t *index_out)
{
    const struct og_str class = og_str_from(og_route_class_name(subject->class));
    for (size_t i = 0; i < self->rule_count; i++) {
        const struct og_route_rule *rule = &self->rules[i];
        if (fits_number(&rule->prefixes, subject->number) &&
            fits(&rule->countries, subject->country) && fits(&rule->classes, class) &&
            fits(&rule->tags, subject->tag)) {
            *index_out = i;
            return rule;
        }
    }
    return NULL;
}

const struct og_route_group *
og_route_rules_group(const struct og_route_rules *self, const struct og_route_rule *rule,
                     struct og_str device)
{
    const struct og_route_group *best = NULL;
    for (size_t i = 0; i < self->group_count; i++) {
        const struct og_route_group *group = &self->groups[i];
        if ((!rule || holds(&rule->groups, group->name)) && holds(&group->devices, device) &&
            (!best || group->priority < best->priority)) {
            best = group;
        }
    }
    return best;
}

bool
og_route_rules_need_country(const struct og_route_rules *self)
{
    for (size_t i = 0; i < self->rule_count; i++) {
        if (self->rules[i].countries.count > 0) {
            return true;
        }
    }
    return false;
}
