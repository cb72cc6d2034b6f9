/* test_sql.c - the driver below the aggregates. SQLite only. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/store/sql.h"
#include "service/store/varint.h"

static int setup(void **state)
{
    struct sql *sql = NULL;
    const struct sql_config config = {.path = ":memory:", .cache_kib = 256};
    if (sql_open(&config, &sql, NULL) != RESULT_OK ||
        !sql_script(sql, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE, c BLOB NOT NULL)"))
        return -1;
    *state = sql;
    return 0;
}

static int teardown(void **state)
{
    struct sql *sql = *state;
    sql_close(&sql);
    return 0;
}

static int64_t count(struct sql *sql)
{
    struct sql_query *query = sql_start(sql, "SELECT count(*) FROM t");
    int64_t n = sql_step(query) ? sql_int(query, 0) : -1;
    sql_end(query);
    return n;
}

/* If this fails, values land in the wrong columns: SQLite numbers `$n` by first appearance. */
static void parameters_bind_by_name(void **state)
{
    struct sql *sql = *state;
    assert_int_equal(sql_exec(sql, "INSERT INTO t (b, a, c) VALUES ($2, $1, $3)", SQL_INT(7),
                              SQL_TEXT("seven"), SQL_BLOB("x\0y", 3)),
                     1);
    struct arena *arena = arena_create(4096);
    struct sql_query *query = sql_start(sql, "SELECT a, b, c FROM t WHERE b = $2 AND a = $1",
                                        SQL_INT(7), SQL_TEXT("seven"));
    assert_true(sql_step(query));
    assert_int_equal(sql_int(query, 0), 7);
    assert_string_equal(sql_text_copy(query, 1, arena), "seven");
    struct blob blob = sql_blob_copy(query, 2, arena);
    assert_int_equal(blob.length, 3);
    assert_memory_equal(blob.data, "x\0y", 3);
    assert_false(sql_step(query));
    assert_int_equal(sql_status(sql), RESULT_OK);
    arena_destroy(&arena);
}

/* If this fails, a verb goes on after a failure and stores half of its work. */
static void failure_sticks_until_cleared(void **state)
{
    struct sql *sql = *state;
    sql_exec(sql, "INSERT INTO t VALUES ($1, $2, $3)", SQL_INT(1), SQL_TEXT("a"), SQL_BLOB("c", 1));
    sql_exec(sql, "INSERT INTO t VALUES ($1, $2, $3)", SQL_INT(2), SQL_TEXT("a"), SQL_BLOB("c", 1));
    assert_int_equal(sql_status(sql), RESULT_EXISTS);
    assert_int_equal(sql_exec(sql, "DELETE FROM t"), 0);
    assert_int_equal(count(sql), -1);
    sql_clear(sql);
    assert_int_equal(count(sql), 1);
    sql_exec(sql, "INSERT INTO t VALUES ($1, $2, $3)", SQL_INT(3), SQL_TEXT(NULL),
             SQL_BLOB(NULL, 0));
    assert_int_equal(sql_status(sql), RESULT_INVALID); /* NOT NULL */
    sql_clear(sql);
}

/* If this fails, one request's rollback takes its neighbours along, or leaves its own rows. */
static void savepoint_undoes_one_request(void **state)
{
    struct sql *sql = *state;
    assert_true(sql_begin(sql, true));
    sql_savepoint(sql);
    sql_exec(sql, "INSERT INTO t VALUES ($1, NULL, $2)", SQL_INT(1), SQL_BLOB("c", 1));
    sql_release(sql);
    sql_savepoint(sql);
    struct sql_query *open = sql_start(sql, "INSERT INTO t VALUES ($1, NULL, $2) RETURNING a",
                                       SQL_INT(2), SQL_BLOB("c", 1));
    assert_true(sql_step(open)); /* left open on purpose: the rollback ends it */
    sql_rollback_savepoint(sql);
    assert_true(sql_commit(sql));
    assert_int_equal(sql_status(sql), RESULT_OK);
    assert_int_equal(count(sql), 1);
}

/* If this fails, an answer that does not fit is cut instead of refused. */
static void small_arena_fails_the_request(void **state)
{
    struct sql *sql = *state;
    struct arena *arena = arena_create(8);
    struct sql_query *query = sql_start(sql, "SELECT zeroblob(64)");
    assert_true(sql_step(query));
    assert_null(sql_blob_copy(query, 0, arena).data);
    assert_int_equal(sql_status(sql), RESULT_TOO_LARGE);
    sql_end_all(sql);
    sql_clear(sql);
    arena_destroy(&arena);
}

/* If this fails, "not known" comes back as 1970. */
static void unknown_times_are_null(void **state)
{
    struct sql *sql = *state;
    struct sql_query *query =
        sql_start(sql, "SELECT $1, $2", SQL_TIME(TIME_NONE), SQL_TIME((time_ms)0));
    assert_true(sql_step(query));
    assert_true(sql_time(query, 0) == TIME_NONE && sql_is_null(query, 0));
    assert_true(sql_time(query, 1) == 0 && !sql_is_null(query, 1));
    sql_end(query);
}

/* If this fails, a chunk's members come back as other people. */
static void numbers_pack_and_unpack(void **state)
{
    (void)state;
    const uint32_t numbers[] = {0, 1, 127, 128, 129, 16512, 70000, 4000000000u, UINT32_MAX};
    enum { N = sizeof(numbers) / sizeof(numbers[0]) };
    uint32_t back[N];
    struct buf packed;
    buf_init(&packed, SIZE_MAX);
    assert_true(numbers_pack(&packed, numbers, N));
    assert_true(numbers_unpack(back, N, (struct blob){packed.data, packed.length}));
    assert_memory_equal(back, numbers, sizeof(numbers));
    for (size_t cut = 0; cut < packed.length; cut++)
        assert_false(numbers_unpack(back, N, (struct blob){packed.data, cut}));
    assert_false(numbers_unpack(back, N - 1, (struct blob){packed.data, packed.length}));
    buf_clear(&packed);
    const uint32_t twice[] = {4, 4};
    assert_false(numbers_pack(&packed, twice, 2));
    buf_free(&packed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parameters_bind_by_name),      TEST(failure_sticks_until_cleared),
        TEST(savepoint_undoes_one_request), TEST(small_arena_fails_the_request),
        TEST(unknown_times_are_null),       TEST(numbers_pack_and_unpack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
