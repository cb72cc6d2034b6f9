/* preflight.c - runs the checks, one run at a time, and keeps the last result.
 *
 * Happy path: begin -> all checks are begun at once -> each comes back in its bounded time -> the
 * clock is judged last -> the result is kept and the asker told. A run has no failure of its own:
 * what does not answer is a finding. */

/* System. */
#include <signal.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/preflight/run.h"

enum { LANE_THREADS = 4 };

struct preflight {
    struct preflight_config config;
    struct lane *lane;
    struct run *run; /* NULL: none is under way */
    uint8_t number;
    bool stopping;
    struct loop_hop hop, stop_hop;
    struct json_object *last;
    struct preflight_stats stats;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* ---- A run ---- */

time_ms run_now(const struct run *run)
{
    return clock_now(loop_clock(run->config->loop));
}

struct check *check_add(struct run *run, const char *name, const char *subject)
{
    if (run->n == CHECKS_MAX)
        return run->checks[CHECKS_MAX - 1];
    struct check *check = arena_new(run->arena, struct check);
    check->name = name;
    if (!str_copy(check->subject, sizeof(check->subject), subject))
        str_copy(check->subject, sizeof(check->subject), "?");
    check_say(check, CHECK_NOT_CHECKED, "It did not answer in time: try again.");
    run->checks[run->n++] = check;
    return check;
}

static void out_time(struct json_object *to, const char *name, time_ms at)
{
    char text[TIME_TEXT_SIZE];
    json_object_object_add(to, name, json_object_new_string(time_format(text, at)));
}

static struct json_object *result_json(const struct run *run, const unsigned counts[])
{
    struct json_object *json = json_object_new_object(), *checks = json_object_new_array();
    struct json_object *sums = json_object_new_object();
    for (size_t i = 0; i < run->n; i++)
        json_object_array_add(checks, check_json(run->checks[i]));
    for (int state = 0; state < CHECK_STATES_N; state++)
        json_object_object_add(sums, check_state_name((enum check_state)state),
                               json_object_new_int((int)counts[state]));
    out_time(json, "started_at", run->started_at);
    out_time(json, "finished_at", run_now(run));
    json_object_object_add(
        json, "state",
        json_object_new_string(check_state_name(counts[CHECK_FAILED] > 0    ? CHECK_FAILED
                                                : counts[CHECK_WARNING] > 0 ? CHECK_WARNING
                                                                            : CHECK_OK)));
    json_object_object_add(json, "counts", sums);
    json_object_object_add(json, "checks", checks);
    return json;
}

static void stop_done(struct loop_hop *hop)
{
    struct preflight *self = container_of(hop, struct preflight, stop_hop);
    self->stopped(self->stopped_context);
}

static void finish(struct run *run)
{
    struct preflight *self = run->owner;
    struct preflight_ask *ask = run->ask;
    unsigned counts[CHECK_STATES_N] = {0};
    local_end(run);
    for (size_t i = 0; i < run->n; i++)
        counts[run->checks[i]->state]++;
    json_object_put(self->last);
    self->last = result_json(run, counts);
    self->stats = (struct preflight_stats){run_now(run), counts[CHECK_FAILED],
                                           counts[CHECK_WARNING], counts[CHECK_NOT_CHECKED]};
    log_info("preflight", LOG_INT("failed", counts[CHECK_FAILED]),
             LOG_INT("warnings", counts[CHECK_WARNING]), LOG_INT("ok", counts[CHECK_OK]),
             LOG_INT("not_checked", counts[CHECK_NOT_CHECKED]));
    self->run = NULL;
    arena_destroy(&run->arena);
    mem_free(run);
    ask->cb(ask);
    if (self->stopping)
        loop_post(self->config.loop, &self->stop_hop);
}

void run_release(struct run *run)
{
    require(run->open > 0);
    if (--run->open == 0)
        finish(run);
}

/* ---- The door ---- */

/* A write to a connection that the peer closed must not end the daemon. */
static void on_thread_start(void *context, unsigned thread)
{
    sigset_t pipe;
    (void)context;
    (void)thread;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
}

struct preflight *preflight_create(const struct preflight_config *config)
{
    struct preflight *self = mem_new(struct preflight);
    self->config = *config;
    self->stats.last_at = TIME_NONE;
    self->stop_hop.cb = stop_done;
    self->lane = lane_create(config->loop, &(struct lane_config){.name = "preflight",
                                                                 .threads = LANE_THREADS,
                                                                 .thread_start = on_thread_start});
    return self;
}

static void on_begin(struct loop_hop *hop)
{
    struct preflight *self = container_of(hop, struct preflight, hop);
    struct run *run = self->run;
    if (!self->stopping) {
        local_begin(run);
        outside_begin(run);
        callbacks_begin(run);
        if (run->ask->messages)
            messages_begin(run);
    }
    run_release(run);
}

enum result preflight_begin(struct preflight *self, struct preflight_ask *ask, struct error *error)
{
    if (self->run != NULL || self->stopping)
        return error_set(error, RESULT_CONFLICT, NULL,
                         "A preflight is under way; wait for its result.");
    struct run *run = mem_new(struct run);
    *run = (struct run){.owner = self,
                        .config = &self->config,
                        .lane = self->lane,
                        .arena = arena_create(RUN_ARENA_MAX),
                        .ask = ask,
                        .open = 1,
                        .newest = TIME_NONE};
    list_init(&run->fetches);
    list_init(&run->messages);
    self->number = self->number == 255 ? 1 : (uint8_t)(self->number + 1);
    run->number = self->number;
    run->started_at = run_now(run);
    self->run = run;
    self->hop.cb = on_begin;
    loop_post(self->config.loop, &self->hop);
    return RESULT_OK;
}

void preflight_stop(struct preflight *self, void (*done)(void *context), void *context)
{
    self->stopping = true;
    self->stopped = done;
    self->stopped_context = context;
    if (self->run == NULL) {
        loop_post(self->config.loop, &self->stop_hop);
        return;
    }
    callbacks_cancel(self->run);
    messages_cancel(self->run);
}

void preflight_destroy(struct preflight **preflight)
{
    struct preflight *self = *preflight;
    if (self == NULL)
        return;
    lane_destroy(&self->lane);
    json_object_put(self->last);
    mem_free(self);
    *preflight = NULL;
}

struct json_object *preflight_last(const struct preflight *self)
{
    return json_object_get(self->last);
}

struct preflight_stats preflight_stats(const struct preflight *self)
{
    return self->stats;
}
