/* test_crash.c - kill -9 in the middle of a load: everything that was reported is there. */
/* System. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Libraries. */
#include <sqlite3.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

enum { LANES = 32, ROUNDS = 6, REPORTS_MAX = 200000 };

/* ---- The child: keeps LANES requests under way and reports each OK to the pipe. ---- */
struct report {
    id batch;
    int64_t delivered; /* members that are DELIVERED once this is on disk */
};
struct worker {
    struct store_chunk_record record; /* first */
    struct receipt_batch batch;
    struct member_change change;
};
static struct store *child_store;
static int child_pipe;
static struct rig_chunk child_chunk;
static int64_t child_gen;
static unsigned child_position;

static void work_on(struct worker *worker);

static void on_recorded(struct store_request *request)
{
    struct worker *worker = (struct worker *)(void *)request;
    if (request->result != RESULT_OK)
        _exit(3);
    const struct report report = {worker->batch.id, worker->change.position};
    if (write(child_pipe, &report, sizeof(report)) != sizeof(report))
        _exit(4);
    receipt_batch_free(&worker->batch);
    work_on(worker);
}

static void work_on(struct worker *worker)
{
    memset(worker, 0, sizeof(*worker));
    rig_receipt(&worker->batch, child_chunk.incident, child_chunk.wave, child_chunk.chunk);
    worker->change =
        (struct member_change){(uint16_t)(child_position++ % CHUNK_MEMBERS), MEMBER_DELIVERED};
    worker->record = (struct store_chunk_record){.request = {.cb = on_recorded},
                                                 .chunk = child_chunk.chunk,
                                                 .gen = child_gen,
                                                 .changes = &worker->change,
                                                 .n_changes = 1,
                                                 .state = -1,
                                                 .lease_until = INT64_MAX / 2,
                                                 .receipts = &worker->batch};
    store_chunk_record(child_store, &worker->record);
}

static void child_main(const char *path, int to)
{
    static struct worker workers[LANES];
    struct loop *loop = loop_create(clock_system());
    const struct store_config config = {.path = path, .threads = true};
    child_pipe = to;
    if (store_open(loop, &config, &child_store, NULL) != RESULT_OK)
        _exit(2);
    for (int i = 0; i < LANES; i++)
        work_on(&workers[i]);
    loop_run(loop);
    _exit(5);
}

/* ---- The parent. ---- */
static struct report reports[REPORTS_MAX];
static size_t n_reports;

static void collect(int from)
{
    struct report report;
    while (read(from, &report, sizeof(report)) == sizeof(report) && n_reports < REPORTS_MAX)
        reports[n_reports++] = report;
}

static void kill_one(struct rig *rig, unsigned round)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        child_main(rig->path, fds[1]);
    }
    close(fds[1]);
    const struct timespec nap = {.tv_nsec = 150000000L + round * 37000000L};
    nanosleep(&nap, NULL);
    kill(child, SIGKILL);
    collect(fds[0]); /* what it had said before */
    close(fds[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_whole(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
    sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT (SELECT count(*) FROM receipt_batch) ="
                                        " (SELECT count(*) FROM pending)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 1);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* If this fails, a crash loses outcomes that were reported as on disk, or their receipts. */
static void reported_facts_survive_kill_9(void **state)
{
    struct rig *rig = *state;
    child_chunk = rig_sending(rig, CHUNK_MEMBERS);
    child_gen = rig_claim(rig, child_chunk.wave, 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t before = n_reports;
        store_close(&rig->store);
        kill_one(rig, round);
        assert_true(n_reports > before);
        check_whole(rig->path);
        assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
    }
    struct store_chunk_get get = {.chunk = child_chunk.chunk};
    RUN_OK(rig, store_chunk_get, &get);
    int64_t delivered = 0;
    for (unsigned i = 0; i < CHUNK_MEMBERS; i++)
        delivered += get.rows[0].progress[i] == MEMBER_DELIVERED;
    for (size_t i = 0; i < n_reports; i++)
        assert_int_equal(get.rows[0].progress[reports[i].delivered], MEMBER_DELIVERED);
    assert_int_equal(rig_count(rig, child_chunk.wave, 0, MEMBER_DELIVERED), delivered);
    for (size_t i = 0; i < n_reports; i++) {
        struct store_receipt_list list = {.batch = reports[i].batch, .limit = 1};
        arena_reset(rig->arena);
        RUN_OK(rig, store_receipt_list, &list);
        assert_int_equal(list.n, 1);
    }
    print_message("%zu facts reported before %d kills, all found\n", n_reports, ROUNDS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(reported_facts_survive_kill_9)};
    return rig_run(tests);
}
