/* lane.c - worker threads with a mailbox back to the loop. Happy path: submit -> queue -> a thread
 * works -> finished list
 * -> one hop brings all that is finished to the loop -> done. Failure modes: threads cannot be
 * started: abort, at start-up. Signals are blocked on lane threads, so that they reach the loop. */
/* System. */
#include <pthread.h>
#include <signal.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/lane.h"

/* This module. */
#include "service/loop/loop_private.h"

struct lane_thread {
    struct lane *lane;
    unsigned number;
    pthread_t thread;
};
struct lane {
    struct loop *loop;
    struct lane_config config;
    struct lane_thread *threads;
    size_t pending;      /* loop thread only */
    struct loop_hop hop; /* carries `finished` to the loop */
    pthread_mutex_t mutex;
    pthread_cond_t queued_cond, finished_cond;
    /* Under mutex: */
    struct list queued, finished; /* struct lane_job */
    bool hop_posted, closing;
};

static struct lane_job *job_of(struct list *node)
{
    return node != NULL ? container_of(node, struct lane_job, node) : NULL;
}

/* Runs the `done` of what is finished. */
static void lane_deliver(struct lane *lane)
{
    struct list round;
    list_init(&round);
    pthread_mutex_lock(&lane->mutex);
    list_splice(&round, &lane->finished);
    pthread_mutex_unlock(&lane->mutex);
    for (struct lane_job *job; (job = job_of(list_pop(&round))) != NULL;) {
        lane->pending--;
        job->done(job);
    }
}

static void on_hop(struct loop_hop *hop)
{
    struct lane *lane = container_of(hop, struct lane, hop);
    pthread_mutex_lock(&lane->mutex);
    lane->hop_posted = false;
    pthread_mutex_unlock(&lane->mutex);
    lane_deliver(lane);
}

/* The job is done with on its thread; called with the mutex held. */
static void finish(struct lane *lane, struct lane_job *job)
{
    list_append(&lane->finished, &job->node);
    pthread_cond_signal(&lane->finished_cond);
    if (!lane->hop_posted) {
        lane->hop_posted = true;
        loop_post(lane->loop, &lane->hop);
    }
}

static void thread_hook(const struct lane *lane, void (*hook)(void *, unsigned), unsigned number)
{
    if (hook != NULL)
        hook(lane->config.context, number);
}

static void *thread_main(void *context)
{
    struct lane_thread *self = context;
    struct lane *lane = self->lane;
    thread_hook(lane, lane->config.thread_start, self->number);
    pthread_mutex_lock(&lane->mutex);
    for (;;) {
        struct lane_job *job = job_of(list_pop(&lane->queued));
        if (job == NULL && lane->closing)
            break;
        if (job == NULL) {
            pthread_cond_wait(&lane->queued_cond, &lane->mutex);
            continue;
        }
        pthread_mutex_unlock(&lane->mutex);
        job->work(job, self->number);
        pthread_mutex_lock(&lane->mutex);
        finish(lane, job);
    }
    pthread_mutex_unlock(&lane->mutex);
    thread_hook(lane, lane->config.thread_stop, self->number);
    return NULL;
}

static void thread_launch(struct lane *lane, unsigned number)
{
    struct lane_thread *self = &lane->threads[number];
    char name[16]; /* the kernel's bound; a longer word is cut */
    *self = (struct lane_thread){.lane = lane, .number = number};
    int code = pthread_create(&self->thread, NULL, thread_main, self);
    if (code != 0)
        panic("lane %s: a thread could not be started: %s", lane->config.name, strerror(code));
    if (str_copy(name, sizeof(name), lane->config.name))
        pthread_setname_np(self->thread, name);
}

struct lane *lane_create(struct loop *loop, const struct lane_config *config)
{
    struct lane *lane = mem_new(struct lane);
    sigset_t all, before;
    *lane = (struct lane){.loop = loop, .config = *config, .hop = {.cb = on_hop}};
    list_init(&lane->hop.node);
    list_init(&lane->queued);
    list_init(&lane->finished);
    require(pthread_mutex_init(&lane->mutex, NULL) == 0);
    require(pthread_cond_init(&lane->queued_cond, NULL) == 0);
    require(pthread_cond_init(&lane->finished_cond, NULL) == 0);
    lane->threads = mem_alloc(config->threads, sizeof(struct lane_thread));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < config->threads; i++)
        thread_launch(lane, i);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (config->threads == 0)
        thread_hook(lane, config->thread_start, 0);
    return lane;
}

void lane_submit(struct lane *lane, struct lane_job *job)
{
    job->lane = lane;
    lane->pending++;
    pthread_mutex_lock(&lane->mutex);
    list_append(&lane->queued, &job->node);
    pthread_cond_signal(&lane->queued_cond);
    pthread_mutex_unlock(&lane->mutex);
}

size_t lane_pending(const struct lane *lane)
{
    return lane->pending;
}

bool lane_pump(struct lane *lane)
{
    require(lane->config.threads == 0);
    struct lane_job *job = job_of(list_pop(&lane->queued));
    if (job == NULL)
        return false;
    job->work(job, 0);
    pthread_mutex_lock(&lane->mutex);
    finish(lane, job);
    pthread_mutex_unlock(&lane->mutex);
    return true;
}

/* Waits until something is finished; a lane without threads works here. */
static void wait_finished(struct lane *lane)
{
    if (lane->config.threads == 0) {
        lane_pump(lane);
        return;
    }
    pthread_mutex_lock(&lane->mutex);
    while (list_empty(&lane->finished))
        pthread_cond_wait(&lane->finished_cond, &lane->mutex);
    pthread_mutex_unlock(&lane->mutex);
}

static void join_all(struct lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    lane->closing = true;
    pthread_cond_broadcast(&lane->queued_cond);
    pthread_mutex_unlock(&lane->mutex);
    for (unsigned i = 0; i < lane->config.threads; i++)
        pthread_join(lane->threads[i].thread, NULL);
    if (lane->config.threads == 0)
        thread_hook(lane, lane->config.thread_stop, 0);
}

void lane_destroy(struct lane **lane)
{
    struct lane *it = *lane;
    if (it == NULL)
        return;
    while (it->pending > 0) {
        wait_finished(it);
        lane_deliver(it);
    }
    join_all(it);
    hops_withdraw(it->loop, &it->hop);
    pthread_cond_destroy(&it->finished_cond);
    pthread_cond_destroy(&it->queued_cond);
    pthread_mutex_destroy(&it->mutex);
    mem_free(it->threads);
    mem_free(it);
    *lane = NULL;
}
