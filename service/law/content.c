/* content.c - what the text must say there, must not say, and in which form; which of our variants
 * fits; and how long records are kept. Pure. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static uint64_t bits_of(struct json_object *list)
{
    uint64_t bits = 0;
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++)
        bits |= law_data_bit(json_object_get_string(json_object_array_get_idx(list, i)));
    return bits;
}

/* An offer of credit monitoring: months, and whether these facts make it due. */
static bool monitoring_add(struct law_case *it, struct json_object *rule, struct json_object *to)
{
    struct json_object *monitoring = json_get(rule, "monitoring");
    const struct law_facts *facts = it->work->facts;
    bool due = monitoring != NULL && (bits_of(json_get(monitoring, "data")) & facts->data) != 0;
    if (due && json_get_bool(monitoring, "only_if_source", false)) {
        due = facts->facts[LAW_SOURCE_OF_BREACH] != LAW_NO;
        if (facts->facts[LAW_SOURCE_OF_BREACH] == LAW_UNKNOWN)
            work_ask(it->work, "source_of_breach", "Were you the source of the breach?",
                     it->jurisdiction);
    }
    struct json_object *offer = NULL;
    if (due) {
        offer = json_object_new_object();
        json_object_object_add(offer, "months",
                               json_object_new_int64(json_get_int(monitoring, "months", 0)));
        json_object_object_add(
            offer, "why", json_object_new_string(str_or(json_get_string(monitoring, "text"), "")));
    }
    json_object_object_add(to, "credit_monitoring", offer);
    return due;
}

static bool is_needed(struct law_case *it, struct json_object *rule, const char *element,
                      bool offer)
{
    struct json_object *only = json_get(json_get(rule, "required_if_data"), element);
    if (only != NULL && (bits_of(only) & it->work->facts->data) == 0)
        return false;
    if (str_equal(element, "credit_monitoring_offer") && json_get(rule, "monitoring") != NULL)
        return offer;
    if (str_equal(element, "parent_company_name"))
        return it->work->facts->parent_company != NULL;
    if (str_equal(element, "delay_by_law_enforcement"))
        return facts_event(it->work->facts, "hold_placed", it->jurisdiction) != NULL;
    return true;
}

static bool lists(struct json_object *list, const char *word)
{
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++)
        if (str_equal(json_object_get_string(json_object_array_get_idx(list, i)), word))
            return true;
    return false;
}

/* One letter cannot serve all: which of ours does. */
static const char *variant_of(const struct law_rule *rule, struct json_object *content)
{
    if (lists(json_get(content, "forbidden"), "incident_description"))
        return "no_description";
    if (lists(json_get(content, "forbidden"), "number_affected"))
        return "no_number";
    if (lists(json_get(content, "required"), "number_affected"))
        return "with_number";
    if (json_get(content, "headings") != NULL)
        return "headings";
    if (lists(json_get(content, "required"), "dpo_contact"))
        return "dpo_contact";
    return str_starts(rule->id, "US-") ? "us" : "general";
}

void content_add(struct law_case *it)
{
    struct json_object *rule = json_get(law_rule_json(it->rule), "content");
    struct json_object *to = json_object_new_object(), *required = json_object_new_array();
    struct json_object *all = json_get(rule, "required");
    bool offer = monitoring_add(it, rule, to);
    for (size_t i = 0; all != NULL && i < json_object_array_length(all); i++) {
        const char *element = json_object_get_string(json_object_array_get_idx(all, i));
        if (is_needed(it, rule, element, offer))
            json_object_array_add(required, json_object_new_string(element));
    }
    json_object_object_add(to, "required", required);
    struct json_object *forbidden = json_get(rule, "forbidden");
    json_object_object_add(
        to, "forbidden", forbidden == NULL ? json_object_new_array() : json_object_get(forbidden));
    json_object_object_add(to, "title", json_object_get(json_get(rule, "title")));
    json_object_object_add(to, "headings", json_object_get(json_get(rule, "headings")));
    json_object_object_add(to, "min_point_size", json_object_get(json_get(rule, "min_point_size")));
    json_object_object_add(to, "format", json_object_get(json_get(rule, "format")));
    json_object_object_add(to, "languages", json_object_get(json_get(rule, "languages")));
    json_object_object_add(to, "variant", json_object_new_string(variant_of(it->rule, rule)));
    json_object_object_add(it->work->result->content, it->jurisdiction, to);
    struct json_object *records = json_get(law_rule_json(it->rule), "records");
    if (records != NULL)
        json_object_object_add(it->work->result->records, it->jurisdiction,
                               json_object_get(records));
}
