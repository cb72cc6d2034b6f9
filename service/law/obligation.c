/* obligation.c - one record and one group of people -> the duties, each with its day, its order and
 * its reason; those that do not apply too. Pure. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

/* Why a whole record does not bind us here; NULL: it may. */
static const char *exempt_why(struct law_case *it)
{
    const struct law_facts *facts = it->work->facts;
    for (size_t i = 0; it->rule->exempt_sectors[i] != NULL; i++)
        if (facts_in_sector(facts, it->rule->exempt_sectors[i]))
            return work_text(it->work, "entities of the sector %s are exempt there",
                             it->rule->exempt_sectors[i]);
    if (facts->maintainer && !it->rule->maintainer_tells_people)
        return "we hold the data for their owner, who has this duty";
    return NULL;
}

/* A law that was passed and does not apply yet, at the time the clock starts. */
static const char *not_in_force(struct law_case *it, const struct law_duty *duty)
{
    const struct law_facts *facts = it->work->facts;
    struct law_time from;
    const struct law_time *at = facts->aware.kind != LAW_NEVER        ? &facts->aware
                                : facts->discovered.kind != LAW_NEVER ? &facts->discovered
                                                                      : &facts->now;
    if (duty->in_force_from == NULL)
        return NULL;
    if (!law_time_read(duty->in_force_from, &from))
        return "the law is passed, but its duty has no start yet";
    if (at->kind != LAW_NEVER && at->day >= from.day)
        return NULL;
    return work_text(it->work, "the duty applies from %s", duty->in_force_from);
}

/* Is the duty on? Fills why. */
static bool is_required(struct law_case *it, const struct law_duty *duty, const char **ret_why)
{
    const char *covered = NULL, *held = NULL;
    const char *why = exempt_why(it);
    if (why == NULL)
        why = not_in_force(it, duty);
    if (why == NULL && trigger_covers(it, &covered) == LAW_NO)
        why = covered;
    if (why == NULL && condition_holds(it, &duty->when, &held) == LAW_NO)
        why = str_or(held, "its condition does not hold");
    if (why != NULL) {
        *ret_why = why;
        return false;
    }
    *ret_why = held == NULL ? covered : work_text(it->work, "%s; %s", covered, held);
    return !duty->when.optional;
}

static void finish(struct law_case *it, struct law_obligation *o)
{
    const struct law_time *now = &it->work->facts->now;
    o->late = o->required && !o->done && o->due.kind != LAW_NEVER && now->kind != LAW_NEVER &&
              law_time_compare(&o->due, now) < 0;
}

static struct law_obligation *add(struct law_case *it, const struct law_duty *duty)
{
    struct law_obligation *o = work_obligation(it->work);
    if (o == NULL)
        return NULL;
    *o = (struct law_obligation){.jurisdiction = it->jurisdiction,
                                 .code = duty->code,
                                 .to = duty->to,
                                 .name = duty->name,
                                 .people = it->people,
                                 .standard = str_or(duty->standard, "no period is stated"),
                                 .citation = it->rule->citation,
                                 .condition = duty->condition};
    o->required = is_required(it, duty, &o->why);
    return o;
}

static void order_add(struct law_obligation *o, const char *text)
{
    if (o->n_order < LAW_ORDER_MAX)
        o->order[o->n_order++] = text;
}

static const struct law_event *told_event(struct law_case *it)
{
    const struct law_event *letters =
        facts_event(it->work->facts, "letters_sent", it->jurisdiction);
    return letters != NULL ? letters
                           : facts_event(it->work->facts, "people_told", it->jurisdiction);
}

/* ---- A hold by law enforcement. ---- */

/* It delays the people's notice where the record allows it; then the days after its release. */
static void hold_apply(struct law_case *it, struct law_obligation *o)
{
    const struct law_facts *facts = it->work->facts;
    const struct law_event *placed = facts_event(facts, "hold_placed", it->jurisdiction);
    const struct law_event *released = facts_event(facts, "hold_released", it->jurisdiction);
    if (placed == NULL)
        return;
    if (it->rule->hold_allowed != LAW_YES) {
        work_ask(it->work, "hold",
                 "No rule is known there that lets law enforcement delay the notice; ask counsel.",
                 it->jurisdiction);
        return;
    }
    if (released == NULL || law_time_compare(&released->at, &placed->at) < 0) {
        o->held = true;
        o->latest = o->due;
        o->due = (struct law_time){0};
        o->standard =
            work_text(it->work, "held for law enforcement; after the release: %s", o->standard);
        return;
    }
    struct law_time after = released->at;
    after.kind = LAW_DATE;
    if (it->rule->hold_after.set)
        after = clock_from(it, &it->rule->hold_after, &released->at);
    bool later = !it->rule->hold_after.set || it->rule->hold_or_later;
    if (o->due.kind != LAW_NEVER && (!later || law_time_compare(&after, &o->due) > 0))
        o->due = after;
    else if (o->due.kind == LAW_NEVER && it->rule->hold_after.set)
        o->due = after;
}

/* ---- The people. ---- */

static bool comes_first(enum law_order order)
{
    return order == ORDER_BEFORE || order == ORDER_BEFORE_OR_WITH;
}

static void people_order(struct law_case *it, struct law_obligation *people, size_t first)
{
    const struct law_result *result = it->work->result;
    const struct law_event *told = told_event(it);
    for (size_t i = 0; i < it->rule->n_duties; i++) {
        const struct law_duty *duty = &it->rule->duties[i];
        for (size_t j = first; j < result->n_obligations; j++) {
            struct law_obligation *o = &result->obligations[j];
            bool after =
                it->rule->people.order == ORDER_AFTER_REGULATOR && duty->to == LAW_TO_REGULATOR;
            if (o->name != duty->name || !o->required || !(comes_first(duty->order) || after))
                continue;
            order_add(people, duty->order == ORDER_BEFORE_OR_WITH
                                  ? work_text(it->work, "%s (before, or at the same time)", o->name)
                                  : o->name);
            const struct law_event *authority =
                facts_event(it->work->facts, "authority_told", it->jurisdiction);
            o->blocks_people = duty->order == ORDER_BEFORE && authority == NULL;
            people->out_of_order =
                people->out_of_order ||
                (told != NULL && duty->order != ORDER_ANY &&
                 (authority == NULL || law_time_compare(&authority->at, &told->at) > 0));
        }
    }
}

static size_t people_add(struct law_case *it)
{
    struct law_obligation *o = add(it, &it->rule->people);
    size_t at = it->work->result->n_obligations - 1;
    if (o == NULL)
        return 0;
    o->due = clock_due(it, &it->rule->people.clock);
    o->done = told_event(it) != NULL;
    hold_apply(it, o);
    it->people_due = o->due.kind != LAW_NEVER ? o->due : o->latest;
    finish(it, o);
    if (!o->required)
        o->due = (struct law_time){0};
    return at;
}

/* ---- Regulators, bureaus, media. ---- */

static const char *done_event(enum law_to to)
{
    static const char *const names[] = {[LAW_TO_PEOPLE] = "people_told",
                                        [LAW_TO_REGULATOR] = "authority_told",
                                        [LAW_TO_CRA] = "cra_told",
                                        [LAW_TO_MEDIA] = "media_told",
                                        [LAW_TO_THIRD_PARTY] = "owner_told"};
    return names[to];
}

static void day_of(struct law_case *it, const struct law_duty *duty, struct law_obligation *o)
{
    const struct law_event *told = told_event(it);
    bool with = duty->order == ORDER_WITH || duty->order == ORDER_BEFORE_OR_WITH ||
                duty->order == ORDER_BEFORE || duty->or_with_people;
    o->due = clock_due(it, &duty->clock);
    if (duty->clock.set && duty->clock.from == FROM_PEOPLE_TOLD && o->due.kind == LAW_NEVER)
        o->latest = clock_from(it, &duty->clock, &it->people_due);
    if (!with)
        return;
    if (told != NULL && (o->due.kind == LAW_NEVER || law_time_compare(&told->at, &o->due) < 0)) {
        o->due = told->at;
        o->due.kind = LAW_DATE;
    }
    if (o->due.kind == LAW_NEVER)
        o->latest = it->people_due;
}

static void duty_order(const struct law_duty *duty, struct law_obligation *o)
{
    if (duty->order == ORDER_AFTER)
        order_add(o, "the people concerned");
    else if (duty->order == ORDER_WITH)
        order_add(o, "the people concerned (at the same time)");
    else if (duty->order == ORDER_AFTER_REGULATOR)
        order_add(o, "the regulators of that place");
}

static void followup_add(struct law_case *it, const struct law_duty *duty,
                         const struct law_followup *followup, const struct law_obligation *first)
{
    const enum law_answer *facts = it->work->facts->facts;
    struct law_time base = first->due;
    bool required = first->required;
    const char *why = first->why, *name = work_text(it->work, "%s: %s", duty->name, followup->text);
    struct law_obligation *o = work_obligation(it->work);
    if (o == NULL)
        return;
    *o = (struct law_obligation){.jurisdiction = it->jurisdiction,
                                 .code = duty->code,
                                 .to = duty->to,
                                 .name = name,
                                 .people = it->people,
                                 .guidance = followup->guidance,
                                 .required = required && !followup->guidance,
                                 .standard = followup->text,
                                 .why = why,
                                 .citation = it->rule->citation};
    if ((followup->only_if >= 0 && facts[followup->only_if] == LAW_NO) ||
        (followup->only_if_not >= 0 && facts[followup->only_if_not] == LAW_YES)) {
        o->required = false;
        o->why = "the other period applies";
    }
    o->due = clock_due(it, &followup->clock);
    if (followup->clock.from == FROM_AUTHORITY_TOLD && o->due.kind == LAW_NEVER) {
        char text[LAW_TIME_TEXT];
        o->due = clock_from(it, &followup->clock, &base);
        o->condition = work_text(it->work, "assumes that the authority is told on its last day%s%s",
                                 base.kind == LAW_NEVER ? "" : ", ", law_time_write(text, &base));
    }
    if (!required)
        o->due = (struct law_time){0};
    finish(it, o);
}

static void duty_add(struct law_case *it, const struct law_duty *duty)
{
    struct law_obligation *o = add(it, duty);
    if (o == NULL)
        return;
    day_of(it, duty, o);
    duty_order(duty, o);
    o->done = facts_event(it->work->facts, done_event(duty->to), it->jurisdiction) != NULL;
    finish(it, o);
    if (!o->required)
        o->due = o->latest = (struct law_time){0};
    struct law_obligation first = *o; /* the list may move */
    for (size_t i = 0; i < duty->n_followups; i++)
        followup_add(it, duty, &duty->followups[i], &first);
}

/* ---- The lead authority of the GDPR. ---- */

static const char *member_name(const struct law_rule *rule, const char *code)
{
    for (size_t i = 0; i < rule->n_members; i++)
        if (str_equal(rule->members[i].code, code))
            return rule->members[i].name;
    return NULL;
}

static const char *member_of(const char *place)
{
    return place != NULL && str_starts(place, "EU-") ? place + 3 : place;
}

/* Art. 56: one lead authority for a main establishment in the Union; without one, each authority
 * concerned (EDPB 9/2022 para 73). */
static void authority_add(struct law_case *it, const struct law_duty *duty, const char *code,
                          const char *not_required)
{
    struct law_duty mine = *duty;
    mine.code = code;
    mine.name = str_or(member_name(it->rule, code), duty->name);
    duty_add(it, &mine);
    struct law_obligation *o = &it->work->result->obligations[it->work->result->n_obligations - 1];
    if (not_required != NULL) {
        o->required = false;
        o->due = (struct law_time){0};
        o->why = not_required;
    }
}

static bool lead_was_added(struct law_case *it, const char *code)
{
    const struct law_result *result = it->work->result;
    for (size_t i = 0; i < result->n_obligations; i++)
        if (result->obligations[i].to == LAW_TO_REGULATOR &&
            str_equal(result->obligations[i].code, code))
            return true;
    return false;
}

static void authorities_add(struct law_case *it, const struct law_duty *duty)
{
    const char *here = member_of(it->jurisdiction);
    const char *lead = member_of(it->work->facts->establishment);
    if (lead == NULL)
        work_ask(it->work, "establishment",
                 "In which country is the controller's main establishment in the EU (\"none\" if "
                 "there is none)?",
                 it->jurisdiction);
    if (lead == NULL || member_name(it->rule, lead) == NULL) {
        authority_add(it, duty, here, NULL);
        return;
    }
    if (!lead_was_added(it, lead)) {
        struct law_case its = *it;
        its.jurisdiction = work_text(it->work, "EU-%s", lead);
        authority_add(&its, duty, lead, NULL);
    }
    if (!str_equal(lead, here))
        authority_add(it, duty, here,
                      work_text(it->work, "told by the lead authority of %s (GDPR art. 56)", lead));
}

/* ---- All of a record. ---- */

/* Media in each state: the count is that of the state. */
static void each_add(struct law_case *it, const struct law_duty *duty)
{
    const struct law_facts *facts = it->work->facts;
    for (size_t i = 0; i < facts->n_people; i++) {
        struct law_case state = *it;
        if (!str_starts(facts->people[i].jurisdiction, "US-"))
            continue;
        state.people = facts->people[i].n;
        duty_add(&state, duty);
        it->work->result->obligations[it->work->result->n_obligations - 1].code =
            facts->people[i].jurisdiction;
    }
}

static void owner_add(struct law_case *it)
{
    const char *why;
    struct law_obligation *o = work_obligation(it->work);
    if (o == NULL)
        return;
    *o = (struct law_obligation){.jurisdiction = it->jurisdiction,
                                 .to = LAW_TO_THIRD_PARTY,
                                 .name = it->rule->maintainer.name,
                                 .people = it->people,
                                 .standard = it->rule->maintainer.standard,
                                 .citation = it->rule->citation};
    o->required = trigger_covers(it, &why) != LAW_NO;
    o->why = why;
    o->due = clock_due(it, &it->rule->maintainer.clock);
    o->done = facts_event(it->work->facts, "owner_told", it->jurisdiction) != NULL;
    finish(it, o);
}

void obligations_add(struct law_case *it)
{
    size_t first = it->work->result->n_obligations, people = SIZE_MAX;
    if (it->work->facts->maintainer && it->rule->maintainer_tells)
        owner_add(it);
    if (it->rule->tells_people)
        people = people_add(it);
    for (size_t i = 0; i < it->rule->n_duties && !it->work->failed; i++) {
        const struct law_duty *duty = &it->rule->duties[i];
        if (duty->lead_or_each)
            authorities_add(it, duty);
        else if (duty->each_jurisdiction)
            each_add(it, duty);
        else
            duty_add(it, duty);
    }
    if (people != SIZE_MAX && !it->work->failed && it->work->result->obligations[people].required)
        people_order(it, &it->work->result->obligations[people], first);
}
