/* test_loop.c - the loop under both clocks: timers, posted work, watches, signals. */
/* System. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/loop.h"

struct note {
    struct loop_timer timer;
    struct loop_hop hop;
    struct loop *loop;
    int ran, again;
    int64_t again_ms;
};

static char order[16];
static size_t n_order;

static void on_timer(struct loop_timer *timer)
{
    struct note *note = container_of(timer, struct note, timer);
    note->ran++;
    if (note->again-- > 0)
        loop_timer_start(timer, note->again_ms);
}

static void on_hop(struct loop_hop *hop)
{
    struct note *note = container_of(hop, struct note, hop);
    note->ran++;
    order[n_order++ % sizeof(order)] = (char)note->again_ms;
    if (note->again-- > 0)
        loop_post(note->loop, hop);
    else if (note->again_ms == 's')
        loop_stop(note->loop);
}

/* If it fails, scenarios under a fake clock fire too early, too late, or without being told. */
static void test_fake_timers(void **state)
{
    struct clock_fake fake;
    struct note a = {0}, b = {0};
    (void)state;
    clock_fake_init(&fake, 1000);
    struct loop *loop = loop_create(&fake.clock);
    loop_timer_init(loop, &a.timer, on_timer);
    loop_timer_init(loop, &b.timer, on_timer);
    assert_int_equal(loop_next_due(loop), -1);
    loop_timer_start(&a.timer, 100);
    loop_timer_start(&b.timer, 50);
    assert_int_equal(loop_next_due(loop), 50);
    assert_false(loop_turn(loop));
    clock_fake_advance(&fake, 50);
    assert_true(loop_turn(loop));
    assert_int_equal(a.ran, 0);
    assert_int_equal(b.ran, 1);
    assert_false(loop_timer_active(&b.timer));
    loop_timer_stop(&a.timer);
    loop_timer_stop(&a.timer);
    clock_fake_advance(&fake, 1000);
    assert_false(loop_turn(loop));
    assert_int_equal(a.ran, 0);
    loop_destroy(&loop);
    assert_null(loop);
}

/* If it fails, a timer that starts itself with 0 ms holds the loop forever. */
static void test_timer_again(void **state)
{
    struct clock_fake fake;
    struct note a = {.again = 3};
    (void)state;
    clock_fake_init(&fake, 0);
    struct loop *loop = loop_create(&fake.clock);
    loop_timer_init(loop, &a.timer, on_timer);
    loop_timer_start(&a.timer, 0);
    assert_int_equal(a.ran, 0);
    for (int i = 1; i <= 4; i++) {
        assert_true(loop_turn(loop));
        assert_int_equal(a.ran, i);
    }
    assert_false(loop_turn(loop));
    loop_destroy(&loop);
}

static void on_stop_timer(struct loop_timer *timer)
{
    loop_stop(timer->loop);
}

/* If it fails, the daemon's timers do not fire in time or a far one hides a near one. */
static void test_real_timers(void **state)
{
    struct note far = {0}, near = {.again = 2, .again_ms = 5};
    struct loop_timer stop;
    (void)state;
    struct loop *loop = loop_create(clock_system());
    loop_timer_init(loop, &far.timer, on_timer);
    loop_timer_init(loop, &near.timer, on_timer);
    loop_timer_init(loop, &stop, on_stop_timer);
    int64_t from = clock_monotonic(clock_system());
    loop_timer_start(&far.timer, 60000);
    loop_timer_start(&stop, 60);
    loop_timer_start(&near.timer, 5);
    loop_run(loop);
    int64_t took = clock_monotonic(clock_system()) - from;
    assert_int_equal(near.ran, 3);
    assert_int_equal(far.ran, 0);
    assert_in_range(took, 60, 5000);
    loop_timer_stop(&far.timer);
    loop_destroy(&loop);
}

/* If it fails, work posted from the loop starves timers, or runs out of order. */
static void test_hops(void **state)
{
    struct clock_fake fake;
    (void)state;
    clock_fake_init(&fake, 0);
    struct loop *loop = loop_create(&fake.clock);
    struct note a = {.loop = loop, .again_ms = 'a', .again = 1, .hop.cb = on_hop};
    struct note b = {.loop = loop, .again_ms = 'b', .hop.cb = on_hop};
    n_order = 0;
    loop_post(loop, &a.hop);
    loop_post(loop, &b.hop);
    assert_int_equal(a.ran, 0);
    while (loop_turn(loop))
        continue;
    assert_int_equal(a.ran, 2);
    assert_int_equal(b.ran, 1);
    assert_memory_equal(order, "aba", 3);
    loop_destroy(&loop);
}

struct poster {
    struct loop *loop;
    struct note notes[500];
};

static void *post_all(void *context)
{
    struct poster *poster = context;
    for (int i = 0; i < 500; i++) {
        poster->notes[i] = (struct note){.loop = poster->loop, .hop.cb = on_hop};
        poster->notes[i].again_ms = i == 499 ? 's' : 'x';
        loop_post(poster->loop, &poster->notes[i].hop);
    }
    return NULL;
}

/* If it fails, work handed over by lanes is lost or runs twice, or loop_run sleeps through it. */
static void test_post_from_threads(void **state)
{
    static struct poster posters[4];
    pthread_t threads[4];
    (void)state;
    struct loop *loop = loop_create(clock_system());
    for (int i = 0; i < 4; i++) {
        posters[i].loop = loop;
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    loop_run(loop); /* the first poster's last hop stops it */
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    while (loop_turn(loop))
        continue;
    for (int i = 0; i < 4 * 500; i++)
        assert_int_equal(posters[i / 500].notes[i % 500].ran, 1);
    loop_destroy(&loop);
}

/* If it fails, a stop that comes before the run is lost and the daemon does not end. */
static void test_stop_before_run(void **state)
{
    (void)state;
    struct loop *loop = loop_create(clock_system());
    loop_stop(loop);
    loop_run(loop);
    loop_destroy(&loop);
}

static void count(void *context)
{
    int *n = context;
    char c;
    ++*n;
    assert_int_equal(read(n[1], &c, 1), 1);
}

/* If it fails, the HTTP server is never woken. */
static void test_watch(void **state)
{
    struct clock_fake fake;
    int fds[2], n[2] = {0};
    (void)state;
    assert_int_equal(pipe(fds), 0);
    n[1] = fds[0];
    clock_fake_init(&fake, 0);
    struct loop *loop = loop_create(&fake.clock);
    struct loop_watch *watch = loop_watch_start(loop, fds[0], count, n);
    assert_false(loop_turn(loop));
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(write(fds[1], "x", 1), 1);
        assert_true(loop_turn(loop));
        assert_int_equal(n[0], i);
    }
    loop_watch_stop(&watch);
    assert_null(watch);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_false(loop_turn(loop));
    loop_destroy(&loop);
    close(fds[0]);
    close(fds[1]);
}

static void on_signal(int signum, void *context)
{
    *(int *)context = signum;
}

/* If it fails, SIGTERM does not end the daemon in order. */
static void test_signal(void **state)
{
    int seen = 0;
    (void)state;
    struct loop *loop = loop_create(clock_system());
    struct loop_signal *handle = loop_signal_start(loop, SIGUSR1, on_signal, &seen);
    raise(SIGUSR1);
    for (int i = 0; i < 1000 && seen == 0; i++) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_int_equal(seen, SIGUSR1);
    loop_signal_stop(&handle);
    loop_destroy(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fake_timers),
        cmocka_unit_test(test_timer_again),
        cmocka_unit_test(test_real_timers),
        cmocka_unit_test(test_hops),
        cmocka_unit_test(test_post_from_threads),
        cmocka_unit_test(test_stop_before_run),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
