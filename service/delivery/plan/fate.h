/* fate.h - what a plan decides about one person: goes, cannot be reached, or is withheld because
 * the text would have a hole. Pure; planning and its rehearsal share it, so that what was shown is
 * what happens. */
#pragma once
#include "service/delivery/dossier.h"
#include "service/delivery/plan/ladder.h"

enum fate_kind { FATE_GOES, FATE_UNREACHABLE, FATE_WITHHELD };
struct fate {
    enum fate_kind kind;
    const char *reason; /* a fixed word, unless it goes */
    bool format_owed;   /* goes, but in no form that this person can read */
    struct ladder ladder;
    struct json_object
        *facts; /* {"reasons": {...}} or {"fields": [...]}; NULL: goes. The caller puts it. */
};
struct fate_question {
    struct dossier *dossier; /* whose notices are looked at */
    const struct policy *policy;
    const struct channel_driver *const *drivers;
    const struct recipient *recipient;
    const struct seal_key *seed;
    const struct wishes *wishes; /* NULL: nothing is known */
    time_ms now;
    struct arena *arena; /* scratch */
};
void fate_judge(const struct fate_question *question, struct fate *ret_fate);
