/* fate.c - see the header. */
/* System. */
#include <string.h>

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
    const struct notice *notice = dossier_notice(q->dossier, q->recipient->locale);
    if (notice == NULL ||
        !notice_values_of_person(q->arena, q->recipient, q->seed, q->policy->data_types, &person))
        return true;
    for (unsigned i = 0; i < fate->ladder.n_rungs && missing.n == 0; i++) {
        enum notice_format format = notice_format_of(q->drivers[fate->ladder.rungs[i]]->facts.form);
        if (notice_check(notice, format, &person, &missing) == RESULT_OK)
            missing.n = 0;
    }
    if (missing.n == 0)
        return false;
    fate->facts = fields_fact(&missing);
    return true;
}

void fate_judge(const struct fate_question *q, struct fate *ret_fate)
{
    memset(ret_fate, 0, sizeof(*ret_fate));
    ladder_make(&ret_fate->ladder, q->policy, q->drivers, q->recipient);
    if (ret_fate->ladder.n_rungs == 0) {
        ret_fate->kind = FATE_UNREACHABLE;
        ret_fate->facts = ladder_reasons(&ret_fate->ladder, q->policy);
    } else if (has_hole(q, ret_fate)) {
        ret_fate->kind = FATE_WITHHELD;
    }
}
