/* states.c - the state machines that are stored. Their numbers are frozen (store.h). */
/* This module. */
#include "service/store/store_core.h"

/* A settled wave goes back to sending when a late bounce wants the next rung; a draft is planned
 * without approval only by break-glass (wave.c). */
static const struct sm_state wave_table[WAVE_STATES_N] = {
    [WAVE_DRAFT] = {"draft", SM_TO(WAVE_APPROVED) | SM_TO(WAVE_PLANNING) | SM_TO(WAVE_HELD) |
                                 SM_TO(WAVE_CANCELED)},
    [WAVE_APPROVED] = {"approved", SM_TO(WAVE_DRAFT) | SM_TO(WAVE_PLANNING) | SM_TO(WAVE_HELD) |
                                       SM_TO(WAVE_CANCELED)},
    [WAVE_PLANNING] = {"planning", SM_TO(WAVE_SENDING) | SM_TO(WAVE_HELD) | SM_TO(WAVE_CANCELED)},
    [WAVE_SENDING] = {"sending", SM_TO(WAVE_SETTLED) | SM_TO(WAVE_HELD) | SM_TO(WAVE_CANCELED)},
    [WAVE_HELD] = {"held", SM_TO(WAVE_DRAFT) | SM_TO(WAVE_APPROVED) | SM_TO(WAVE_PLANNING) |
                               SM_TO(WAVE_SENDING) | SM_TO(WAVE_CANCELED)},
    [WAVE_SETTLED] = {"settled", SM_TO(WAVE_SENDING)},
    [WAVE_CANCELED] = {"canceled", 0},
};
const struct sm_table wave_states = {"wave", wave_table, WAVE_STATES_N};

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
