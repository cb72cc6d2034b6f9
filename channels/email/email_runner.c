/* email_runner.c - the lane side of the email channel.
 *
 * Happy path: a runner takes a relay with a free session and a batch from the queue, runs one SMTP
 * session and feeds it from the batch, then from further batches while there are any, so that a
 * connection is opened per 50 messages and not per message. Failure modes: relay down (it rests,
 * the batch goes to another relay or is DEFERRED), connection lost (the rest of the batch is
 * DEFERRED), a stopped message (the rest goes on in a new session), closing (the rest is CANCELED).
 */

/* System. */
#include <string.h>
#include <time.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "channels/email/email_channel.h"
#include "channels/email/email_outcome.h"

void email_batch_release(struct email_batch *batch)
{
    if (atomic_fetch_sub(&batch->references, 1) == 1)
        mem_wipe_free(batch, sizeof(*batch) + batch->n * sizeof(batch->entries[0]));
}

/* Hands an outcome to the loop; one hop carries all that gathered meanwhile. */
static void entry_finish(struct email_runner *runner, struct email_entry *entry,
                         const struct outcome *outcome)
{
    struct email_channel *channel = runner->channel;
    entry->outcome = *outcome;
    entry->finished = true;
    if (runner->relay >= 0)
        str_copy(entry->outcome.provider, sizeof(entry->outcome.provider),
                 channel->relays[runner->relay].name);
    pthread_mutex_lock(&channel->lock);
    list_append(&channel->finished, &entry->node);
    bool post = !channel->hop_posted;
    channel->hop_posted = true;
    pthread_mutex_unlock(&channel->lock);
    if (post)
        loop_post(channel->loop, &channel->hop);
}

static struct email_entry *batch_peek(struct email_batch *batch)
{
    while (batch->next < batch->n && batch->entries[batch->next].finished)
        batch->next++;
    return batch->next < batch->n ? &batch->entries[batch->next] : NULL;
}

static void batch_drop(struct email_runner *runner)
{
    email_batch_release(runner->batch);
    runner->batch = NULL;
}

/* All that is left of the batch comes to this. */
static void batch_finish(struct email_runner *runner, const struct outcome *outcome)
{
    for (struct email_entry *entry; (entry = batch_peek(runner->batch));)
        entry_finish(runner, entry, outcome);
    batch_drop(runner);
}

/* With the lock held. */
static bool batch_take(struct email_runner *runner)
{
    struct email_channel *channel = runner->channel;
    struct list *node = list_pop(&channel->queue);
    if (!node)
        return false;
    channel->queued--;
    runner->batch = container_of(node, struct email_batch, node);
    runner->advanced = false;
    return true;
}

/* With the lock held. This wait is about threads, not about the program's time. */
static bool wake_wait(struct email_channel *channel, const struct timespec *until)
{
    return pthread_cond_timedwait(&channel->wake, &channel->lock, until) == 0;
}

static struct timespec deadline_in(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* The next batch for the session that is running; waits a while with it open. */
static bool runner_more(struct email_runner *runner, bool may_wait)
{
    struct email_channel *channel = runner->channel;
    if (!may_wait)
        return false; /* a message of this batch is still out */
    if (runner->batch)
        batch_drop(runner);
    struct timespec until = deadline_in(channel->idle_ms);
    pthread_mutex_lock(&channel->lock);
    channel->waiting++;
    while (list_empty(&channel->queue) && !atomic_load(&channel->closing) &&
           wake_wait(channel, &until))
        ;
    channel->waiting--;
    bool taken = batch_take(runner);
    pthread_mutex_unlock(&channel->lock);
    return taken;
}

/* Composes into the buffer that the message before the last one used. False: the entry is finished
 * without the network. */
static bool runner_prepare(struct email_runner *runner, struct email_entry *entry,
                           struct session_mail *mail)
{
    struct email_channel *channel = runner->channel;
    struct channel_send *send = entry->send;
    struct outcome outcome;
    struct error error;
    if (atomic_load(&send->stop) || atomic_load(&channel->closing)) {
        email_outcome_own(&outcome, OUTCOME_CANCELED, BLAME_NONE, "", "stopped before it began");
        entry_finish(runner, entry, &outcome);
        return false;
    }
    struct buf *data = &runner->data[runner->turn];
    char *sender = runner->sender[runner->turn];
    bool ok =
        email_compose(runner->composer, data, send, clock_now(channel->clock), &error) == RESULT_OK;
    if (ok && channel->bounce_domain)
        ok = email_bounce_address(sender, sizeof(runner->sender[0]), send->token,
                                  channel->bounce_domain);
    else if (ok)
        ok = str_copy(sender, sizeof(runner->sender[0]), channel->from_address);
    if (!ok) {
        bool address = str_equal(error.field, "email");
        email_outcome_own(&outcome, OUTCOME_REJECTED, address ? BLAME_ADDRESS : BLAME_CONTENT,
                          address ? "5.1.3" : "5.6.0", "not fit for the wire");
        entry_finish(runner, entry, &outcome);
        return false;
    }
    runner->turn = !runner->turn;
    *mail = (struct session_mail){.sender = sender,
                                  .recipient = send->email,
                                  .envid = send->token,
                                  .data = data->data,
                                  .length = data->length,
                                  .stop = &send->stop};
    return true;
}

static bool runner_next(struct session_feed *feed, bool may_wait, struct session_mail *mail)
{
    struct email_runner *runner = container_of(feed, struct email_runner, feed);
    for (;;) {
        struct email_entry *entry = runner->batch ? batch_peek(runner->batch) : NULL;
        if (!entry) {
            if (!runner_more(runner, may_wait))
                return false;
            continue;
        }
        runner->batch->next++;
        if (runner_prepare(runner, entry, mail)) {
            runner->out[runner->n_out++] = entry;
            return true;
        }
    }
}

static void runner_done(struct session_feed *feed, const struct outcome *outcome)
{
    struct email_runner *runner = container_of(feed, struct email_runner, feed);
    struct email_entry *entry = runner->out[0];
    runner->out[0] = runner->out[1];
    runner->n_out--;
    runner->advanced = true;
    entry_finish(runner, entry, outcome);
}

/* Messages that the session never began come next again. */
static void runner_take_back(struct email_runner *runner)
{
    if (runner->n_out > 0)
        runner->batch->next = (size_t)(runner->out[0] - runner->batch->entries);
    runner->n_out = 0;
}

static void relay_release(struct email_runner *runner, const struct session_result *result,
                          bool failed)
{
    struct email_channel *channel = runner->channel;
    struct relay_state *state = &channel->states[runner->relay];
    pthread_mutex_lock(&channel->lock);
    state->in_use--;
    if (failed)
        relay_failed(state, &result->reason, clock_monotonic(channel->clock));
    else
        relay_good(state);
    pthread_cond_broadcast(&channel->wake);
    pthread_mutex_unlock(&channel->lock);
}

static void runner_serve(struct email_runner *runner)
{
    struct session_result result;
    runner->advanced = false;
    session_run(&runner->channel->relays[runner->relay].settings, &runner->feed, &runner->line,
                &result);
    runner_take_back(runner);
    bool broken = result.end == SESSION_NOT_OPENED || result.end == SESSION_LOST;
    relay_release(runner, &result, broken && result.answered == 0);
    /* A session that broke while it was idle says nothing about the batch that came after. */
    if (result.end == SESSION_LOST && runner->advanced && runner->batch &&
        !atomic_load(&runner->channel->closing))
        batch_finish(runner, &result.reason);
    runner->relay = -1;
}

/* With the lock held, which is given up meanwhile: no relay can be tried now. */
static void runner_defer(struct email_runner *runner, unsigned first, int64_t now)
{
    struct email_channel *channel = runner->channel;
    struct outcome outcome = channel->states[first].reason;
    outcome.kind = OUTCOME_DEFERRED;
    outcome.retry_after_ms = channel->states[first].rest_until - now;
    runner->relay = (int)first;
    pthread_mutex_unlock(&channel->lock);
    batch_finish(runner, &outcome);
    runner->relay = -1;
    pthread_mutex_lock(&channel->lock);
}

static void runner_cancel(struct email_runner *runner)
{
    struct outcome outcome;
    email_outcome_own(&outcome, OUTCOME_CANCELED, BLAME_NONE, "", "stopped before it began");
    pthread_mutex_unlock(&runner->channel->lock);
    batch_finish(runner, &outcome);
    pthread_mutex_lock(&runner->channel->lock);
}

/* A relay and a batch with something left to send; false when there is nothing to do. */
static bool runner_claim(struct email_runner *runner)
{
    struct email_channel *channel = runner->channel;
    if (runner->batch && !batch_peek(runner->batch))
        batch_drop(runner);
    pthread_mutex_lock(&channel->lock);
    bool claimed = false;
    while (!claimed && (runner->batch || !list_empty(&channel->queue))) {
        int64_t now = clock_monotonic(channel->clock);
        unsigned first;
        int relay = relay_pick(channel->states, channel->n_relays, now, &first);
        if (relay == RELAY_BUSY && !atomic_load(&channel->closing)) {
            struct timespec until = deadline_in(200);
            wake_wait(channel, &until);
            continue;
        }
        if (!runner->batch)
            batch_take(runner);
        if (atomic_load(&channel->closing)) {
            runner_cancel(runner);
        } else if (relay == RELAY_RESTING) {
            runner_defer(runner, first, now);
        } else {
            channel->states[relay].in_use++;
            runner->relay = relay;
            claimed = true;
        }
    }
    pthread_mutex_unlock(&channel->lock);
    return claimed;
}

void email_runner_work(struct lane_job *job, unsigned thread)
{
    struct email_runner *runner = container_of(job, struct email_runner, job);
    struct email_channel *channel = runner->channel;
    (void)thread;
    pthread_mutex_lock(&channel->lock);
    channel->starting--;
    pthread_mutex_unlock(&channel->lock);
    while (runner_claim(runner))
        runner_serve(runner);
}

void email_runner_init(struct email_runner *runner, struct email_channel *channel,
                       struct email_composer *composer)
{
    runner->channel = channel;
    runner->composer = composer;
    runner->relay = -1;
    runner->feed = (struct session_feed){runner_next, runner_done};
    session_line_init(&runner->line);
    for (int i = 0; i < 2; i++)
        buf_init(&runner->data[i], 4 * EMAIL_BODY_MAX);
}

void email_runner_free(struct email_runner *runner)
{
    session_line_destroy(&runner->line);
    email_composer_destroy(&runner->composer);
    for (int i = 0; i < 2; i++)
        buf_wipe(&runner->data[i]);
}
