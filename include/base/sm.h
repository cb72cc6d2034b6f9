/* sm.h - state machines are tables. A state names which states may follow; an illegal move aborts
 * in all builds.
 *
 *   enum { DRAFT, RELEASED, DONE };
 *   static const struct sm_state states[] = {
 *       [DRAFT] = {"draft", SM_TO(RELEASED)}, [RELEASED] = {"released", SM_TO(DONE)}, [DONE] =
 * {"done", 0}}; const struct sm_table sm_wave = {"wave", states, 3};
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define SM_TO(state) (UINT64_C(1) << (state))

struct sm_state {
    const char *name; /* as in the API and the tables */
    uint64_t next;    /* bit mask of permitted next states */
};
struct sm_table {
    const char *name;
    const struct sm_state *states;
    unsigned n;
};

/* May the machine go from one state to the other? Out of range is false. */
bool sm_allowed(const struct sm_table *table, unsigned from, unsigned to);
/* Moves *state; aborts when the table does not allow it. */
void sm_move(const struct sm_table *table, unsigned *state, unsigned to);
const char *sm_name(const struct sm_table *table, unsigned state);
/* -1 when no state has this name. */
int sm_find(const struct sm_table *table, const char *name);
