/* email_channel.h - the insides of the email channel, shared by email.c (loop thread) and
 * email_runner.c (lane threads). */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/list.h"
#include "channels/email/email_config.h"
#include "channels/email/email_relay.h"
#include "channels/email/email_session.h"
#include "channels/email/email_wire.h"
#include "tocsin/channel.h"
#include "tocsin/lane.h"
#include "tocsin/loop.h"

struct email_batch;

/* One send that was taken. */
struct email_entry {
    struct list node; /* in email_channel.finished */
    struct channel_send *send;
    struct email_batch *batch;
    bool finished; /* runner only: its outcome is set */
    struct outcome outcome;
};

/* The sends of one send() call, kept together: one session works them off in order. Two references:
 * the queue's or runner's, and the loop's until all outcomes were called back. */
struct email_batch {
    struct list node; /* in email_channel.queue */
    atomic_uint references;
    size_t n;
    size_t next; /* runner only */
    size_t left; /* loop only: outcomes not called back */
    struct email_entry entries[];
};

struct email_channel;

/* A session's worth of work on the lane: opens sessions and pulls batches until there are none. */
struct email_runner {
    struct lane_job job;
    struct session_feed feed;
    struct session_line line;
    struct email_channel *channel;
    struct email_composer *composer;
    bool submitted; /* loop only */
    int relay;
    bool advanced; /* a message of this batch was answered in this session */
    struct email_batch *batch;
    struct email_entry *out[2]; /* given to the session, oldest first */
    unsigned n_out, turn;
    struct buf data[2];
    char sender[2][256];
};

struct email_relay {
    char name[32];
    char *password;
    struct session_settings settings;
};

struct email_channel {
    struct channel channel; /* first */
    struct loop *loop;
    const struct clock *clock;
    struct lane *lane;
    struct email_relay *relays;
    unsigned n_relays, n_runners;
    struct email_runner *runners;
    char *from_address, *bounce_domain, *helo; /* bounce_domain NULL: envelope mode from */
    int idle_ms;

    /* Loop thread. */
    unsigned window, taken, active;
    struct loop_timer grace;
    void (*closed)(void *context);
    void *closed_context;
    struct loop_hop close_hop;
    bool close_posted;

    atomic_bool closing;

    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct list queue;
    unsigned queued, waiting, starting;
    struct relay_state *states;
    struct list finished;
    bool hop_posted;
    struct loop_hop hop;
};

void email_batch_release(struct email_batch *batch);

/* lane_job.work of a runner. */
void email_runner_work(struct lane_job *job, unsigned thread);
void email_runner_init(struct email_runner *runner, struct email_channel *channel,
                       struct email_composer *composer);
void email_runner_free(struct email_runner *runner);
