/* states.c - the state machines that are stored. Their numbers are frozen (store.h). */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/store/store_core.h"

/* A settled wave goes back to sending when a late bounce wants the next rung, to held when its text
 * is withdrawn by then; a draft is planned without approval only by break-glass (wave.c). */
static const struct sm_state wave_table[WAVE_STATES_N] = {
    [WAVE_DRAFT] = {"draft", SM_TO(WAVE_APPROVED) | SM_TO(WAVE_PLANNING) | SM_TO(WAVE_HELD) |
                                 SM_TO(WAVE_CANCELED)},
    [WAVE_APPROVED] = {"approved", SM_TO(WAVE_DRAFT) | SM_TO(WAVE_PLANNING) | SM_TO(WAVE_HELD) |
                                       SM_TO(WAVE_CANCELED)},
    [WAVE_PLANNING] = {"planning", SM_TO(WAVE_SENDING) | SM_TO(WAVE_HELD) | SM_TO(WAVE_CANCELED)},
    [WAVE_SENDING] = {"sending", SM_TO(WAVE_SETTLED) | SM_TO(WAVE_HELD) | SM_TO(WAVE_CANCELED)},
    [WAVE_HELD] = {"held", SM_TO(WAVE_DRAFT) | SM_TO(WAVE_APPROVED) | SM_TO(WAVE_PLANNING) |
                               SM_TO(WAVE_SENDING) | SM_TO(WAVE_CANCELED)},
    [WAVE_SETTLED] = {"settled", SM_TO(WAVE_SENDING) | SM_TO(WAVE_HELD)},
    [WAVE_CANCELED] = {"canceled", 0},
};
const struct sm_table wave_states = {"wave", wave_table, WAVE_STATES_N};

static const struct sm_state hold_table[HOLD_STATES_N] = {
    [HOLD_PLACED] = {"placed", SM_TO(HOLD_ASKED) | SM_TO(HOLD_LIFTED)},
    [HOLD_ASKED] = {"asked", SM_TO(HOLD_LIFTED)},
    [HOLD_LIFTED] = {"lifted", 0},
};
const struct sm_table hold_states = {"hold", hold_table, HOLD_STATES_N};

static const struct sm_state duty_table[DUTY_STATES_N] = {
    [DUTY_OPEN] = {"open", SM_TO(DUTY_DONE) | SM_TO(DUTY_OVERRIDDEN) | SM_TO(DUTY_GONE)},
    [DUTY_DONE] = {"done", 0},
    [DUTY_OVERRIDDEN] = {"overridden", SM_TO(DUTY_DONE)},
    [DUTY_GONE] = {"gone", SM_TO(DUTY_OPEN)},
};
const struct sm_table duty_states = {"duty", duty_table, DUTY_STATES_N};

static const char *const kind_names[WAVE_KINDS_N] = {
    [WAVE_FIRST] = "first",
    [WAVE_WRITTEN_NOTICE] = "written_notice",
    [WAVE_UPDATE] = "update",
    [WAVE_CORRECTION] = "correction",
    [WAVE_LATE_ADDITION] = "late_addition",
    [WAVE_RE_MAIL] = "re_mail",
};

const char *wave_kind_name(int kind)
{
    return kind >= 0 && kind < WAVE_KINDS_N ? kind_names[kind] : NULL;
}

int wave_kind_find(const char *name)
{
    for (int i = 0; i < WAVE_KINDS_N; i++)
        if (str_equal(kind_names[i], name))
            return i;
    return -1;
}

bool wave_kind_takes(int kind)
{
    return kind == WAVE_FIRST || kind == WAVE_LATE_ADDITION;
}

const char *hold_kind_name(enum hold_kind kind)
{
    static const char *const names[HOLD_KINDS_N] = {
        [HOLD_PERSON] = "hold", [HOLD_ORDER_RULE] = "order_rule", [HOLD_WITHDRAWN] = "withdrawn"};
    return (unsigned)kind < HOLD_KINDS_N ? names[kind] : "unknown";
}

static const struct sm_state request_table[REQUEST_STATES_N] = {
    [REQUEST_RECEIVED] = {"received", SM_TO(REQUEST_NEEDS_PERSON) | SM_TO(REQUEST_MATCHED) |
                                          SM_TO(REQUEST_SENDING) | SM_TO(REQUEST_CLOSED) |
                                          SM_TO(REQUEST_DUPLICATE)},
    [REQUEST_NEEDS_PERSON] = {"needs_person", SM_TO(REQUEST_MATCHED) | SM_TO(REQUEST_SENDING) |
                                                  SM_TO(REQUEST_CLOSED) | SM_TO(REQUEST_DUPLICATE)},
    [REQUEST_MATCHED] = {"matched", SM_TO(REQUEST_NEEDS_PERSON) | SM_TO(REQUEST_SENDING) |
                                        SM_TO(REQUEST_CLOSED) | SM_TO(REQUEST_DUPLICATE)},
    [REQUEST_SENDING] = {"sending", SM_TO(REQUEST_MAILED) | SM_TO(REQUEST_RETURNED) |
                                        SM_TO(REQUEST_NEEDS_PERSON) | SM_TO(REQUEST_CLOSED)},
    [REQUEST_MAILED] = {"mailed", SM_TO(REQUEST_RETURNED) | SM_TO(REQUEST_CLOSED)},
    [REQUEST_RETURNED] = {"returned", SM_TO(REQUEST_NEEDS_PERSON) | SM_TO(REQUEST_MATCHED) |
                                          SM_TO(REQUEST_SENDING) | SM_TO(REQUEST_CLOSED)},
    [REQUEST_CLOSED] = {"closed", 0},
    [REQUEST_DUPLICATE] = {"duplicate", SM_TO(REQUEST_CLOSED)},
};
const struct sm_table request_states = {"written_request", request_table, REQUEST_STATES_N};
