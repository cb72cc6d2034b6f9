/* people.c - is one person two? Two tokens are certainly two people's when they have other holders
 * and neither holder's token was minted by the other, himself or through others: whoever mints a
 * token has seen it. A principal without a token (the machine's owner) is only himself. */
/* This module. */
#include "service/store/store_core.h"

/* Is a holder of token `b` among those who made, step by step, a token of `a`'s holder? */
static bool made(struct store_work *work, id b, id a)
{
    struct sql_query *query = sql_start(
        work->sql,
        "WITH RECURSIVE up (id) AS ("
        "SELECT id FROM token WHERE person = (SELECT person FROM token WHERE id = $1)"
        " UNION SELECT t.minted_by FROM token t JOIN up ON t.id = up.id WHERE t.minted_by <> 0)"
        " SELECT 1 FROM up JOIN token o ON o.id = up.id"
        " WHERE o.person = (SELECT person FROM token WHERE id = $2) LIMIT 1",
        SQL_INT(a), SQL_INT(b));
    bool found = sql_step(query);
    sql_end(query);
    return found;
}

bool people_apart(struct store_work *work, id a, id b)
{
    return a != b && !made(work, a, b) && !made(work, b, a);
}

enum result people_check(struct store_work *work, id principal, bool claimed)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT kind, claim FROM token WHERE id = $1", SQL_INT(principal));
    bool known = sql_step(query);
    bool program = known && sql_int(query, 0) != TOKEN_PERSON;
    bool seen = known && sql_int(query, 1) != TOKEN_CLAIMED;
    sql_end(query);
    if (program)
        return error_set(work->error, RESULT_DENIED, "principal",
                         "this token is a program's: only people approve, ask one");
    if (claimed && seen)
        return error_set(work->error, RESULT_DENIED, "principal",
                         "whoever minted this token has seen it: ask an admin for an invitation, "
                         "claim it, and approve with that");
    return RESULT_OK;
}
