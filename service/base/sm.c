/* sm.c - moves of state machines. Happy path: the table allows the move. Failure modes: an illegal
 * move is a bug and aborts, naming the machine and both states. */
/* Base. */
#include "base/sm.h"
#include "base/result.h"
#include "base/str.h"

bool sm_allowed(const struct sm_table *table, unsigned from, unsigned to)
{
    return from < table->n && to < table->n && to < 64 &&
           (table->states[from].next & SM_TO(to)) != 0;
}

void sm_move(const struct sm_table *table, unsigned *state, unsigned to)
{
    if (!sm_allowed(table, *state, to))
        panic("%s: illegal move from %s to %s", table->name, sm_name(table, *state),
              sm_name(table, to));
    *state = to;
}

const char *sm_name(const struct sm_table *table, unsigned state)
{
    const char *name = state < table->n ? table->states[state].name : NULL;
    return str_or(name, "unknown");
}

int sm_find(const struct sm_table *table, const char *name)
{
    for (unsigned i = 0; i < table->n; i++) {
        if (name != NULL && str_equal(table->states[i].name, name))
            return (int)i;
    }
    return -1;
}
