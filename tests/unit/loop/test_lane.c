/* test_lane.c - worker lanes: order, exactly-once delivery on the loop, orderly end. */
/* System. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/lane.h"

enum { JOBS = 300 };

struct task {
    struct lane_job job;
    int worked, delivered;
    pthread_t worker, receiver;
    struct task *next; /* submitted by done */
};

static struct task *finished[2 * JOBS];
static size_t n_finished;

static void work(struct lane_job *job, unsigned thread)
{
    struct task *task = container_of(job, struct task, job);
    (void)thread;
    task->worked++;
    task->worker = pthread_self();
}

static void done(struct lane_job *job)
{
    struct task *task = container_of(job, struct task, job);
    task->delivered++;
    task->receiver = pthread_self();
    finished[n_finished++] = task;
    if (task->next != NULL)
        lane_submit(job->lane, &task->next->job);
}

static void task_init(struct task *task)
{
    *task = (struct task){.job = {.work = work, .done = done}};
}

static void count_hook(void *context, unsigned thread)
{
    unsigned *hooks = context;
    __atomic_fetch_add(&hooks[thread], 1, __ATOMIC_SEQ_CST);
}

static void run_lane(unsigned threads, bool destroy_at_once)
{
    static struct task tasks[JOBS];
    unsigned hooks[8] = {0};
    struct loop *loop = loop_create(clock_system());
    const struct lane_config config = {"test", threads, count_hook, count_hook, hooks};
    struct lane *lane = lane_create(loop, &config);
    n_finished = 0;
    for (int i = 0; i < JOBS; i++) {
        task_init(&tasks[i]);
        lane_submit(lane, &tasks[i].job);
        assert_int_equal(tasks[i].delivered, 0);
    }
    assert_int_equal(lane_pending(lane), JOBS);
    while (!destroy_at_once && lane_pending(lane) > 0) {
        if (threads == 0)
            lane_pump(lane);
        loop_turn(loop);
    }
    lane_destroy(&lane);
    assert_null(lane);
    loop_destroy(&loop);
    assert_int_equal(n_finished, JOBS);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(tasks[i].worked, 1);
        assert_int_equal(tasks[i].delivered, 1);
        assert_true(pthread_equal(tasks[i].receiver, pthread_self()));
        assert_true(!pthread_equal(tasks[i].worker, pthread_self()) == (threads > 0));
        if (threads <= 1)
            assert_ptr_equal(finished[i], &tasks[i]);
    }
    for (unsigned i = 0; i < (threads > 0 ? threads : 1); i++)
        assert_int_equal(hooks[i], 2);
}

/* If it fails, the store's writes or their completions are lost, doubled, reordered or run on a
 * foreign thread. */
static void test_lanes(void **state)
{
    static const struct {
        unsigned threads;
        bool at_once;
    } rows[] = {{0, false}, {1, false}, {4, false}, {0, true}, {1, true}, {4, true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_lane(rows[i].threads, rows[i].at_once);
}

/* If it fails, a shutdown forgets work that a completion submitted. */
static void test_submit_from_done(void **state)
{
    struct task first, second;
    (void)state;
    for (unsigned threads = 0; threads < 3; threads++) {
        struct loop *loop = loop_create(clock_system());
        const struct lane_config config = {.name = "a name beyond the bound", .threads = threads};
        struct lane *lane = lane_create(loop, &config);
        n_finished = 0;
        task_init(&first);
        task_init(&second);
        first.next = &second;
        lane_submit(lane, &first.job);
        lane_destroy(&lane);
        assert_int_equal(second.delivered, 1);
        loop_destroy(&loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_submit_from_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
