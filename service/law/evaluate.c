/* evaluate.c - all jurisdictions of the people, then the rules of our sectors. Pure. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static int64_t people_of(const struct law_facts *facts, const struct law_rule *rule, int64_t here)
{
    int64_t n = 0;
    if (rule->count == COUNT_JURISDICTION && rule->sector == NULL)
        return here;
    for (size_t i = 0; i < facts->n_people; i++)
        if (rule->count == COUNT_ALL || str_starts(facts->people[i].jurisdiction, "US-"))
            n += facts->people[i].n;
    return n;
}

static void no_record(struct law_work *work, const struct law_people *group, size_t room)
{
    struct law_result *result = work->result;
    struct law_obligation *o = work_obligation(work);
    if (result->no_record == NULL)
        result->no_record = arena_alloc(work->arena, room * sizeof(*result->no_record));
    if (o == NULL || result->no_record == NULL) {
        work->failed = true;
        return;
    }
    result->no_record[result->n_no_record++] = group->jurisdiction;
    *o = (struct law_obligation){.jurisdiction = group->jurisdiction,
                                 .to = LAW_TO_PEOPLE,
                                 .name = "the people concerned",
                                 .required = true,
                                 .people = group->n,
                                 .standard = "no record of this place: they are told all the same",
                                 .why = "no record",
                                 .citation = ""};
    struct law_case it = {.work = work, .jurisdiction = group->jurisdiction, .group = group};
    channels_add(&it);
}

static void group_add(struct law_work *work, const struct law_people *group)
{
    const struct law_rule *rule = law_rules_find(work->rules, group->jurisdiction);
    if (rule == NULL) {
        no_record(work, group, work->facts->n_people);
        return;
    }
    struct law_case it = {.work = work,
                          .rule = rule,
                          .jurisdiction = group->jurisdiction,
                          .group = group,
                          .people = people_of(work->facts, rule, group->n)};
    obligations_add(&it);
    channels_add(&it);
    substitute_add(&it);
    content_add(&it);
}

/* The materiality of a listed company's incident has a day of its own. */
static void sector_ask(struct law_work *work, const struct law_rule *rule)
{
    if (str_equal(rule->sector, "sec") && work->facts->material.kind == LAW_NEVER)
        work_ask(work, "material_at",
                 "On which day was the incident determined to be material (null: not yet)?",
                 rule->id);
}

static void sectors_add(struct law_work *work)
{
    for (size_t i = 0; i < work->rules->n && !work->failed; i++) {
        const struct law_rule *rule = &work->rules->rules[i];
        if (rule->sector == NULL || !facts_in_sector(work->facts, rule->sector))
            continue;
        struct law_case it = {.work = work,
                              .rule = rule,
                              .jurisdiction = rule->id,
                              .people = people_of(work->facts, rule, 0)};
        sector_ask(work, rule);
        obligations_add(&it);
        content_add(&it);
    }
}

static void dates_ask(struct law_work *work)
{
    const struct law_facts *facts = work->facts;
    if (facts->discovered.kind == LAW_NEVER && facts->aware.kind == LAW_NEVER)
        work_ask(work, "discovered_at", "When was the breach discovered?", "all");
    if (facts->data == 0)
        work_ask(work, "data_types", "Which data were exposed?", "all");
}

/* ---- When a message counts as served. ---- */

/* Electronic messages handed over before the hour on a working day are served at once, later ones
 * on the next working day (NZ Privacy Regulations 2020 reg. 6). */
static void served_add(struct law_work *work, const struct law_event *event)
{
    const struct law_rule *rule = law_rules_find(work->rules, event->jurisdiction);
    struct json_object *served = rule == NULL ? NULL : json_get(law_rule_json(rule), "served");
    if (served == NULL || event->at.kind != LAW_INSTANT)
        return;
    int64_t local = event->at.seconds + event->at.offset * 60 - event->at.day * 86400;
    bool in_time = local < json_get_int(served, "before_hour", 24) * 3600 &&
                   calendar_is_business(work->rules, rule->holidays, event->at.day);
    struct law_time at = event->at;
    if (!in_time)
        at = (struct law_time){
            .kind = LAW_DATE,
            .day = calendar_add(work->rules, rule->holidays, event->at.day, 1, LAW_BUSINESS_DAYS)};
    char text[LAW_TIME_TEXT];
    struct json_object *json = json_object_new_object();
    json_object_object_add(json, "jurisdiction", json_object_new_string(event->jurisdiction));
    json_object_object_add(json, "handed_over",
                           json_object_new_string(law_time_write(text, &event->at)));
    json_object_object_add(json, "served", json_object_new_string(law_time_write(text, &at)));
    json_object_array_add(work->result->served, json);
}

static void services_add(struct law_work *work)
{
    for (size_t i = 0; i < work->facts->n_events; i++)
        if (str_equal(work->facts->events[i].type, "message_handed_over") &&
            work->facts->events[i].jurisdiction != NULL)
            served_add(work, &work->facts->events[i]);
}

bool law_evaluate(const struct law_rules *rules, const struct law_facts *facts, struct arena *arena,
                  struct law_result *ret_result)
{
    struct law_work work = {.rules = rules, .facts = facts, .arena = arena, .result = ret_result};
    *ret_result = (struct law_result){.substitute = json_object_new_object(),
                                      .content = json_object_new_object(),
                                      .records = json_object_new_object(),
                                      .served = json_object_new_array()};
    dates_ask(&work);
    for (size_t i = 0; i < facts->n_people && !work.failed; i++)
        if (facts->people[i].n > 0)
            group_add(&work, &facts->people[i]);
    sectors_add(&work);
    services_add(&work);
    if (work.failed)
        law_result_free(ret_result);
    return !work.failed;
}

void law_result_free(struct law_result *result)
{
    json_object_put(result->substitute);
    json_object_put(result->content);
    json_object_put(result->records);
    json_object_put(result->served);
    *result = (struct law_result){0};
}
