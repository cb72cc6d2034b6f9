/* test_threads.c - the store with its threads, on a real loop. */
/* System. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* Base. */
#include "base/seal.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

enum { REQUESTS = 3000, BATCH = 64 };

struct load {
    struct store_receipt_append append; /* first */
    struct receipt_batch batch;
    struct bench *bench;
    bool done;
};
struct bench {
    struct load loads[REQUESTS];
    size_t asked, done;
    pthread_t loop_thread;
    struct store *store;
    bool inside;
};

static void ask_next(struct bench *bench);

static void on_appended(struct store_request *request)
{
    struct load *load = (struct load *)(void *)request;
    struct bench *bench = load->bench;
    assert_true(pthread_equal(pthread_self(), bench->loop_thread));
    assert_false(bench->inside); /* never from inside the call */
    assert_false(load->done);    /* exactly once */
    assert_int_equal(request->result, RESULT_OK);
    load->done = true;
    bench->done++;
    ask_next(bench);
}

static void ask_next(struct bench *bench)
{
    if (bench->asked == REQUESTS)
        return;
    struct load *load = &bench->loads[bench->asked++];
    load->bench = bench;
    rig_receipt(&load->batch, 1, 0, 0);
    load->append.receipts = &load->batch;
    load->append.request.cb = on_appended;
    bench->inside = true;
    store_receipt_append(bench->store, &load->append);
    bench->inside = false;
}

static void turn_until(struct loop *loop, const size_t *value, size_t goal)
{
    const struct timespec nap = {.tv_nsec = 200000};
    for (int i = 0; *value < goal && i < 200000; i++)
        if (!loop_turn(loop))
            nanosleep(&nap, NULL);
    assert_int_equal(*value, goal);
}

static struct store *open_threads(struct rig *rig, struct loop *loop)
{
    struct store *store = NULL;
    const struct store_config config = {.path = rig->path, .threads = true, .readers = 2};
    assert_int_equal(store_open(loop, &config, &store, NULL), RESULT_OK);
    return store;
}

/* If this fails, requests are lost, answered twice or on the wrong thread under load. */
static void every_request_comes_back_once(void **state)
{
    struct rig *rig = *state;
    store_close(&rig->store);
    struct loop *loop = loop_create(clock_system());
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->loop_thread = pthread_self();
    bench->store = open_threads(rig, loop);
    for (int i = 0; i < BATCH; i++)
        ask_next(bench);
    turn_until(loop, &bench->done, REQUESTS);
    assert_int_equal(store_pending(bench->store), 0);
    store_close(&bench->store);
    loop_destroy(&loop);
    for (int i = 0; i < REQUESTS; i++)
        receipt_batch_free(&bench->loads[i].batch);
    free(bench);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
    struct store_receipt_list list = {.incident = 1, .after = REQUESTS - 1, .limit = 10};
    RUN_OK(rig, store_receipt_list, &list);
    assert_int_equal(list.n, 1);
}

/* If this fails, a shutdown forgets what was asked. */
static void close_finishes_what_was_asked(void **state)
{
    struct rig *rig = *state;
    store_close(&rig->store);
    struct loop *loop = loop_create(clock_system());
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->loop_thread = pthread_self();
    bench->store = open_threads(rig, loop);
    for (int i = 0; i < 500; i++)
        ask_next(bench); /* and each callback asks again, during the close as well */
    store_close(&bench->store);
    assert_int_equal(bench->done, REQUESTS);
    loop_destroy(&loop);
    for (int i = 0; i < REQUESTS; i++)
        receipt_batch_free(&bench->loads[i].batch);
    free(bench);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
}

struct reading {
    struct store_setting get; /* first */
    size_t *done;
};

static void on_read(struct store_request *request)
{
    struct reading *reading = (struct reading *)(void *)request;
    assert_int_equal(request->result, RESULT_OK);
    assert_int_equal(reading->get.value.length, 5);
    (*reading->done)++;
}

/* If this fails, a read that follows a write's callback does not see it. */
static void reads_see_what_was_answered(void **state)
{
    enum { READS = 400 };
    struct rig *rig = *state;
    struct store_setting put = {.name = "k", .value = {"value", 5}};
    RUN_OK(rig, store_setting_put, &put);
    store_close(&rig->store);
    struct loop *loop = loop_create(clock_system());
    struct store *store = open_threads(rig, loop);
    struct reading *readings = calloc(READS, sizeof(*readings));
    size_t done = 0;
    for (int i = 0; i < READS; i++) {
        readings[i].get.name = "k";
        readings[i].get.request.cb = on_read;
        readings[i].get.request.arena = arena_create(4096);
        readings[i].done = &done;
        store_setting_get(store, &readings[i].get);
    }
    turn_until(loop, &done, READS);
    for (int i = 0; i < READS; i++)
        arena_destroy(&readings[i].get.request.arena);
    free(readings);
    store_close(&store);
    loop_destroy(&loop);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
}

/* If this fails, the log grows without end, or a quiet store keeps it for ever. */
static void quiet_store_empties_its_log(void **state)
{
    struct rig *rig = *state;
    struct stat st = {0};
    char name[128];
    store_close(&rig->store);
    struct loop *loop = loop_create(clock_system());
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->loop_thread = pthread_self();
    bench->store = open_threads(rig, loop);
    for (int i = 0; i < BATCH; i++)
        ask_next(bench);
    turn_until(loop, &bench->done, REQUESTS);
    snprintf(name, sizeof(name), "%s-wal", rig->path);
    assert_int_equal(stat(name, &st), 0);
    assert_true(st.st_size > 0);
    const struct timespec nap = {.tv_nsec = 10000000};
    for (int i = 0; i < 600 && st.st_size > 0; i++) { /* empty after 2 s */
        if (!loop_turn(loop))
            nanosleep(&nap, NULL);
        assert_int_equal(stat(name, &st), 0);
    }
    assert_int_equal(st.st_size, 0);
    store_close(&bench->store);
    loop_destroy(&loop);
    for (int i = 0; i < REQUESTS; i++)
        receipt_batch_free(&bench->loads[i].batch);
    free(bench);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_request_comes_back_once),
        TEST(close_finishes_what_was_asked),
        TEST(reads_see_what_was_answered),
        TEST(quiet_store_empties_its_log),
    };
    return rig_run(tests);
}
