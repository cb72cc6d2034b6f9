/* test_open.c - which files and processes are let in. SQLite only. */
/* System. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <sqlite3.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

static void run_sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static enum result open_again(struct rig *rig, struct error *error)
{
    memset(error, 0, sizeof(*error));
    return rig->engine->make_store(rig, error);
}

/* If this fails, two daemons send from one database. */
static void second_process_is_refused(void **state)
{
    struct rig *rig = *state;
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        struct rig other = *rig;
        other.store = NULL;
        bool refused = open_again(&other, &error) == RESULT_CONFLICT &&
                       strstr(error.text, "another process") != NULL;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    rig_restart(rig); /* the lock goes with the one who held it */
}

/* If this fails, an old program ruins a newer database, or another program's one. */
static void foreign_and_newer_files_are_refused(void **state)
{
    struct rig *rig = *state;
    struct error error;
    store_close(&rig->store);
    run_sql(rig->path, "PRAGMA user_version=9999;");
    assert_int_equal(open_again(rig, &error), RESULT_INVALID);
    assert_non_null(strstr(error.text, "newer"));
    run_sql(rig->path, "PRAGMA user_version=1; PRAGMA application_id=77;");
    assert_int_equal(open_again(rig, &error), RESULT_INVALID);
    assert_non_null(strstr(error.text, "another program"));
    assert_string_equal(error.field, "store.path");
    assert_null(rig->store);
    unlink(rig->path);
    run_sql(rig->path, "CREATE TABLE theirs (a);");
    assert_int_equal(open_again(rig, &error), RESULT_INVALID);
    run_sql(rig->path, "INSERT INTO theirs VALUES (1);"); /* untouched */
}

/* If this fails, a text file named by mistake is overwritten. */
static void no_database_is_refused(void **state)
{
    struct rig *rig = *state;
    struct error error;
    static const char text[] =
        "These are the minutes of the annual meeting of shareholders, all of "
        "it plain text that is longer than the header of a database file.";
    store_close(&rig->store);
    int fd = open(rig->path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
    close(fd);
    assert_int_equal(open_again(rig, &error), RESULT_INVALID);
    struct stat st;
    assert_int_equal(stat(rig->path, &st), 0);
    assert_int_equal(st.st_size, sizeof(text));
    str_copy(rig->path + strlen(rig->dir), 32, "/none/store.db"); /* a folder that is not there */
    assert_int_equal(open_again(rig, &error), RESULT_IO);
    str_copy(rig->path + strlen(rig->dir), 32, "/store.db");
}

/* If this fails, other users of the machine can read sealed people and wrapped keys. */
static void file_is_private_and_durable(void **state)
{
    struct rig *rig = *state;
    struct stat st;
    char name[128];
    struct store_setting put = {.name = "a", .value = {"b", 1}};
    RUN_OK(rig, store_setting_put, &put);
    assert_int_equal(stat(rig->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(name, sizeof(name), "%s-wal", rig->path);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(&rig->store);
    assert_true(stat(name, &st) != 0 || st.st_size == 0); /* all in one file: a copy is whole */
    struct error error;
    assert_int_equal(open_again(rig, &error), RESULT_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(second_process_is_refused),
        TEST(foreign_and_newer_files_are_refused),
        TEST(no_database_is_refused),
        TEST(file_is_private_and_durable),
    };
    return rig_run(tests);
}
