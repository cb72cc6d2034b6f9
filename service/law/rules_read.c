/* rules_read.c - a record's JSON to its compiled form. Strict: a key or word that is not in the
 * tables is an error that names its place, so that a slip in a counsel's overlay cannot pass for
 * silence of the law. Pure. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

struct reading {
    struct arena *arena;
    struct error *error;
    const char *id;
    bool failed;
};

static void fault(struct reading *r, const char *place, const char *key, const char *text)
{
    char field[128];
    if (r->failed)
        return;
    r->failed = true;
    snprintf(field, sizeof field, "%s%s%s%s%s", str_or(r->id, ""), *place ? "." : "", place,
             *key ? "." : "", key);
    error_set(r->error, RESULT_INVALID, field, "%s", text);
}

static bool among(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (str_equal(*words, word))
            return true;
    return false;
}

/* The object at the key, its own keys checked; NULL when it is absent. */
static void keys_check(struct reading *r, const char *place, struct json_object *object,
                       const char *const *allowed)
{
    if (!json_object_is_type(object, json_type_object)) {
        fault(r, place, "", "This must be an object; see templates/rules/schema.json.");
        return;
    }
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (!among(key, allowed)) {
            fault(r, place, key, "There is no such member; see templates/rules/schema.json.");
            return;
        }
    }
}

static int word_find(struct reading *r, const char *place, const char *key, const char *word,
                     const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (words[i] != NULL && str_equal(words[i], word))
            return i;
    fault(r, place, key, "This word is none of those in templates/rules/schema.json.");
    return 0;
}

static enum law_answer answer_of(struct json_object *object, const char *key)
{
    struct json_object *value = json_get(object, key);
    return value == NULL ? LAW_UNKNOWN : json_object_get_boolean(value) ? LAW_YES : LAW_NO;
}

static void texts_read(struct reading *r, const char *place, struct json_object *list,
                       const char **to)
{
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    if (n > 7) {
        fault(r, place, "", "At most seven are taken; split the record.");
        return;
    }
    for (size_t i = 0; i < n; i++)
        to[i] = json_object_get_string(json_object_array_get_idx(list, i));
}

static uint64_t data_read(struct reading *r, const char *place, struct json_object *list)
{
    uint64_t bits = 0;
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(list, i));
        if (law_data_find(name) < 0)
            fault(r, place, str_or(name, ""), "There is no such data type; see the schema.");
        bits |= law_data_bit(name);
    }
    return bits;
}

static unsigned risks_read(struct reading *r, const char *place, struct json_object *list)
{
    static const char *const words[] = {
        [LAW_RISK_UNLIKELY] = "unlikely", [LAW_RISK_LIKELY] = "likely", [LAW_RISK_HIGH] = "high"};
    unsigned bits = 0;
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++)
        bits |=
            1u << word_find(r, place, "risk",
                            json_object_get_string(json_object_array_get_idx(list, i)), words, 4);
    return bits;
}

static const char *const fact_names[LAW_FACTS_N] = {
    [LAW_ENCRYPTED] = "encrypted",
    [LAW_KEY_COMPROMISED] = "key_compromised",
    [LAW_SOURCE_OF_BREACH] = "source_of_breach",
    [LAW_FURNISHED_MAILBOX] = "furnished_mailbox",
    [LAW_PUBLIC_LEAK] = "public_leak",
    [LAW_MALICIOUS] = "malicious",
    [LAW_PAPER] = "paper",
    [LAW_ACCESS_ONLY] = "access_only",
    [LAW_CODES_EXPOSED] = "codes_exposed",
    [LAW_CHILDREN] = "children",
    [LAW_SMALL_AGENT] = "small_agent",
    [LAW_INTERNET_BUSINESS] = "internet_business",
    [LAW_PRIOR_RELATIONSHIP] = "prior_relationship",
    [LAW_PRIMARY_METHOD] = "electronic_is_primary",
    [LAW_PRIOR_USE] = "channel_used_before",
    [LAW_INADVERTENT_DISCLOSURE] = "inadvertent_disclosure",
    [LAW_SEVERE_INCIDENT] = "severe_incident",
    [LAW_CREDIT_REPORTS_MENTIONED] = "notice_mentions_credit_reports",
};

const char *law_fact_name(int fact)
{
    return fact_names[fact];
}

static int fact_read(struct reading *r, const char *place, struct json_object *object,
                     const char *key)
{
    const char *name = json_get_string(object, key);
    return name == NULL ? -1 : word_find(r, place, key, name, fact_names, LAW_FACTS_N);
}

static void condition_read(struct reading *r, const char *place, struct json_object *json,
                           struct law_condition *ret);

static void any_read(struct reading *r, const char *place, struct json_object *list,
                     struct law_condition *ret)
{
    if (list == NULL)
        return;
    ret->n_any = json_object_array_length(list);
    ret->any = arena_alloc(r->arena, (ret->n_any + 1) * sizeof(*ret->any));
    for (size_t i = 0; ret->any != NULL && i < ret->n_any; i++)
        condition_read(r, place, json_object_array_get_idx(list, i), &ret->any[i]);
}

static void condition_read(struct reading *r, const char *place, struct json_object *json,
                           struct law_condition *ret)
{
    static const char *const keys[] = {
        "people_min",    "people_max", "risk",    "not_risk",      "risk_or_ask",
        "data_any",      "event",      "fact",    "sectors",       "name_and_any",
        "not_sectors",   "not_fact",   "any",     "never",         "fact_or_ask",
        "not_encrypted", "optional",   "unknown", "not_protected", NULL};
    *ret = (struct law_condition){.people_min = json_get_int(json, "people_min", -1),
                                  .people_max = json_get_int(json, "people_max", -1),
                                  .event = json_get_string(json, "event"),
                                  .never = json_get_string(json, "never"),
                                  .unknown = json_get_string(json, "unknown"),
                                  .fact = fact_read(r, place, json, "fact"),
                                  .not_fact = fact_read(r, place, json, "not_fact"),
                                  .fact_asked = fact_read(r, place, json, "fact_or_ask"),
                                  .not_encrypted = json_get_bool(json, "not_encrypted", false),
                                  .not_protected = json_get_bool(json, "not_protected", false),
                                  .optional = json_get_bool(json, "optional", false)};
    keys_check(r, place, json, keys);
    ret->risk = risks_read(r, place, json_get(json, "risk"));
    ret->risk_asked = json_get(json, "risk_or_ask") != NULL;
    ret->risk |= risks_read(r, place, json_get(json, "risk_or_ask"));
    ret->not_risk = risks_read(r, place, json_get(json, "not_risk"));
    ret->data_any = data_read(r, place, json_get(json, "data_any"));
    ret->name_and_any = data_read(r, place, json_get(json, "name_and_any"));
    texts_read(r, place, json_get(json, "sectors"), ret->sectors);
    texts_read(r, place, json_get(json, "not_sectors"), ret->not_sectors);
    any_read(r, place, json_get(json, "any"), ret);
}

static enum law_from from_read(struct reading *r, const char *place, const char *text,
                               const char **ret_authority)
{
    static const char *const words[FROM_N] = {
        [FROM_DISCOVERY] = "discovery",
        [FROM_DETERMINATION] = "determination",
        [FROM_AWARENESS] = "awareness",
        [FROM_CONFIRMATION] = "confirmation",
        [FROM_FACTS_ASCERTAINED] = "facts_ascertained",
        [FROM_IDENTIFICATION_OF_PERSONS] = "identification_of_persons",
        [FROM_STATEMENT_PREPARED] = "statement_prepared",
        [FROM_REGULATOR_ORDER] = "regulator_order",
        [FROM_MATERIALITY] = "materiality_determination",
        [FROM_SUSPICION] = "suspicion",
        [FROM_PEOPLE_TOLD] = "people_told",
        [FROM_PEOPLE_DUE] = "people_due",
        [FROM_AUTHORITY_TOLD] = "authority_told",
        [FROM_YEAR_END] = "year_end_of_discovery",
        [FROM_CLOSED] = "closed",
    };
    if (text == NULL)
        return FROM_NONE;
    if (str_starts(text, "authority_told:")) {
        *ret_authority = text + strlen("authority_told:");
        return FROM_AUTHORITY_TOLD;
    }
    return (enum law_from)word_find(r, place, "from", text, words, FROM_N);
}

static void clock_read(struct reading *r, const char *place, struct json_object *json,
                       struct law_clock *ret)
{
    static const char *const units[] = {"days", "business_days", "hours"};
    static const char *const keys[] = {"n",          "unit",     "from", "small_agent_n",
                                       "end_of_day", "or_later", NULL};
    int minutes;
    *ret = (struct law_clock){0};
    if (json == NULL)
        return;
    keys_check(r, place, json, keys);
    ret->set = true;
    ret->n = (int)json_get_int(json, "n", -1);
    ret->small_agent_n = (int)json_get_int(json, "small_agent_n", 0);
    ret->end_of_day = json_get_string(json, "end_of_day");
    ret->unit = (enum law_unit)word_find(r, place, "unit", json_get_string(json, "unit"), units,
                                         LAW_UNITS_N);
    ret->from = from_read(r, place, json_get_string(json, "from"), &ret->authority);
    if (ret->n < 1 || ret->n > 10000)
        fault(r, place, "n", "A number of days or hours between 1 and 10000 is needed.");
    if (ret->end_of_day != NULL && !offset_read(ret->end_of_day, &minutes))
        fault(r, place, "end_of_day", "Write an offset such as +08:00.");
}

static void followups_read(struct reading *r, struct json_object *list, struct law_duty *duty)
{
    static const char *const keys[] = {"text", "clock", "guidance", "only_if", "only_if_not", NULL};
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    duty->followups = arena_alloc(r->arena, (n + 1) * sizeof(*duty->followups));
    for (size_t i = 0; duty->followups != NULL && i < n; i++) {
        struct json_object *json = json_object_array_get_idx(list, i);
        struct law_followup *to = &duty->followups[i];
        keys_check(r, "duties.followups", json, keys);
        to->text = json_get_string(json, "text");
        to->guidance = json_get_bool(json, "guidance", false);
        to->only_if = fact_read(r, "duties.followups", json, "only_if");
        to->only_if_not = fact_read(r, "duties.followups", json, "only_if_not");
        clock_read(r, "duties.followups.clock", json_get(json, "clock"), &to->clock);
        duty->n_followups = i + 1;
    }
}

static enum law_order order_read(struct reading *r, const char *place, struct json_object *json)
{
    static const char *const words[ORDERS_N] = {"any",  "before", "before_or_with",
                                                "with", "after",  "after_regulator"};
    const char *text = json_get_string(json, "order");
    return text == NULL ? ORDER_ANY
                        : (enum law_order)word_find(r, place, "order", text, words, ORDERS_N);
}

static void duty_read(struct reading *r, struct json_object *json, struct law_duty *to)
{
    static const char *const tos[] = {"people", "regulator", "cra", "media", "third_party"};
    static const char *const keys[] = {"to",        "code",           "name",     "when",
                                       "clock",     "order",          "standard", "condition",
                                       "threshold", "or_with_people", "count",    "authorities",
                                       "followups", "in_force_from",  NULL};
    keys_check(r, "duties", json, keys);
    *to = (struct law_duty){
        .code = json_get_string(json, "code"),
        .name = json_get_string(json, "name"),
        .standard = json_get_string(json, "standard"),
        .condition = json_get_string(json, "condition"),
        .in_force_from = json_get_string(json, "in_force_from"),
        .or_with_people = json_get_bool(json, "or_with_people", false),
        .each_jurisdiction = str_equal(json_get_string(json, "count"), "each_jurisdiction"),
        .lead_or_each = str_equal(json_get_string(json, "authorities"), "lead_or_each")};
    to->to = (enum law_to)word_find(r, "duties", "to", json_get_string(json, "to"), tos, 5);
    to->order = order_read(r, "duties", json);
    if (to->name == NULL)
        fault(r, "duties", "name", "Who is told must be named.");
    condition_read(r, "duties.when", json_get(json, "when"), &to->when);
    clock_read(r, "duties.clock", json_get(json, "clock"), &to->clock);
    followups_read(r, json_get(json, "followups"), to);
}

static void duties_read(struct reading *r, struct json_object *list, struct law_rule *rule)
{
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    rule->duties = arena_alloc(r->arena, (n + 1) * sizeof(*rule->duties));
    for (size_t i = 0; rule->duties != NULL && i < n; i++) {
        duty_read(r, json_object_array_get_idx(list, i), &rule->duties[i]);
        rule->n_duties = i + 1;
    }
}

static void people_read(struct reading *r, struct json_object *json, struct law_rule *rule)
{
    static const char *const keys[] = {"when",  "clock",         "from", "standard",
                                       "order", "in_force_from", NULL};
    const char *authority;
    if (json == NULL)
        return;
    keys_check(r, "people", json, keys);
    rule->tells_people = true;
    rule->people = (struct law_duty){.to = LAW_TO_PEOPLE,
                                     .name = "the people concerned",
                                     .standard = json_get_string(json, "standard"),
                                     .in_force_from = json_get_string(json, "in_force_from")};
    rule->people.order = order_read(r, "people", json);
    condition_read(r, "people.when", json_get(json, "when"), &rule->people.when);
    clock_read(r, "people.clock", json_get(json, "clock"), &rule->people.clock);
    from_read(r, "people", json_get_string(json, "from"), &authority);
}

static void trigger_read(struct reading *r, struct json_object *json, struct law_rule *rule)
{
    static const char *const keys[] = {
        "name",   "elements",          "other_elements",    "alone",      "other_alone",
        "access", "alone_condition",   "any_personal_data", "encryption", "credentials_alone",
        "paper",  "credentials_scope", "codes_needed",      "owner",      "note",
        NULL};
    static const char *const names[] = {"not_needed", "needed", "any_identifier"};
    static const char *const encryption_keys[] = {"safe", "key_taken_voids", "text", NULL};
    if (json == NULL)
        return;
    keys_check(r, "trigger", json, keys);
    rule->trigger.set = true;
    rule->trigger.name =
        (enum law_name)word_find(r, "trigger", "name", json_get_string(json, "name"), names, 3);
    rule->trigger.any_data = json_get_bool(json, "any_personal_data", false);
    rule->trigger.credentials_alone = json_get_bool(json, "credentials_alone", false);
    rule->trigger.credentials_scope = json_get_string(json, "credentials_scope");
    rule->trigger.coded = json_get_bool(json, "codes_needed", false);
    rule->trigger.elements = data_read(r, "trigger.elements", json_get(json, "elements"));
    rule->trigger.alone = data_read(r, "trigger.alone", json_get(json, "alone"));
    rule->trigger.paper = answer_of(json, "paper");
    rule->trigger.access = answer_of(json, "access");
    struct json_object *encryption = json_get(json, "encryption");
    if (encryption != NULL)
        keys_check(r, "trigger.encryption", encryption, encryption_keys);
    rule->trigger.encryption_safe = answer_of(encryption, "safe");
    rule->trigger.key_taken_voids = answer_of(encryption, "key_taken_voids");
}

static unsigned needs_read(struct reading *r, struct json_object *list)
{
    static const char *const words[NEEDS_N] = {[NEED_CONSENT] = "consent",
                                               [NEED_CONSENT_FREE] = "consent_not_condition",
                                               [NEED_INTERNET] = "internet_business",
                                               [NEED_PERIODIC] = "periodic_email",
                                               [NEED_RELATIONSHIP] = "prior_relationship",
                                               [NEED_PRIMARY] = "primary_method",
                                               [NEED_PRIOR_USE] = "prior_use",
                                               [NEED_BESIDE_EMAIL] = "beside_email",
                                               [NEED_URGENT] = "urgent"};
    unsigned bits = 0;
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++)
        bits |= 1u << word_find(r, "methods", "when",
                                json_object_get_string(json_object_array_get_idx(list, i)), words,
                                NEEDS_N);
    return bits;
}

static void methods_read(struct reading *r, struct json_object *json, struct law_rule *rule)
{
    static const char *const words[WORDS_N] = {
        "not_listed", "allowed",           "esign_consent",       "primary_method",
        "conditions", "electronic_notice", "direct_contact_only", "credential_breach_only",
        "unknown"};
    static const char *const keys[LAW_METHODS_N] = {"email", "sms", "telephone", "written",
                                                    "account_posting"};
    static const char *const all[] = {"email",
                                      "sms",
                                      "telephone",
                                      "written",
                                      "account_posting",
                                      "email_when",
                                      "sms_when",
                                      "telephone_when",
                                      "account_posting_when",
                                      "furnished_mailbox",
                                      "credentials",
                                      "notes",
                                      "channel_neutral",
                                      NULL};
    char when[32];
    if (json == NULL)
        return;
    keys_check(r, "methods", json, all);
    for (int i = 0; i < LAW_METHODS_N; i++) {
        rule->methods[i] = (enum law_word)word_find(r, "methods", keys[i],
                                                    json_get_string(json, keys[i]), words, WORDS_N);
        snprintf(when, sizeof when, "%s_when", keys[i]);
        rule->when[i] = needs_read(r, json_get(json, when));
    }
    rule->mailbox_barred = str_equal(json_get_string(json, "furnished_mailbox"), "barred");
    rule->credentials_rule = json_get(json, "credentials") != NULL;
    rule->neutral_known = json_get(json, "channel_neutral") != NULL;
    rule->channel_neutral = json_get_bool(json, "channel_neutral", false);
}

static void scope_read(struct reading *r, struct json_object *record, struct law_rule *rule)
{
    static const char *const scope_keys[] = {"kind", "sector", "exempt_sectors", NULL};
    static const char *const kinds[] = {"jurisdiction", "sector", "consent"};
    static const char *const counting_keys[] = {"people", "holidays", NULL};
    static const char *const counts[] = {"jurisdiction", "country", "all"};
    struct json_object *scope = json_get(record, "scope"), *count = json_get(record, "counting");
    keys_check(r, "scope", scope, scope_keys);
    keys_check(r, "counting", count, counting_keys);
    int kind = word_find(r, "scope", "kind", json_get_string(scope, "kind"), kinds, 3);
    rule->sector = kind == 1 ? json_get_string(scope, "sector") : NULL;
    rule->consent_only = kind == 2;
    texts_read(r, "scope", json_get(scope, "exempt_sectors"), rule->exempt_sectors);
    rule->count = (enum law_base)word_find(r, "counting", "people",
                                           json_get_string(count, "people"), counts, 3);
    rule->holidays = json_get_string(count, "holidays");
}

static void hold_read(struct reading *r, struct json_object *json, struct law_rule *rule)
{
    static const char *const keys[] = {"allowed", "after", "text", NULL};
    struct json_object *after = json_get(json, "after");
    if (json == NULL)
        return;
    keys_check(r, "hold", json, keys);
    rule->hold_allowed = answer_of(json, "allowed");
    clock_read(r, "hold.after", after, &rule->hold_after);
    rule->hold_or_later = json_get_bool(after, "or_later", false);
}

static void maintainer_read(struct reading *r, struct json_object *json, struct law_rule *rule)
{
    static const char *const keys[] = {"tells", "standard", "clock", NULL};
    if (json == NULL)
        return;
    keys_check(r, "maintainer", json, keys);
    rule->maintainer_tells = true;
    rule->maintainer_tells_people = str_equal(json_get_string(json, "tells"), "residents");
    rule->maintainer = (struct law_duty){.to = LAW_TO_THIRD_PARTY,
                                         .name = "the owner of the data",
                                         .standard = json_get_string(json, "standard")};
    clock_read(r, "maintainer.clock", json_get(json, "clock"), &rule->maintainer.clock);
}

static void members_read(struct reading *r, struct json_object *list, struct law_rule *rule)
{
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    rule->members = arena_alloc(r->arena, (n + 1) * sizeof(*rule->members));
    for (size_t i = 0; rule->members != NULL && i < n; i++) {
        struct json_object *json = json_object_array_get_idx(list, i);
        rule->members[i] =
            (struct law_member){json_get_string(json, "code"), json_get_string(json, "name")};
        rule->n_members = i + 1;
    }
}

static void head_read(struct reading *r, struct json_object *json, struct law_rule *rule)
{
    static const char *const keys[] = {
        "id",         "name",           "statute",    "citations",  "status",   "effective",
        "scope",      "counting",       "trigger",    "maintainer", "people",   "duties",
        "hold",       "methods",        "substitute", "content",    "records",  "members",
        "related",    "pending",        "notes",      "sources",    "reviewed", "served",
        "confidence", "from_knowledge", NULL};
    struct law_time reviewed;
    keys_check(r, "", json, keys);
    rule->json = json;
    rule->name = json_get_string(json, "name");
    rule->reviewed = json_get_string(json, "reviewed");
    struct json_object *citations = json_get(json, "citations");
    rule->citation = citations == NULL || json_object_array_length(citations) == 0
                         ? json_get_string(json, "statute")
                         : json_object_get_string(json_object_array_get_idx(citations, 0));
    if (rule->name == NULL || rule->citation == NULL)
        fault(r, "", "name", "A record needs a name and a statute or citation.");
    if (!law_time_read(rule->reviewed, &reviewed) || reviewed.kind != LAW_DATE)
        fault(r, "", "reviewed", "A record says on which day it was reviewed, as 2026-11-23.");
}

bool rule_read(struct law_rule *rule, struct json_object *json, struct arena *arena,
               struct error *error)
{
    struct reading r = {.arena = arena, .error = error, .id = json_get_string(json, "id")};
    *rule = (struct law_rule){.id = r.id};
    if (str_empty(rule->id)) {
        fault(&r, "", "id", "A record needs its id, such as US-CA.");
        return false;
    }
    head_read(&r, json, rule);
    scope_read(&r, json, rule);
    trigger_read(&r, json_get(json, "trigger"), rule);
    people_read(&r, json_get(json, "people"), rule);
    duties_read(&r, json_get(json, "duties"), rule);
    hold_read(&r, json_get(json, "hold"), rule);
    methods_read(&r, json_get(json, "methods"), rule);
    maintainer_read(&r, json_get(json, "maintainer"), rule);
    members_read(&r, json_get(json, "members"), rule);
    return !r.failed;
}
