/* sql.h - the narrow, engine-neutral driver beneath the aggregates: one connection, prepared
 * statements, transactions. The statements' text is portable: parameters are named `$1`, `$2`, ...
 * and bound by name; times are always passed in.
 *
 * Failure is sticky: after the first failed call of a request every further call does nothing (no
 * row, no change), so aggregates need not look after each statement; store.c looks once and rolls
 * back. A connection belongs to one thread at a time. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/result.h"
#include "base/time.h"
#include "tocsin/store.h"

struct sql;       /* a connection */
struct sql_query; /* a statement that runs; owned by the connection */

struct sql_config {
    const char *path;
    bool read_only;
    unsigned cache_kib; /* bound of its page cache */
};
/* UNAVAILABLE / IO / INVALID (not a database) with a sentence. */
enum result sql_open(const struct sql_config *config, struct sql **ret_sql, struct error *error);
void sql_close(struct sql **sql);

/* Values in order: the first is `$1`. Bytes are borrowed until the query ends. */
struct sql_value {
    enum { SQL_END, SQL_NULL, SQL_I64, SQL_TXT, SQL_BYTES } type;
    int64_t number;
    const void *data;
    size_t length;
};
#define SQL_INT(value)         ((struct sql_value){SQL_I64, (int64_t)(value), 0, 0})
#define SQL_BLOB(bytes, count) ((struct sql_value){SQL_BYTES, 0, (bytes), (count)})
#define SQL_TEXT(text)         ((struct sql_value){SQL_TXT, 0, (text), 0}) /* NULL: null */
struct sql_value sql_time_value(time_ms at);                               /* TIME_NONE: null */
#define SQL_TIME(at) sql_time_value(at)

/* Starts a statement. `text` is a literal (static storage): it is prepared once and kept. Starting
 * the same text again ends its earlier run. Never NULL. */
#define sql_start(sql, text, ...)                                                                  \
    sql_start_values((sql), (text), (const struct sql_value[]){__VA_ARGS__ __VA_OPT__(, ){0}})
struct sql_query *sql_start_values(struct sql *sql, const char *text,
                                   const struct sql_value *values);
/* Next row; false at the end (the query has ended itself) or after a failure. */
bool sql_step(struct sql_query *query);
/* Ends a query early; columns are gone. Harmless twice. */
void sql_end(struct sql_query *query);
/* Ends whatever is still open. */
void sql_end_all(struct sql *sql);
/* Runs to the end; rows changed. */
#define sql_exec(sql, text, ...)                                                                   \
    sql_exec_values((sql), (text), (const struct sql_value[]){__VA_ARGS__ __VA_OPT__(, ){0}})
int64_t sql_exec_values(struct sql *sql, const char *text, const struct sql_value *values);

/* Columns of the row, from 0. Null is 0 / TIME_NONE / empty. */
int64_t sql_int(struct sql_query *query, int column);
time_ms sql_time(struct sql_query *query, int column);
bool sql_is_null(struct sql_query *query, int column);
/* Borrowed until the next step. */
struct blob sql_blob(struct sql_query *query, int column);
/* Copies into the arena; when it is full the request fails with TOO_LARGE. */
struct blob sql_blob_copy(struct sql_query *query, int column, struct arena *arena);
const char *sql_text_copy(struct sql_query *query, int column, struct arena *arena);

/* Transactions. A commit that fails leaves its result in sql_status. */
bool sql_begin(struct sql *sql, bool write);
bool sql_commit(struct sql *sql);
void sql_rollback(struct sql *sql);
void sql_savepoint(struct sql *sql);
void sql_release(struct sql *sql);
void sql_rollback_savepoint(struct sql *sql); /* back to it, and releases it */

/* RESULT_OK, or the first failure since sql_clear: FULL, IO (both mean: stop), EXISTS (unique),
 * INVALID (another constraint), BUSY, TOO_LARGE. */
enum result sql_status(const struct sql *sql);
void sql_fail(struct sql *sql, enum result result);
void sql_clear(struct sql *sql);

/* Several statements of schema text; false: see sql_status. */
bool sql_script(struct sql *sql, const char *text);
/* Frames in the write-ahead log after the last commit of this connection. */
int64_t sql_log_frames(const struct sql *sql);
/* Moves the log into the database; `truncate` also empties it when no reader is in the way. False:
 * something is left in the log. */
bool sql_checkpoint(struct sql *sql, bool truncate);
/* Rebuilds the file. Not inside a transaction. */
bool sql_rebuild(struct sql *sql);
/* A copy of what lives in the database, into a file that is not there yet; on a reader. */
bool sql_copy(struct sql *sql, const char *target);
/* Reads the bytes of the file (or of its log) as they lie on the disk, through the connection's own
 * descriptor: another one would drop the file's locks when it is closed. Bytes read; 0: the end. */
size_t sql_read_raw(struct sql *sql, bool log, int64_t offset, void *to, size_t length);
