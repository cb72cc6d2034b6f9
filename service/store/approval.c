/* approval.c - who approved what. The author is kept out by the INSERT itself; an approval counts
 * for one hash and one version of the incident, so that a change of the roster voids it by raising
 * the version. Two people are two: see people.c. Failure modes: DENIED (author, not apart, a
 * program), EXISTS (this person approved this hash), CONFLICT (the incident moved on, the wave is
 * past approval, or another text is approved). */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

enum { OTHERS_MOST = 64 };

/* A released wave that is held may go on with changed facts: that is approved while it is held. */
static bool goes_on(const struct wave_row *wave)
{
    return wave->state == WAVE_HELD && wave->kind != WAVE_WRITTEN_NOTICE &&
           (wave->held_from == WAVE_PLANNING || wave->held_from == WAVE_SENDING);
}

static enum result check(struct store_work *work, const struct store_approval *req,
                         const struct wave_row *wave)
{
    if (wave->incident != req->incident)
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "the incident has no such wave: read it again");
    if (wave->state != WAVE_DRAFT && wave->state != WAVE_APPROVED && !goes_on(wave))
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the wave is %s: it takes no more approvals",
                         sm_name(&wave_states, wave->state));
    if (wave->state == WAVE_APPROVED && memcmp(wave->approved_hash, req->hash, DIGEST_SIZE) != 0)
        return error_set(work->error, RESULT_CONFLICT, "hash",
                         "another version is approved: read the wave again");
    return RESULT_OK;
}

/* Who wrote what would be sent: the incident, the wave, and the newest text that it would carry. */
static struct sql_query *select_authors(struct store_work *work, const struct store_approval *req)
{
    return sql_start(work->sql,
                     "SELECT author FROM incident WHERE id = $1 UNION SELECT author FROM wave"
                     " WHERE id = $2 UNION SELECT v.author FROM notice_version v"
                     " JOIN incident i ON i.id = v.incident JOIN wave w ON w.id = $2"
                     " WHERE v.incident = $1 AND v.version = CASE WHEN w.notice = 0 OR w.state = $3"
                     " THEN i.notice ELSE w.notice END",
                     SQL_INT(req->incident), SQL_INT(req->wave), SQL_INT(WAVE_HELD));
}

static struct sql_query *select_approvers(struct store_work *work, const struct store_approval *req)
{
    return sql_start(work->sql,
                     "SELECT principal FROM approval WHERE wave = $1 AND version = $2"
                     " AND hash = $3 AND voided_at IS NULL LIMIT $4",
                     SQL_INT(req->wave), SQL_INT(req->version), SQL_BLOB(req->hash, DIGEST_SIZE),
                     SQL_INT(OTHERS_MOST));
}

/* Nobody of the authors and those who approved this before may be, or have made, this person. */
static enum result apart_from_all(struct store_work *work, const struct store_approval *req)
{
    int64_t others[2 * OTHERS_MOST];
    unsigned n = 0;
    bool author = false;
    struct sql_query *query = select_authors(work, req);
    while (n < OTHERS_MOST && sql_step(query)) {
        others[n++] = sql_int(query, 0);
        author = author || others[n - 1] == req->principal;
    }
    sql_end(query);
    query = select_approvers(work, req);
    while (n < 2 * OTHERS_MOST && sql_step(query))
        others[n++] = sql_int(query, 0);
    sql_end(query);
    if (author)
        return error_set(work->error, RESULT_DENIED, NULL,
                         "the author cannot approve, of the incident, the wave or its text: ask "
                         "another person");
    for (unsigned i = 0; i < n; i++)
        if (others[i] != req->principal && !people_apart(work, others[i], req->principal))
            return error_set(work->error, RESULT_DENIED, "principal",
                             "your token and that of the author or of another approver may be one "
                             "person's (one minted the other): ask a person with a token of an "
                             "admin who is neither");
    return RESULT_OK;
}

/* Once a hash: the next approver has seen the same. */
static void keep_document(struct store_work *work, const struct store_approval *req)
{
    if (req->document.length > 0)
        sql_exec(work->sql,
                 "INSERT INTO approval_document (wave, hash, document, at)"
                 " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                 SQL_INT(req->wave), SQL_BLOB(req->hash, DIGEST_SIZE),
                 SQL_BLOB(req->document.data, req->document.length), SQL_INT(req->at));
}

/* Why the INSERT took no row. */
static enum result refused(struct store_work *work, const struct store_approval *req)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT version FROM incident WHERE id = $1", SQL_INT(req->incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    int64_t version = sql_int(query, 0);
    sql_end(query);
    if (version != req->version)
        return error_set(work->error, RESULT_CONFLICT, "version",
                         "the incident changed meanwhile: read it and approve again");
    return error_set(work->error, RESULT_EXISTS, NULL,
                     "you approved this already: ask another person");
}

static void count(struct store_work *work, struct store_approval *req, const struct wave_row *wave)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT count(*) FROM approval WHERE wave = $1 AND version = $2 AND hash = $3"
                  " AND voided_at IS NULL",
                  SQL_INT(req->wave), SQL_INT(req->version), SQL_BLOB(req->hash, DIGEST_SIZE));
    req->approvals = sql_step(query) ? (int)sql_int(query, 0) : 0;
    sql_end(query);
    bool enough = req->approvals >= req->required;
    req->state = enough && wave->state != WAVE_HELD ? WAVE_APPROVED : wave->state;
    if (enough)
        sql_exec(work->sql,
                 "UPDATE wave SET state = $2, approvals = $3, approved_hash = $4 WHERE id = $1",
                 SQL_INT(req->wave), SQL_INT(req->state), SQL_INT(req->approvals),
                 SQL_BLOB(req->hash, DIGEST_SIZE));
    else
        sql_exec(work->sql, "UPDATE wave SET approvals = $2 WHERE id = $1", SQL_INT(req->wave),
                 SQL_INT(req->approvals));
}

STORE_WRITE(approval_put, store_approval)
{
    struct wave_row wave;
    enum result result = wave_row_get(work, req->wave, NULL, &wave);
    if (result == RESULT_OK)
        result = check(work, req, &wave);
    if (result == RESULT_OK)
        result = people_check(work, req->principal, req->claimed);
    if (result == RESULT_OK)
        result = apart_from_all(work, req);
    if (result != RESULT_OK)
        return result;
    int64_t n =
        sql_exec(work->sql,
                 "INSERT INTO approval (wave, version, hash, principal, at)"
                 " SELECT $1, i.version, $2, $3, $4 FROM incident i"
                 " WHERE i.id = $5 AND i.version = $6"
                 " ON CONFLICT (wave, version, hash, principal) DO UPDATE"
                 " SET voided_at = NULL, at = $4 WHERE approval.voided_at IS NOT NULL",
                 SQL_INT(req->wave), SQL_BLOB(req->hash, DIGEST_SIZE), SQL_INT(req->principal),
                 SQL_INT(req->at), SQL_INT(req->incident), SQL_INT(req->version));
    if (n == 0)
        return refused(work, req);
    count(work, req, &wave);
    keep_document(work, req);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
