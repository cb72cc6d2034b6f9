/* condition.c - does a record's condition hold for these facts? What is not known is asked, and
 * taken as the cautious answer meanwhile. Pure. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static const char *const risk_names[] = {"not known", "unlikely", "likely", "high"};

static enum law_answer refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return LAW_NO;
}

static enum law_answer people_hold(struct law_case *it, const struct law_condition *c,
                                   const char **ret_why)
{
    long long n = (long long)it->people;
    if (c->people_min >= 0 && it->people < c->people_min)
        return refuse(ret_why,
                      work_text(it->work, "%lld people, %lld needed", n, (long long)c->people_min));
    if (c->people_max >= 0 && it->people > c->people_max)
        return refuse(
            ret_why, work_text(it->work, "%lld people, %lld at most", n, (long long)c->people_max));
    if (c->people_min > 1)
        *ret_why = work_text(it->work, "%lld people, %lld needed", n, (long long)c->people_min);
    return LAW_YES;
}

static enum law_answer risk_holds(struct law_case *it, const struct law_condition *c,
                                  const char **ret_why)
{
    enum law_risk risk = it->work->facts->risk;
    if (c->not_risk & 1u << risk)
        return refuse(ret_why, work_text(it->work, "the risk is %s", risk_names[risk]));
    if (c->risk == 0 || c->risk & 1u << risk)
        return LAW_YES;
    if (c->risk == 1u << LAW_RISK_UNLIKELY && risk == LAW_RISK_UNKNOWN)
        return refuse(ret_why, "only when relying on a finding that harm is unlikely");
    if (risk == LAW_RISK_UNKNOWN) {
        work_ask(it->work, "risk", "How likely is harm to the people: unlikely, likely or high?",
                 it->jurisdiction);
        return LAW_UNKNOWN;
    }
    return refuse(ret_why, work_text(it->work, "the risk is %s", risk_names[risk]));
}

static enum law_answer data_holds(struct law_case *it, const struct law_condition *c,
                                  const char **ret_why)
{
    uint64_t data = it->work->facts->data;
    if (c->data_any != 0 && (data & c->data_any) == 0)
        return refuse(ret_why, "none of the data types that the rule names were exposed");
    if (c->name_and_any != 0 &&
        ((data & law_data_bit("name")) == 0 || (data & c->name_and_any) == 0))
        return refuse(ret_why, "no name together with the data that the rule names was exposed");
    return LAW_YES;
}

static enum law_answer sectors_hold(struct law_case *it, const struct law_condition *c,
                                    const char **ret_why)
{
    bool in = c->sectors[0] == NULL;
    for (size_t i = 0; c->sectors[i] != NULL; i++)
        in = in || facts_in_sector(it->work->facts, c->sectors[i]);
    if (!in)
        return refuse(ret_why, work_text(it->work, "only for the sector %s", c->sectors[0]));
    for (size_t i = 0; c->not_sectors[i] != NULL; i++)
        if (facts_in_sector(it->work->facts, c->not_sectors[i]))
            return refuse(ret_why, work_text(it->work, "not for the sector %s", c->not_sectors[i]));
    return LAW_YES;
}

static const char *question_of(int fact)
{
    static const char *const texts[LAW_FACTS_N] = {
        [LAW_MALICIOUS] = "Was it, or could it have been, an attack or theft by somebody outside?",
        [LAW_SEVERE_INCIDENT] = "Is it a severe incident of a database of high security level, or "
                                "of a substantial part of one of medium level?",
        [LAW_CREDIT_REPORTS_MENTIONED] =
            "Does the notice say that people may get a file from a credit bureau?",
    };
    return str_or(texts[fact], "Is this so?");
}

static enum law_answer facts_hold(struct law_case *it, const struct law_condition *c,
                                  const char **ret_why)
{
    const enum law_answer *facts = it->work->facts->facts;
    if (c->fact >= 0 && facts[c->fact] != LAW_YES)
        return refuse(ret_why, work_text(it->work, "only if %s", law_fact_name(c->fact)));
    if (c->not_fact >= 0 && facts[c->not_fact] == LAW_YES)
        return refuse(ret_why, work_text(it->work, "not if %s", law_fact_name(c->not_fact)));
    if (c->fact_asked < 0 || facts[c->fact_asked] == LAW_YES)
        return LAW_YES;
    if (facts[c->fact_asked] == LAW_NO)
        return refuse(ret_why, work_text(it->work, "only if %s", law_fact_name(c->fact_asked)));
    work_ask(it->work, law_fact_name(c->fact_asked), question_of(c->fact_asked), it->jurisdiction);
    return LAW_UNKNOWN;
}

static enum law_answer protection_holds(struct law_case *it, const struct law_condition *c,
                                        const char **ret_why)
{
    if (c->not_encrypted && trigger_protected(it) == LAW_YES)
        return refuse(ret_why, "the data were encrypted and the key is safe");
    if (c->not_protected && it->work->facts->facts[LAW_ENCRYPTED] == LAW_YES) {
        enum law_answer safe = trigger_protected(it);
        if (safe == LAW_YES)
            return refuse(ret_why, "the data were unintelligible to whoever took them, and the key "
                                   "is safe");
        return safe == LAW_UNKNOWN ? LAW_UNKNOWN : LAW_YES;
    }
    return LAW_YES;
}

static enum law_answer words_hold(struct law_case *it, const struct law_condition *c,
                                  const char **ret_why)
{
    if (c->never != NULL)
        return refuse(ret_why, c->never);
    if (c->unknown != NULL) {
        work_ask(it->work, "unknown_rule",
                 "The rule is not verified there; ask counsel whether these people must be told.",
                 it->jurisdiction);
        return refuse(ret_why, c->unknown);
    }
    if (c->event != NULL && facts_event(it->work->facts, c->event, it->jurisdiction) == NULL)
        return refuse(ret_why, work_text(it->work, "only once there is: %s", c->event));
    return LAW_YES;
}

/* One of them is enough; what is known for certain goes before what must be asked. */
static enum law_answer any_holds(struct law_case *it, const struct law_condition *c,
                                 const char **ret_why)
{
    enum law_answer best = LAW_NO;
    if (c->n_any == 0)
        return LAW_YES;
    for (size_t i = 0; i < c->n_any && best != LAW_YES; i++) {
        bool asks = c->any[i].fact_asked >= 0 || c->any[i].risk_asked;
        if (!asks)
            best = condition_holds(it, &c->any[i], ret_why) == LAW_YES ? LAW_YES : best;
    }
    for (size_t i = 0; i < c->n_any && best != LAW_YES; i++) {
        enum law_answer answer = condition_holds(it, &c->any[i], ret_why);
        best = answer == LAW_YES || best == LAW_NO ? answer : best;
    }
    return best;
}

enum law_answer condition_holds(struct law_case *it, const struct law_condition *condition,
                                const char **ret_why)
{
    static enum law_answer (*const parts[])(struct law_case *, const struct law_condition *,
                                            const char **) = {
        words_hold, sectors_hold, people_hold,      data_holds,
        facts_hold, risk_holds,   protection_holds, any_holds};
    enum law_answer worst = LAW_YES;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        enum law_answer answer = parts[i](it, condition, ret_why);
        if (answer == LAW_NO)
            return LAW_NO;
        worst = answer == LAW_UNKNOWN ? LAW_UNKNOWN : worst;
    }
    return worst;
}
