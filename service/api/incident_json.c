/* incident_json.c - checks an incident's document: members, closed lists, sizes, dates that
 * contradict each other. Everything that is wrong is found in one pass; nothing is changed. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/api/incident_json.h"
#include "service/delivery/brake/brakes.h"
#include "service/api/json_check.h"

static const char *const kinds[] = {"breach", "policy_change", NULL};
static const char *const risks[] = {"none", "low", "medium", "high", "unknown", NULL};

static const struct member_rule incident_members[] = {
    {"title", MEMBER_LINE, 200, true, NULL},
    {"kind", MEMBER_WORD, 0, true, kinds},
    {"organisation", MEMBER_OBJECT, 0, true, NULL},
    {"occurred_from", MEMBER_TIME, 0, false, NULL},
    {"occurred_to", MEMBER_TIME, 0, false, NULL},
    {"discovered_at", MEMBER_TIME, 0, false, NULL},
    {"determined_at", MEMBER_TIME, 0, false, NULL},
    {"aware_at", MEMBER_TIME, 0, false, NULL},
    {"data_types", MEMBER_ARRAY, DATA_TYPES_N, false, NULL},
    {"encrypted", MEMBER_BOOL, 0, false, NULL},
    {"key_compromised", MEMBER_BOOL, 0, false, NULL},
    {"risk", MEMBER_WORD, 0, false, risks},
    {"sectors", MEMBER_ARRAY, 20, false, NULL},
    {"furnished_mailbox", MEMBER_BOOL, 0, false, NULL},
    {"source_of_breach", MEMBER_BOOL, 0, false, NULL},
    {"establishment", MEMBER_PLACE, 8, false, NULL},
    {"consent_required", MEMBER_BOOL, 0, false, NULL},
    {"facts", MEMBER_OBJECT, 0, false, NULL},
    {"internal_notes", MEMBER_TEXT, INCIDENT_NOTES_BYTES, false, NULL},
    {"channels", MEMBER_ARRAY, 16, false, NULL},
    {"brakes", MEMBER_OBJECT, 0, false, NULL},
    {"test", MEMBER_BOOL, 0, false, NULL},
    {"urgent", MEMBER_BOOL, 0, false, NULL},
    {"law", MEMBER_OBJECT, 0, false, NULL},
    {"recipients", MEMBER_ARRAY, INCIDENT_INLINE_MAX, false, NULL},
};

/* What some laws ask beyond that, by the names of POST /v1/law/evaluate. Left out: not known. */
static const char *const roles[] = {"owner", "maintainer", NULL};
static const struct member_rule law_members[] = {
    {"access_only", MEMBER_BOOL, 0, false, NULL},
    {"children", MEMBER_BOOL, 0, false, NULL},
    {"codes_exposed", MEMBER_BOOL, 0, false, NULL},
    {"notice_mentions_credit_reports", MEMBER_BOOL, 0, false, NULL},
    {"inadvertent_disclosure", MEMBER_BOOL, 0, false, NULL},
    {"internet_business", MEMBER_BOOL, 0, false, NULL},
    {"malicious", MEMBER_BOOL, 0, false, NULL},
    {"material_at", MEMBER_TIME, 0, false, NULL},
    {"paper", MEMBER_BOOL, 0, false, NULL},
    {"parent_company", MEMBER_LINE, 200, false, NULL},
    {"electronic_is_primary", MEMBER_BOOL, 0, false, NULL},
    {"prior_relationship", MEMBER_BOOL, 0, false, NULL},
    {"channel_used_before", MEMBER_BOOL, 0, false, NULL},
    {"public_leak", MEMBER_BOOL, 0, false, NULL},
    {"role", MEMBER_WORD, 0, false, roles},
    {"severe_incident", MEMBER_BOOL, 0, false, NULL},
    {"small_agent", MEMBER_BOOL, 0, false, NULL},
    {"suspected_at", MEMBER_TIME, 0, false, NULL},
};

static const struct member_rule organisation_members[] = {
    {"name", MEMBER_LINE, 200, true, NULL},
    {"address", MEMBER_TEXT, 500, false, NULL},
    {"contact", MEMBER_OBJECT, 0, false, NULL},
};

static const struct member_rule contact_members[] = {
    {"email", MEMBER_EMAIL, 254, false, NULL},
    {"phone", MEMBER_LINE, 40, false, NULL},
    {"url", MEMBER_URL, 300, false, NULL},
};

/* Where an organisation is reached by phone is printed, not dialled: "0800 123 456 (free)". */
static void check_phone(struct json_object *contact, struct findings *findings)
{
    const char *phone = json_get_string(contact, "phone");
    if (phone && !strpbrk(phone, "0123456789"))
        findings_add(findings, "/organisation/contact", "phone",
                     "There is no digit in it; give the number that people can call.");
}

static void check_organisation(struct json_object *json, struct findings *findings)
{
    struct json_object *contact = json_get(json, "contact");
    json_check(json, "/organisation", MEMBER_RULES(organisation_members), findings);
    if (json_object_is_type(contact, json_type_object)) {
        json_check(contact, "/organisation/contact", MEMBER_RULES(contact_members), findings);
        check_phone(contact, findings);
    }
}

/* The i-th element as a string that did not come before; NULL after a finding. */
static const char *unique_word(struct json_object *array, size_t i, const char *pointer,
                               struct findings *findings)
{
    struct json_object *item = json_object_array_get_idx(array, i);
    if (!json_object_is_type(item, json_type_string)) {
        findings_add(findings, findings_index(findings, pointer, i), NULL,
                     "It must be a string; correct it.");
        return NULL;
    }
    const char *word = json_object_get_string(item);
    for (size_t k = 0; k < i; k++) {
        struct json_object *other = json_object_array_get_idx(array, k);
        if (json_object_is_type(other, json_type_string) &&
            str_equal(json_object_get_string(other), word)) {
            findings_add(findings, findings_index(findings, pointer, i), NULL,
                         "It is named twice; remove one.");
            return NULL;
        }
    }
    return word;
}

static void check_data_types(struct json_object *array, struct findings *findings)
{
    size_t n = json_object_array_length(array);
    for (size_t i = 0; i < n && i < DATA_TYPES_N; i++) {
        const char *word = unique_word(array, i, "/data_types", findings);
        if (word && data_type_find(word) < 0)
            findings_add(findings, findings_index(findings, "/data_types", i), NULL,
                         "It is none of the data types; see /v1/openapi.yaml, or use other.");
    }
}

static void check_sectors(struct json_object *array, struct findings *findings)
{
    size_t n = json_object_array_length(array);
    for (size_t i = 0; i < n && i < 20; i++) {
        const char *word = unique_word(array, i, "/sectors", findings);
        if (word && !json_name_check(word, 40))
            findings_add(findings, findings_index(findings, "/sectors", i), NULL,
                         "It must be a word of lower-case letters, digits and _; correct it.");
    }
}

static bool channel_known(const struct incident_rules *rules, const char *word)
{
    for (size_t i = 0; i < rules->n_channels; i++) {
        if (str_equal(rules->channels[i], word))
            return true;
    }
    return rules->n_channels == 0 && json_name_check(word, 16);
}

void incident_channels_check(struct json_object *array, const struct incident_rules *rules,
                             struct findings *findings)
{
    size_t n = json_object_array_length(array);
    if (n == 0)
        findings_add(findings, "/channels", NULL,
                     "It is empty; name a channel, or leave it out for the configured ladder.");
    for (size_t i = 0; i < n && i < 16; i++) {
        const char *word = unique_word(array, i, "/channels", findings);
        if (word && !channel_known(rules, word))
            findings_add(findings, findings_index(findings, "/channels", i), NULL,
                         "This channel is not configured here; see /metrics or the "
                         "configuration.");
    }
}

static void check_fact(const char *pointer, const char *name, struct json_object *value,
                       struct findings *findings)
{
    if (!json_name_check(name, 64)) {
        findings_add(findings, pointer, name,
                     "A fact's name must be lower-case letters, digits and _; correct it.");
        return;
    }
    const struct member_rule rule = {name, MEMBER_TEXT, INCIDENT_FACT_BYTES, false, NULL};
    json_check_value(value, pointer, &rule, findings);
    if (json_object_is_type(value, json_type_string) &&
        strstr(json_object_get_string(value), "{{{"))
        findings_add(findings, pointer, name,
                     "{{{ is not allowed in a notice; use {{ }}, which escapes.");
}

static void check_set(const char *pointer, struct json_object *facts, struct findings *findings)
{
    if (json_object_object_length(facts) > INCIDENT_FACTS_MAX)
        findings_add(findings, pointer, NULL, "There are more than %d facts; send fewer.",
                     INCIDENT_FACTS_MAX);
    json_object_object_foreach(facts, name, value) check_fact(pointer, name, value, findings);
}

/* "default", "de", "fr-CA". */
static bool is_locale(const char *key)
{
    size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return key[n] == 0 && n >= 2 && n <= 16;
}

static void check_language(const char *key, struct json_object *set, struct findings *findings)
{
    char pointer[64];
    snprintf(pointer, sizeof(pointer), "/facts/%.32s", key);
    if (!is_locale(key))
        findings_add(findings, "/facts", key,
                     "It is no language tag (de, fr-CA) and not default; correct it.");
    else if (!json_object_is_type(set, json_type_object))
        findings_add(findings, "/facts", key,
                     "Facts by language are objects all; put this one into default.");
    else
        check_set(pointer, set, findings);
}

void incident_facts_check(struct json_object *facts, struct findings *findings)
{
    bool by_language = false;
    json_object_object_foreach(facts, key, value)
    {
        (void)key;
        by_language = by_language || json_object_is_type(value, json_type_object);
    }
    if (!by_language) {
        check_set("/facts", facts, findings);
        return;
    }
    if (json_object_object_length(facts) > INCIDENT_LANGUAGES_MAX)
        findings_add(findings, "/facts", NULL, "There are more than %d languages; send fewer.",
                     INCIDENT_LANGUAGES_MAX);
    if (json_get(facts, "default") == NULL)
        findings_add(findings, "/facts", "default",
                     "Facts by language need a default, for everybody else; add it.");
    json_object_object_foreach(facts, locale, set) check_language(locale, set, findings);
}

struct order {
    const char *before, *after;
    const char *detail;
};
static const struct order orders[] = {
    {"occurred_from", "occurred_to", "It is earlier than occurred_from; correct one of them."},
    {"occurred_from", "discovered_at", "It is earlier than occurred_from; correct one of them."},
    {"occurred_from", "aware_at", "It is earlier than occurred_from; correct one of them."},
    {"occurred_from", "determined_at", "It is earlier than occurred_from; correct one of them."},
};
enum { DAY_MS = 86400000 };

/* A bare day stands for any moment of it: 12:00 on the 3rd does not contradict "the 3rd". */
static bool day_only(struct json_object *json, const char *name)
{
    return strlen(str_or(json_get_string(json, name), "")) == DAY_TEXT_SIZE - 1;
}

static void check_dates(struct json_object *json, const struct incident_rules *rules,
                        struct findings *findings)
{
    int64_t before = 0, after = 0;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const struct order *order = &orders[i];
        if (!json_member_time(json, order->before, &before) ||
            !json_member_time(json, order->after, &after))
            continue;
        if (day_only(json, order->after))
            after += DAY_MS - 1;
        if (after < before)
            findings_add(findings, "", order->after, "%s", order->detail);
    }
    if (rules->now != TIME_NONE && json_member_time(json, "discovered_at", &after) &&
        after > rules->now + DAY_MS)
        findings_add(findings, "", "discovered_at", "It lies in the future; correct it.");
}

/* What a breach needs before anybody can be told what was taken. */
static void check_breach(struct json_object *json, struct findings *findings)
{
    struct json_object *types = json_get(json, "data_types");
    if (!str_equal(json_get_string(json, "kind"), "breach"))
        return;
    if (!types ||
        (json_object_is_type(types, json_type_array) && json_object_array_length(types) == 0))
        findings_add(findings, "", "data_types",
                     "A breach concerns at least one type of data; name it.");
}

static void check_brakes(struct json_object *json, struct findings *findings)
{
    struct brakes brakes, defaults;
    struct error error;
    brakes_default(&defaults);
    if (brakes_read(&brakes, json, &defaults, &error) != RESULT_OK)
        findings_add(findings, error.field, NULL, "%s", error.text);
}

static void check_recipients(struct json_object *array, struct findings *findings)
{
    size_t n = json_object_array_length(array);
    if (n > INCIDENT_INLINE_MAX) {
        findings_add(findings, "/recipients", NULL,
                     "At most 1,000 people fit here; upload the roster to "
                     "/v1/incidents/{id}/recipients.");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_object))
            findings_add(findings, findings_index(findings, "/recipients", i), NULL,
                         "It must be an object; correct it.");
    }
}

/* The member when it is of this type: what is of another was complained about already. */
static struct json_object *part(struct json_object *json, const char *name, enum json_type type)
{
    struct json_object *value = json_get(json, name);
    return value && json_object_is_type(value, type) ? value : NULL;
}

bool incident_json_check(struct json_object *json, const struct incident_rules *rules,
                         struct findings *findings)
{
    size_t before = findings->total;
    struct json_object *it;
    json_check(json, "", MEMBER_RULES(incident_members), findings);
    if (!json_object_is_type(json, json_type_object))
        return false;
    if ((it = part(json, "organisation", json_type_object)))
        check_organisation(it, findings);
    if ((it = part(json, "law", json_type_object)))
        json_check(it, "/law", MEMBER_RULES(law_members), findings);
    if ((it = part(json, "data_types", json_type_array)))
        check_data_types(it, findings);
    if ((it = part(json, "sectors", json_type_array)))
        check_sectors(it, findings);
    if ((it = part(json, "channels", json_type_array)))
        incident_channels_check(it, rules, findings);
    if ((it = part(json, "facts", json_type_object)))
        incident_facts_check(it, findings);
    if ((it = part(json, "brakes", json_type_object)))
        check_brakes(it, findings);
    if ((it = part(json, "recipients", json_type_array)))
        check_recipients(it, findings);
    check_breach(json, findings);
    check_dates(json, rules, findings);
    return findings->total == before;
}
