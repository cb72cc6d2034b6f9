/* group_commit.c - many requests, one fsync. Happy path: everything that was queued runs in one
 * transaction, each request in a savepoint of its own, one COMMIT, then the results go back.
 * Failure modes: a request that fails is rolled back alone; a full or failing disk fails the whole
 * batch and stops the store for writes, because what a failed fsync left behind cannot be known
 * (and a second fsync would say yes to lost pages). */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"

/* This module. */
#include "service/store/store_core.h"
#include "service/store/store_private.h"

static bool fatal(enum result result)
{
    return result == RESULT_IO || result == RESULT_FULL;
}

/* The sentence of a result that came from beneath the verb. */
static void explain(struct store_request *request, enum result result)
{
    const char *text = "the store refused the change: read the object again and retry";
    if (result == RESULT_FULL)
        text = "the disk is full: free space and restart";
    else if (result == RESULT_IO)
        text = "the disk failed: look at the system's log, then restart";
    else if (result == RESULT_UNAVAILABLE)
        text = "the store stopped accepting writes after a disk failure: restart the service";
    else if (result == RESULT_BUSY)
        text = "another program holds the database: end it and retry";
    else if (result == RESULT_TOO_LARGE)
        text = "the answer is larger than the bound: ask for less at a time";
    else if (result == RESULT_EXISTS)
        text = "an object of this identity is stored already: read it";
    request->result = error_set(&request->error, result, NULL, "%s", text);
}

static struct store_request *request_of(struct list *node)
{
    return container_of(node, struct store_request, node);
}

static void fail_all(struct list *requests, enum result result)
{
    list_each(node, requests) explain(request_of(node), result);
}

static enum result run(struct store_work work, struct store_request *request, bool *ret_keep)
{
    struct sql *sql = work.sql;
    work.error = &request->error;
    memset(&request->error, 0, sizeof(request->error));
    sql_clear(sql);
    enum result result = request->verb->run(&work, request);
    *ret_keep = work.keep;
    if (sql_status(sql) != RESULT_OK) {
        *ret_keep = false;
        explain(request, sql_status(sql));
        return sql_status(sql);
    }
    if (result != RESULT_OK && request->error.code == RESULT_OK)
        explain(request, result);
    request->error.code = result;
    request->result = result;
    return result;
}

/* One request in its savepoint; the connection's failure when the batch cannot go on. */
static enum result run_write(struct store *store, struct store_request *request)
{
    struct sql *sql = store->writer;
    bool keep = false;
    sql_clear(sql);
    sql_savepoint(sql);
    if (sql_status(sql) != RESULT_OK)
        return sql_status(sql);
    enum result result =
        run((struct store_work){.sql = sql, .filter = &store->filter}, request, &keep);
    if (fatal(sql_status(sql)))
        return sql_status(sql);
    sql_clear(sql);
    if (result == RESULT_OK || keep)
        sql_release(sql);
    else
        sql_rollback_savepoint(sql);
    return sql_status(sql);
}

/* Those that run outside of the transaction: taken out of the batch. */
static void take_alone(struct list *batch, struct list *alone)
{
    list_each_safe(node, batch)
    {
        if (!request_of(node)->verb->alone)
            continue;
        list_remove(node);
        list_append(alone, node);
    }
}

static void run_alone(struct store *store, struct list *alone)
{
    list_each(node, alone)
    {
        struct store_request *request = request_of(node);
        enum result health = (enum result)atomic_load(&store->health);
        bool keep = false;
        if (health != RESULT_OK) {
            explain(request, RESULT_UNAVAILABLE);
            continue;
        }
        sql_clear(store->writer);
        run((struct store_work){.sql = store->writer}, request, &keep);
        sql_end_all(store->writer);
        if (fatal(sql_status(store->writer))) {
            atomic_store(&store->health, (int)sql_status(store->writer));
            log_error("store_stopped", LOG_TEXT("result", result_name(sql_status(store->writer))));
        }
        sql_clear(store->writer);
    }
}

static enum result run_all(struct store *store, struct list *batch)
{
    struct sql *sql = store->writer;
    sql_clear(sql);
    if (!sql_begin(sql, true))
        return sql_status(sql);
    list_each(node, batch)
    {
        enum result result = run_write(store, request_of(node));
        if (result != RESULT_OK)
            return result;
    }
    sql_clear(sql);
    sql_commit(sql);
    return sql_status(sql);
}

void group_write(struct store *store, struct list *batch, struct list *finished)
{
    enum result health = (enum result)atomic_load(&store->health);
    enum result result = RESULT_UNAVAILABLE;
    struct list alone;
    list_init(&alone);
    take_alone(batch, &alone);
    if (health == RESULT_OK && list_empty(batch)) {
        result = RESULT_OK;
    } else if (health == RESULT_OK) {
        result = run_all(store, batch);
        if (result != RESULT_OK)
            sql_rollback(store->writer);
        if (fatal(result)) {
            atomic_store(&store->health, (int)result);
            log_error("store_stopped", LOG_TEXT("result", result_name(result)));
        }
    }
    if (result != RESULT_OK)
        fail_all(batch, result);
    list_splice(finished, batch);
    run_alone(store, &alone);
    list_splice(finished, &alone);
}

void group_read(struct sql *sql, struct list *batch, struct list *finished)
{
    list_each(node, batch)
    {
        struct store_request *request = request_of(node);
        bool keep = false;
        sql_clear(sql);
        if (request->verb->alone || sql_begin(sql, false))
            run((struct store_work){.sql = sql}, request, &keep);
        else
            explain(request, sql_status(sql));
        sql_rollback(sql); /* nothing was written: it only ends the snapshot */
    }
    list_splice(finished, batch);
}
