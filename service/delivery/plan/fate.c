/* fate.c - see the header. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/fate.h"
#include "service/delivery/outcome/judge.h"
#include "service/delivery/plan/notice_values.h"

static struct json_object *fields_fact(const struct notice_missing *missing)
{
    struct json_object *names = json_object_new_array();
    struct json_object *facts = json_object_new_object();
    for (size_t i = 0; i < missing->n; i++)
        json_object_array_add(names, json_object_new_string(missing->names[i]));
    json_object_object_add(facts, "fields", names);
    return facts;
}

/* Does the text have a hole for this person on any rung? */
static bool has_hole(const struct fate_question *q, struct fate *fate)
{
    struct notice_missing missing = {.n = 0};
    struct notice_person person;
    struct recipient to;
    const struct notice *notice = dossier_notice(q->dossier, q->recipient->locale);
    recipient_addressee(q->recipient, &to);
    if (notice == NULL ||
        !notice_values_of_person(q->arena, &to, q->seed, q->policy->data_types, &person))
        return true;
    for (unsigned i = 0; i < fate->ladder.n_rungs && missing.n == 0; i++) {
        unsigned channel = fate->ladder.rungs[i].channel;
        if (i > 0 && channel == fate->ladder.rungs[i - 1].channel)
            continue; /* another address, the same text */
        enum notice_format format = notice_format_of(q->drivers[channel]->facts.form);
        if (notice_check(notice, format, &person, &missing) == RESULT_OK)
            missing.n = 0;
    }
    if (missing.n == 0)
        return false;
    fate->facts = fields_fact(&missing);
    return true;
}

/* Would naming a guardian, or the estate, open a way? */
static bool needs_somebody(const struct ladder *ladder, const struct policy *policy)
{
    for (unsigned i = 0; i < policy->n_channels; i++)
        if (str_equal(ladder->reason[i], "minor_without_guardian") ||
            str_equal(ladder->reason[i], "deceased"))
            return true;
    return false;
}

/* Does the first rung carry what the person can read? The notice goes in any case. */
static bool can_be_read(const struct fate_question *q, const struct ladder *ladder)
{
    return ladder_gives(q->drivers[ladder->rungs[0].channel], recipient_format(q->recipient));
}

void fate_judge(const struct fate_question *q, struct fate *ret_fate)
{
    const struct ladder_question ladder = {.policy = q->policy,
                                           .drivers = q->drivers,
                                           .recipient = q->recipient,
                                           .wishes = q->wishes,
                                           .now = q->now};
    memset(ret_fate, 0, sizeof(*ret_fate));
    ladder_make(&ret_fate->ladder, &ladder);
    if (ret_fate->ladder.n_rungs == 0) {
        bool waits = needs_somebody(&ret_fate->ladder, q->policy);
        ret_fate->kind = waits ? FATE_WITHHELD : FATE_UNREACHABLE;
        ret_fate->reason = waits ? "no_representative" : "no_channel";
        ret_fate->facts = ladder_reasons(&ret_fate->ladder, q->policy);
    } else if (has_hole(q, ret_fate)) {
        ret_fate->kind = FATE_WITHHELD;
        ret_fate->reason = "missing_field";
    } else {
        ret_fate->format_owed = !can_be_read(q, &ret_fate->ladder);
    }
}
