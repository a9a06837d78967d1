/*
 * An account's rules of routing: groups of phones, and which messages may use which of them.
 *
 * Written as one JSON document, checked whole, and kept as it was given. The first rule that
 * matches counts; a message that none matches may use every phone. Names of groups and ids of
 * phones are compared byte by byte. Immutable once read; strings live in its arena.
 *
 *   {"groups": [{"name": "berlin", "priority": 1, "weight": 2, "devices": ["..."]}],
 *    "rules": [{"prefixes": ["+49"], "countries": ["DE"], "classes": ["otp"], "tags": ["login"],
 *               "groups": ["berlin"]}],
 *    "sticky": true, "rebind": false}
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#define OG_ROUTE_GROUPS_MAX 64
#define OG_ROUTE_RULES_MAX 256
#define OG_ROUTE_TAG_CHARS_MAX 64

enum og_route_class { OG_ROUTE_OTP, OG_ROUTE_TRANSACTIONAL, OG_ROUTE_BULK, OG_ROUTE_CLASS_COUNT };

/* "otp", "transactional", "bulk". */
const char *og_route_class_name(enum og_route_class class);
bool og_route_class_from_text(struct og_str text, enum og_route_class *out);

struct og_route_group {
    struct og_str name;
    int64_t priority; /* 1 to 999, smaller first */
    int64_t weight;   /* 1 to 100 */
    struct og_str_list devices;
};

struct og_route_rule {
    struct og_str_list prefixes;  /* "+49151"; empty: any number; likewise the others */
    struct og_str_list countries; /* "DE" */
    struct og_str_list classes;
    struct og_str_list tags;
    struct og_str_list groups;    /* of which the phone must be in one */
};

struct og_route_rules {
    struct og_route_group *groups;
    size_t group_count;
    struct og_route_rule *rules;
    size_t rule_count;
    bool is_sticky; /* a recipient's messages keep to one phone */
    bool may_rebind; /* deviceId and simNumber of clients are wishes */
};

/* Errors  OG_E_UNPROCESSABLE with the member at fault ("rules[2].groups[0]") */
OG_MUST_CHECK enum og_code og_route_rules_read(const struct og_json *document,
                                               struct og_arena *mem, struct og_route_rules *out,
                                               struct og_err *err);

struct og_route_subject {
    struct og_str number;  /* E.164, or "" when it cannot be read */
    struct og_str country; /* two letters, "" unknown */
    enum og_route_class class;
    struct og_str tag;
};

/* The rule that counts, or NULL. *index_out: its place. */
const struct og_route_rule *og_route_rules_match(const struct og_route_rules *self,
                                                 const struct og_route_subject *subject,
                                                 size_t *index_out);
/* The best group of the phone, of those that the rule names (NULL: of all); NULL: in none. */
const struct og_route_group *og_route_rules_group(const struct og_route_rules *self,
                                                  const struct og_route_rule *rule,
                                                  struct og_str device);
/* Does any rule ask for a country? */
bool og_route_rules_need_country(const struct og_route_rules *self);
