/* clock.c - when is it due? Day 0 is the day of the start; N days are added, with no extension for
 * weekends or holidays (the safe side) unless the law counts business days; hours are consecutive,
 * across time zones and DST, since instants are added. Pure. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static struct law_time first_known(const struct law_time *a, const struct law_time *b,
                                   const struct law_time *c)
{
    return a->kind != LAW_NEVER ? *a : b->kind != LAW_NEVER ? *b : *c;
}

static struct law_time of_event(struct law_case *it, const char *type, const char *jurisdiction)
{
    const struct law_event *event = facts_event(it->work->facts, type, jurisdiction);
    return event == NULL ? (struct law_time){0} : event->at;
}

static struct law_time people_told(struct law_case *it)
{
    struct law_time letters = of_event(it, "letters_sent", it->jurisdiction);
    struct law_time told = of_event(it, "people_told", it->jurisdiction);
    if (letters.kind == LAW_NEVER || told.kind == LAW_NEVER)
        return letters.kind == LAW_NEVER ? told : letters;
    return law_time_compare(&letters, &told) < 0 ? letters : told;
}

/* The last day of the year in which it was discovered. */
static struct law_time year_end(const struct law_time *discovered)
{
    int year, month, of_month;
    if (discovered->kind == LAW_NEVER)
        return *discovered;
    calendar_split(discovered->day, &year, &month, &of_month);
    return (struct law_time){.kind = LAW_DATE, .day = calendar_join(year, 12, 31)};
}

static struct law_time suspicion(struct law_case *it)
{
    struct law_time event = of_event(it, "suspected", it->jurisdiction);
    return it->work->facts->suspected.kind != LAW_NEVER ? it->work->facts->suspected : event;
}

/* Where a fact is missing the earlier one stands in: it makes the day no later. */
static struct law_time start_of(struct law_case *it, const struct law_clock *clock)
{
    const struct law_facts *f = it->work->facts;
    switch (clock->from) {
    case FROM_DISCOVERY:
    case FROM_AWARENESS:
        return clock->from == FROM_DISCOVERY
                   ? first_known(&f->discovered, &f->aware, &f->determined)
                   : first_known(&f->aware, &f->discovered, &f->determined);
    case FROM_DETERMINATION:
        if (f->determined.kind == LAW_NEVER)
            work_ask(it->work, "determined_at",
                     "When was it determined that a breach took place? Until then its discovery "
                     "counts, which is no later.",
                     it->jurisdiction);
        return first_known(&f->determined, &f->discovered, &f->aware);
    case FROM_CONFIRMATION:
    case FROM_FACTS_ASCERTAINED:
    case FROM_IDENTIFICATION_OF_PERSONS:
    case FROM_STATEMENT_PREPARED:
        return first_known(&f->determined, &f->discovered, &f->aware);
    case FROM_MATERIALITY:
        return f->material;
    case FROM_SUSPICION:
        return suspicion(it);
    case FROM_REGULATOR_ORDER:
        return of_event(it, "regulator_order", it->jurisdiction);
    case FROM_PEOPLE_TOLD:
        return people_told(it);
    case FROM_PEOPLE_DUE:
        return it->people_due;
    case FROM_AUTHORITY_TOLD:
        return of_event(it, "authority_told",
                        clock->authority == NULL ? it->jurisdiction : clock->authority);
    case FROM_YEAR_END:
        return year_end(&f->discovered);
    case FROM_CLOSED:
        return of_event(it, "closed", it->jurisdiction);
    case FROM_NONE:
    case FROM_N:
        break;
    }
    return (struct law_time){0};
}

static struct law_time end_of_day(const struct law_time *start, int n, const char *zone)
{
    int offset = 0;
    int64_t day = start->day;
    require(offset_read(zone, &offset));
    if (start->kind == LAW_INSTANT) {
        int64_t local = start->seconds + offset * 60;
        day = local / 86400 - (local % 86400 < 0);
    }
    day += n;
    return (struct law_time){.kind = LAW_INSTANT,
                             .day = day,
                             .seconds = day * 86400 + 86399 - (int64_t)offset * 60,
                             .offset = offset};
}

struct law_time clock_from(struct law_case *it, const struct law_clock *clock,
                           const struct law_time *start)
{
    bool small = clock->small_agent_n > 0 && it->work->facts->facts[LAW_SMALL_AGENT] == LAW_YES;
    int n = small ? clock->small_agent_n : clock->n;
    if (start->kind == LAW_NEVER)
        return *start;
    if (clock->end_of_day != NULL)
        return end_of_day(start, n, clock->end_of_day);
    if (clock->unit == LAW_HOURS && start->kind == LAW_INSTANT) {
        int64_t seconds = start->seconds + (int64_t)n * 3600;
        int64_t local = seconds + start->offset * 60;
        return (struct law_time){.kind = LAW_INSTANT,
                                 .day = local / 86400 - (local % 86400 < 0),
                                 .seconds = seconds,
                                 .offset = start->offset};
    }
    return (struct law_time){
        .kind = LAW_DATE,
        .day = calendar_add(it->work->rules, it->rule->holidays, start->day, n, clock->unit)};
}

struct law_time clock_due(struct law_case *it, const struct law_clock *clock)
{
    if (!clock->set)
        return (struct law_time){0};
    struct law_time start = start_of(it, clock);
    return clock_from(it, clock, &start);
}
