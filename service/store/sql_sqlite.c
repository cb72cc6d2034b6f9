/* sql_sqlite.c - the driver over SQLite. Happy path: a statement's text is prepared once (cache by
 * the literal's address), bound by name, stepped and reset. Failure modes: everything SQLite says
 * becomes one sticky result; what may have left the file in doubt is FULL or IO. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <sqlite3.h>

/* Base. */
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/store/sql.h"

enum { CACHE_SLOTS = 512, PARAMETERS_MAX = 32, BUSY_MS = 10000, CHECKPOINT_BUSY_MS = 50 };

struct sql_query {
    struct sql *sql;
    struct list node; /* in sql->open while it runs */
    const char *text;
    sqlite3_stmt *stmt;
    uint8_t index[PARAMETERS_MAX + 1]; /* of `$n` */
};

struct sql {
    sqlite3 *db;
    struct list open;
    enum result status;
    int64_t log_frames;
    struct sql_query *cache[CACHE_SLOTS]; /* open addressing by address of the text */
};

static enum result map(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return RESULT_OK;
    case SQLITE_FULL:
        return RESULT_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return RESULT_BUSY;
    case SQLITE_TOOBIG:
        return RESULT_TOO_LARGE;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       code == SQLITE_CONSTRAINT_ROWID
                   ? RESULT_EXISTS
                   : RESULT_INVALID;
    default:
        return RESULT_IO;
    }
}

/* Takes note of a code; the first failure stays. */
static bool note(struct sql *sql, int code)
{
    enum result result = map(code);
    if (result == RESULT_OK)
        return true;
    if (result == RESULT_IO || result == RESULT_FULL)
        log_error("store_engine", LOG_INT("code", code), LOG_TEXT("text", sqlite3_errstr(code)));
    sql_fail(sql, result);
    return false;
}

/* ---- Opening. ---- */
static int count_frames(void *context, sqlite3 *db, const char *name, int frames)
{
    struct sql *sql = context;
    (void)db, (void)name;
    sql->log_frames = frames;
    return SQLITE_OK;
}

static bool pragmas(struct sql *sql, const struct sql_config *config)
{
    char text[512];
    snprintf(text, sizeof(text),
             "PRAGMA cache_size=-%u; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
             "PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;",
             config->cache_kib);
    if (!sql_script(sql, text))
        return false;
    if (config->read_only)
        return sql_script(sql, "PRAGMA query_only=ON;");
    /* secure_delete: erased seeds and purged rows are overwritten, not just unlinked. The log is
     * checkpointed by store.c, never inside somebody's commit. */
    return sql_script(sql, "PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=0;"
                           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
}

enum result sql_open(const struct sql_config *config, struct sql **ret_sql, struct error *error)
{
    struct sql *sql = mem_new(struct sql);
    list_init(&sql->open);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (config->read_only ? 0 : SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(config->path, &sql->db, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(sql->db, BUSY_MS);
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        /* After a failed fsync nobody may sync again: store.c checkpoints before it closes. */
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        code = pragmas(sql, config) ? SQLITE_OK : sqlite3_extended_errcode(sql->db);
    }
    if (code == SQLITE_OK) {
        sqlite3_wal_hook(sql->db, count_frames, sql);
        *ret_sql = sql;
        return RESULT_OK;
    }
    bool foreign = (code & 0xff) == SQLITE_NOTADB;
    sql_close(&sql);
    if (foreign)
        return error_set(error, RESULT_INVALID, "store.path",
                         "the file is not a database of this program: name another path");
    return error_set(error, RESULT_IO, "store.path",
                     "the database does not open (%s): look at the path, its owner and the disk",
                     sqlite3_errstr(code));
}

void sql_close(struct sql **sql_at)
{
    struct sql *sql = *sql_at;
    if (sql == NULL)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        if (sql->cache[i] != NULL)
            sqlite3_finalize(sql->cache[i]->stmt);
        mem_free(sql->cache[i]);
    }
    sqlite3_close(sql->db);
    mem_free(sql);
    *sql_at = NULL;
}

/* ---- Statements. ---- */
static struct sql_query *prepare(struct sql *sql, const char *text)
{
    struct sql_query *query = mem_new(struct sql_query);
    query->sql = sql;
    query->text = text;
    list_init(&query->node);
    int code = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &query->stmt, NULL);
    if (code == SQLITE_ERROR)
        panic("statement: %s: %s", sqlite3_errmsg(sql->db), text);
    if (!note(sql, code)) { /* the disk: nothing to run */
        query->stmt = NULL;
        return query;
    }
    for (int n = 1; n <= PARAMETERS_MAX; n++) {
        char name[8];
        snprintf(name, sizeof(name), "$%d", n);
        query->index[n] = (uint8_t)sqlite3_bind_parameter_index(query->stmt, name);
    }
    return query;
}

static struct sql_query *cached(struct sql *sql, const char *text)
{
    size_t slot = ((uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15) >> 40) % CACHE_SLOTS;
    for (size_t tries = 0; tries < CACHE_SLOTS; tries++, slot = (slot + 1) % CACHE_SLOTS) {
        struct sql_query *query = sql->cache[slot];
        if (query == NULL)
            return sql->cache[slot] = prepare(sql, text);
        if (query->text == text) {
            if (query->stmt != NULL)
                return query;
            mem_free(query); /* its preparation failed with the disk */
            return sql->cache[slot] = prepare(sql, text);
        }
    }
    panic("more statements than the cache holds");
}

static int bind(const struct sql_query *query, int index, const struct sql_value *value)
{
    switch (value->type) {
    case SQL_I64:
        return sqlite3_bind_int64(query->stmt, index, value->number);
    case SQL_TXT:
        return sqlite3_bind_text(query->stmt, index, value->data, -1, SQLITE_STATIC);
    case SQL_BYTES:
        return sqlite3_bind_blob64(query->stmt, index, value->data, value->length, SQLITE_STATIC);
    case SQL_END:
    case SQL_NULL:
        break;
    }
    return sqlite3_bind_null(query->stmt, index);
}

struct sql_query *sql_start_values(struct sql *sql, const char *text,
                                   const struct sql_value *values)
{
    struct sql_query *query = cached(sql, text);
    if (sql->status != RESULT_OK)
        return query;
    sql_end(query);
    for (int n = 1; values[n - 1].type != SQL_END; n++) {
        require(n <= PARAMETERS_MAX && query->index[n] != 0);
        if (!note(sql, bind(query, query->index[n], &values[n - 1])))
            return query;
    }
    list_append(&sql->open, &query->node);
    return query;
}

bool sql_step(struct sql_query *query)
{
    struct sql *sql = query->sql;
    if (sql->status != RESULT_OK || list_empty(&query->node))
        return false;
    int code = sqlite3_step(query->stmt);
    if (code == SQLITE_ROW)
        return true;
    note(sql, code);
    sql_end(query);
    return false;
}

void sql_end(struct sql_query *query)
{
    if (list_empty(&query->node))
        return;
    list_remove(&query->node);
    sqlite3_reset(query->stmt);
    sqlite3_clear_bindings(query->stmt);
}

void sql_end_all(struct sql *sql)
{
    list_each_safe(node, &sql->open) sql_end(container_of(node, struct sql_query, node));
}

int64_t sql_exec_values(struct sql *sql, const char *text, const struct sql_value *values)
{
    struct sql_query *query = sql_start_values(sql, text, values);
    while (sql_step(query))
        ;
    return sql->status == RESULT_OK ? sqlite3_changes64(sql->db) : 0;
}

struct sql_value sql_time_value(time_ms at)
{
    if (at == TIME_NONE)
        return (struct sql_value){SQL_NULL, 0, 0, 0};
    return SQL_INT(at);
}

/* ---- Columns. ---- */
int64_t sql_int(struct sql_query *query, int column)
{
    return sqlite3_column_int64(query->stmt, column);
}

bool sql_is_null(struct sql_query *query, int column)
{
    return sqlite3_column_type(query->stmt, column) == SQLITE_NULL;
}

time_ms sql_time(struct sql_query *query, int column)
{
    return sql_is_null(query, column) ? TIME_NONE : sqlite3_column_int64(query->stmt, column);
}

struct blob sql_blob(struct sql_query *query, int column)
{
    const void *data = sqlite3_column_blob(query->stmt, column);
    int length = sqlite3_column_bytes(query->stmt, column);
    return (struct blob){data, (size_t)length};
}

struct blob sql_blob_copy(struct sql_query *query, int column, struct arena *arena)
{
    struct blob blob = sql_blob(query, column);
    if (blob.length == 0)
        return (struct blob){NULL, 0};
    void *copy = arena_alloc(arena, blob.length);
    if (copy == NULL) {
        sql_fail(query->sql, RESULT_TOO_LARGE);
        return (struct blob){NULL, 0};
    }
    memcpy(copy, blob.data, blob.length);
    return (struct blob){copy, blob.length};
}

const char *sql_text_copy(struct sql_query *query, int column, struct arena *arena)
{
    if (sql_is_null(query, column))
        return NULL;
    struct blob blob = sql_blob(query, column);
    char *copy = arena_strndup(arena, blob.length > 0 ? blob.data : "", blob.length);
    if (copy == NULL)
        sql_fail(query->sql, RESULT_TOO_LARGE);
    return copy;
}

/* ---- Transactions. ---- */
bool sql_begin(struct sql *sql, bool write)
{
    sql_exec_values(sql, write ? "BEGIN IMMEDIATE" : "BEGIN",
                    &(const struct sql_value){SQL_END, 0, 0, 0});
    return sql->status == RESULT_OK;
}

bool sql_commit(struct sql *sql)
{
    sql_end_all(sql);
    sql_exec(sql, "COMMIT");
    return sql->status == RESULT_OK;
}

/* SQLite rolls back by itself on some errors; then there is nothing left to undo. */
void sql_rollback(struct sql *sql)
{
    sql_end_all(sql);
    if (!sqlite3_get_autocommit(sql->db))
        sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
}

void sql_savepoint(struct sql *sql)
{
    sql_exec(sql, "SAVEPOINT request");
}

void sql_release(struct sql *sql)
{
    sql_end_all(sql);
    sql_exec(sql, "RELEASE request");
}

void sql_rollback_savepoint(struct sql *sql)
{
    sql_end_all(sql);
    sql_exec(sql, "ROLLBACK TO request");
    sql_exec(sql, "RELEASE request");
}

/* ---- Status. ---- */
enum result sql_status(const struct sql *sql)
{
    return sql->status;
}

void sql_fail(struct sql *sql, enum result result)
{
    if (sql->status == RESULT_OK)
        sql->status = result;
}

void sql_clear(struct sql *sql)
{
    sql->status = RESULT_OK;
}

bool sql_script(struct sql *sql, const char *text)
{
    if (sql->status != RESULT_OK)
        return false;
    return note(sql, sqlite3_exec(sql->db, text, NULL, NULL, NULL));
}

int64_t sql_log_frames(const struct sql *sql)
{
    return sql->log_frames;
}

bool sql_checkpoint(struct sql *sql, bool truncate)
{
    int frames = 0, moved = 0;
    sqlite3_busy_timeout(sql->db, CHECKPOINT_BUSY_MS); /* a long reader must not stop the writer */
    int code = sqlite3_wal_checkpoint_v2(
        sql->db, NULL, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &frames,
        &moved);
    sqlite3_busy_timeout(sql->db, BUSY_MS);
    if (map(code) != RESULT_BUSY) /* a reader is in the way: the next one moves it */
        note(sql, code);
    if (code == SQLITE_OK && frames >= 0)
        sql->log_frames = frames - moved;
    return code == SQLITE_OK && frames == moved;
}

bool sql_rebuild(struct sql *sql)
{
    /* The new file is built in a temporary one: not in memory, which it may not fit into. */
    bool ok = sql_script(sql, "PRAGMA temp_store=FILE; VACUUM;");
    sqlite3_exec(sql->db, "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
    return ok;
}

bool sql_copy(struct sql *sql, const char *target)
{
    sqlite3_stmt *stmt = NULL;
    sql_script(sql, "PRAGMA query_only=OFF;"); /* of the file that is read nothing changes */
    if (sql->status != RESULT_OK ||
        !note(sql, sqlite3_prepare_v2(sql->db, "VACUUM INTO ?1", -1, &stmt, NULL)))
        return false;
    sqlite3_bind_text(stmt, 1, target, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    return note(sql, code == SQLITE_DONE ? SQLITE_OK : code);
}

size_t sql_read_raw(struct sql *sql, bool log, int64_t offset, void *to, size_t length)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    int op = log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER;
    if (sql->status != RESULT_OK || !note(sql, sqlite3_file_control(sql->db, "main", op, &file)) ||
        file == NULL || file->pMethods == NULL ||
        !note(sql, file->pMethods->xFileSize(file, &size)) || offset >= size)
        return 0;
    if ((sqlite3_int64)length > size - offset)
        length = (size_t)(size - offset);
    return note(sql, file->pMethods->xRead(file, to, (int)length, offset)) ? length : 0;
}
