/* daemon.c - opens, wires, runs, drains and closes all parts, in this order:
 *
 *   store, http client, notices -> delivery -> api, http server -> delivery_start -> READY
 *   SIGTERM: http drains (no more requests) -> delivery stops (what is in flight ends) -> all
 * closed, exit 0
 *
 * Failure modes: what cannot be opened ends the start with a sentence. A store that has stopped
 * (disk full, failed fsync) is never retried: requests are answered 503 for some seconds, then the
 * process leaves with EXIT_STORE and its supervisor starts it again, which recovers from what is on
 * disk. A second SIGTERM, or a drain that takes too long, leaves at once: kill -9 would lose
 * nothing either. */

/* System. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/sm.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/clock.h"
#include "tocsin/http_client.h"
#include "tocsin/loop.h"
#include "tocsin/store.h"
#include "tocsin/template.h"

/* This module. */
#include "service/api/api.h"
#include "service/console/console.h"
#include "service/daemon.h"
#include "service/backup/backups.h"
#include "service/delivery/restore/restore.h"
#include "service/guard.h"
#include "service/http/http_server.h"
#include "service/law/law.h"
#include "service/notify.h"
#include "service/preflight/preflight.h"
#include "service/receipts/receipt_log.h"

enum { WATCH_MS = 500, STORE_ANSWER_MS = 3000, HURRY_MS = 2000, LIMIT_EXTRA_MS = 15000 };

enum stage {
    STAGE_STARTING,
    STAGE_RUNNING,
    STAGE_DRAINING,
    STAGE_STOPPING,
    STAGE_STOPPED,
    STAGES_N
};
static const struct sm_state stages[STAGES_N] = {
    [STAGE_STARTING] = {"starting", SM_TO(STAGE_RUNNING) | SM_TO(STAGE_DRAINING)},
    [STAGE_RUNNING] = {"running", SM_TO(STAGE_DRAINING)},
    [STAGE_DRAINING] = {"draining", SM_TO(STAGE_STOPPING)},
    [STAGE_STOPPING] = {"stopping", SM_TO(STAGE_STOPPED)},
    [STAGE_STOPPED] = {"stopped", 0},
};
static const struct sm_table stage_table = {"daemon", stages, STAGES_N};

static const int signals_handled[] = {SIGTERM, SIGINT, SIGHUP};
enum { SIGNALS_N = sizeof signals_handled / sizeof *signals_handled };

struct daemon {
    const struct config *config;
    struct loop *loop;
    struct store *store;
    struct http_client *client;
    struct notice_set *notices;
    struct law_rules *rules;
    struct delivery *delivery;
    struct receipt_log *log;
    char *ledger; /* of erasures, beside the store */
    char *data_dir;
    struct guard guard;
    struct backups *backups;
    struct preflight *preflight;
    const char *companions[2]; /* copied along with the store */
    struct api *api;
    struct http_server *server;
    struct loop_signal *signals[SIGNALS_N];
    struct loop_timer watch; /* looks after the store, feeds the watchdog */
    struct loop_timer drain; /* requests that do not end */
    struct loop_timer limit; /* the stop as a whole */
    unsigned stage;          /* enum stage */
    bool started;            /* delivery_start has answered */
    int asked;               /* how often we were told to stop */
    int exit_code;
    int64_t watchdog_at; /* monotonic: when the manager wants to hear from us */
};

static int64_t grace_ms(const struct daemon *self)
{
    return self->asked > 1 ? 0 : self->config->stop_grace_ms;
}

/* ---- Stopping ---- */

static void on_log_stopped(void *context)
{
    struct daemon *self = context;

    sm_move(&stage_table, &self->stage, STAGE_STOPPED);
    loop_stop(self->loop);
}

/* The engine's last receipts get their places too. */
static void on_backups_stopped(void *context)
{
    struct daemon *self = context;

    if (self->log)
        receipt_log_stop(self->log, on_log_stopped, self);
    else
        on_log_stopped(self);
}

static void on_preflight_stopped(void *context)
{
    struct daemon *self = context;

    if (self->backups)
        backups_stop(self->backups, on_backups_stopped, self);
    else
        on_backups_stopped(self);
}

static void on_stopped(void *context)
{
    struct daemon *self = context;

    if (self->preflight)
        preflight_stop(self->preflight, on_preflight_stopped, self);
    else
        on_preflight_stopped(self);
}

static void stop_delivery(struct daemon *self)
{
    if (self->stage != STAGE_DRAINING || !self->started)
        return;
    loop_timer_stop(&self->drain);
    sm_move(&stage_table, &self->stage, STAGE_STOPPING);
    delivery_stop(self->delivery, grace_ms(self), on_stopped, self);
}

static void on_drained(void *context)
{
    stop_delivery(context);
}

/* The last resort: everything answered for is on disk, and the next start recovers the rest. */
static void on_limit(struct loop_timer *timer)
{
    struct daemon *self = container_of(timer, struct daemon, limit);

    log_warn("left_in_a_hurry", LOG_TEXT("stage", sm_name(&stage_table, self->stage)));
    _exit(self->exit_code == EXIT_DONE ? EXIT_HURRIED : self->exit_code);
}

/* `answer_ms`: how long requests may still be answered. */
static void stop_begin(struct daemon *self, int64_t answer_ms)
{
    sm_move(&stage_table, &self->stage, STAGE_DRAINING);
    notify_send("STOPPING=1");
    api_set_state(self->api, API_DRAINING);
    loop_timer_start(&self->limit, answer_ms + self->config->stop_grace_ms + LIMIT_EXTRA_MS);
    loop_timer_start(&self->drain, answer_ms);
    http_server_drain(self->server, on_drained, self);
}

static void hurry(struct daemon *self)
{
    loop_timer_start(&self->limit, HURRY_MS);
    stop_delivery(self);
}

static void on_signal(int signum, void *context)
{
    struct daemon *self = context;

    if (signum == SIGHUP) { /* one configuration per process: a restart loses nothing */
        log_info("nothing_reloaded", LOG_TEXT("signal", "SIGHUP"));
        return;
    }
    self->asked++;
    log_info("stop_asked", LOG_INT("times", self->asked));
    if (self->stage == STAGE_STARTING || self->stage == STAGE_RUNNING)
        stop_begin(self, self->config->stop_grace_ms / 2);
    else
        hurry(self);
}

/* The time for answers is over: of a store that has stopped, or of requests that do not end. */
static void on_answer_time(struct loop_timer *timer)
{
    struct daemon *self = container_of(timer, struct daemon, drain);

    if (self->stage == STAGE_DRAINING)
        stop_delivery(self);
    else if (self->exit_code == EXIT_STORE)
        stop_begin(self, STORE_ANSWER_MS);
}

/* ---- Watching ---- */

static void on_watch(struct loop_timer *timer)
{
    struct daemon *self = container_of(timer, struct daemon, watch);
    enum result health = store_health(self->store);
    int64_t every = notify_watchdog_ms(), now = clock_monotonic(loop_clock(self->loop));

    loop_timer_start(timer, WATCH_MS);
    if (self->stage == STAGE_RUNNING)
        guard_watch(&self->guard);
    if (every && now >= self->watchdog_at) {
        notify_send("WATCHDOG=1");
        self->watchdog_at = now + every;
    }
    if (health == RESULT_OK || self->exit_code == EXIT_STORE)
        return;
    self->exit_code = EXIT_STORE;
    log_error("store_stopped", LOG_TEXT("result", result_name(health)));
    if (self->stage != STAGE_STARTING && self->stage != STAGE_RUNNING)
        return;
    /* Answered 503 for a while, so that load balancers see it, then gone. The drain must not close
     * the door on that: it begins when the time is over. */
    notify_send("STATUS=the store has stopped: leaving to recover");
    loop_timer_start(&self->drain, STORE_ANSWER_MS);
}

/* ---- Starting ---- */

static void on_started(void *context, enum result result, const struct error *error)
{
    struct daemon *self = context;

    self->started = true;
    if (result != RESULT_OK) {
        log_error("start_failed", LOG_TEXT("result", result_name(result)),
                  LOG_TEXT("field", error ? error->field : ""),
                  LOG_TEXT("sentence", error ? error->text : ""));
        self->exit_code =
            result == RESULT_INVALID || result == RESULT_DENIED ? EXIT_CONFIG : EXIT_UNAVAILABLE;
        self->asked = 2; /* nothing is in flight: no grace */
        if (self->stage == STAGE_STARTING)
            stop_begin(self, 0);
    } else if (self->stage == STAGE_STARTING) {
        sm_move(&stage_table, &self->stage, STAGE_RUNNING);
        api_set_state(self->api, API_READY);
        backups_start(self->backups);
        if (!delivery_stats(self->delivery)->restored) /* else when it is approved */
            receipt_log_start(self->log);
        notify_send("READY=1");
        log_info("ready", LOG_INT("port", http_server_port(self->server)));
        return;
    }
    stop_delivery(self);
}

/* A store that is older than others know it is held, whether it bears a mark or not. */
static void on_compared(void *context, enum result result, const struct error *error)
{
    struct daemon *self = context;
    const struct log_newest_compare *found = &self->guard.compare;
    char why[128];

    if (result != RESULT_OK) {
        on_started(self, result, error);
        return;
    }
    receipt_log_seen(self->log, found->seen, found->forked);
    if (found->forked || found->behind) {
        snprintf(why, sizeof why, "the log was seen with %llu receipts and %s",
                 (unsigned long long)found->seen,
                 found->forked ? "another tree" : "has fewer here");
        delivery_restore_suspect(self->delivery, why);
    }
    delivery_start(self->delivery, on_started, self);
}

/* The directory of the store, for the watch over its disk. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_strdup(".");
    return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

static char *ledger_of(const char *store)
{
    struct buf path;

    buf_init(&path, SIZE_MAX);
    buf_printf(&path, "%s.erasures", store);
    return buf_take(&path);
}

static enum result open_engine(struct daemon *self, struct error *error)
{
    const struct config *config = self->config;
    self->ledger = ledger_of(config->store_path);
    struct delivery_config engine = {
        .loop = self->loop,
        .store = self->store,
        .http = self->client,
        .notices = self->notices,
        .master = config->master,
        .channels = config->channels,
        .n_channels = config->n_channels,
        .ladder = config->ladder,
        .n_ladder = config->n_ladder,
        .beside = config->beside,
        .n_beside = config->n_beside,
        .approvals_required = config->approvals_required,
        .consent_required = config->consent_required,
        .spacing_ms = config->spacing_ms,
        .break_glass = config->break_glass,
        .approvers_claimed = config->approvers_claimed,
        .rules = self->rules,
        .law_enforced = config->law_enforced,
        .currency = config->currency,
        .public_url = config->public_url,
        .render_threads = config->render_threads,
        .lease_ms = config->lease_ms,
        .retry_base_ms = config->retry_base_ms,
        .retry_max_ms = config->retry_max_ms,
        .retry_limit = config->retry_limit,
        .ledger = self->ledger,
        .retention_months = config->retention_months,
        .braking = config->braking,
    };
    enum result result = delivery_create(&engine, &self->delivery, error);

    seal_key_wipe(&engine.master);
    return result;
}

static enum result open_log(struct daemon *self, struct error *error)
{
    const struct config *config = self->config;
    const struct receipt_log_config log = {.loop = self->loop,
                                           .store = self->store,
                                           .client = self->client,
                                           .signers = config->signers,
                                           .n_signers = config->n_signers,
                                           .witnesses = config->witnesses,
                                           .n_witnesses = config->n_witnesses,
                                           .timestamps = config->timestamps,
                                           .n_timestamps = config->n_timestamps,
                                           .mails = config->mails,
                                           .n_mails = config->n_mails,
                                           .public_url = config->public_url,
                                           .threads = true,
                                           .alone = true}; /* store_open() locks */

    return receipt_log_create(&log, &self->log, error);
}

/* What must outlive a lost disk lies beside the copies too. */
static void open_backups(struct daemon *self)
{
    const struct config *config = self->config;

    self->guard.loop = self->loop;
    self->guard.store = self->store;
    self->guard.log = self->log;
    self->guard.compared = on_compared;
    self->guard.context = self;
    guard_init(&self->guard, config);
    self->companions[0] = self->ledger;
    self->companions[1] = self->guard.kept;
    self->backups =
        backups_create(&(struct backups_config){.loop = self->loop,
                                                .delivery = self->delivery,
                                                .store_path = config->store_path,
                                                .directory = config->backup_directory,
                                                .interval_ms = config->backup_interval_ms,
                                                .keep = config->backup_keep,
                                                .companions = self->companions,
                                                .n_companions = 2,
                                                .threads = true});
}

static void open_preflight(struct daemon *self)
{
    const struct config *config = self->config;

    self->data_dir = directory_of(config->store_path);
    self->preflight =
        preflight_create(&(struct preflight_config){.loop = self->loop,
                                                    .delivery = self->delivery,
                                                    .http = self->client,
                                                    .backups = self->backups,
                                                    .log = self->log,
                                                    .public_url = config->public_url,
                                                    .data_dir = self->data_dir,
                                                    .disk_min_mib = config->disk_min_mib,
                                                    .master_key = config->master_key,
                                                    .log_key = config->log_key_file,
                                                    .resolver = config->resolver,
                                                    .addresses = &config->test_addresses});
}

static enum result open_door(struct daemon *self, struct error *error)
{
    const struct config *config = self->config;
    const char *channels[CONFIG_CHANNELS_MAX];
    struct api_config api = {.delivery = self->delivery,
                             .store = self->store,
                             .loop = self->loop,
                             .log = self->log,
                             .seen = &self->guard.compare,
                             .backups = self->backups,
                             .preflight = self->preflight,
                             .public_url = config->public_url,
                             .version = TOCSIN_VERSION,
                             .data_dir = self->data_dir,
                             .disk_min_mib = config->disk_min_mib,
                             .rules = self->rules,
                             .written_due_ms = config->written_due_ms,
                             .channels = channels,
                             .n_channels = config->n_channels};
    struct http_config http = {
        .listen = config->listen, .allow_public = config->allow_public, .limits = config->http};
    enum result result;

    for (size_t i = 0; i < config->n_channels; i++)
        channels[i] = config->channels[i].driver->facts.channel;
    result = api_create(&api, &self->api, error);
    if (result != RESULT_OK)
        return result;
    http.routes = api_routes(&http.n_routes);
    http.routes = console_routes(http.routes, http.n_routes, &http.n_routes);
    http.context = self->api;
    result = http_server_create(self->loop, &http, &self->server, error);
    if (result == RESULT_OK)
        api_set_server(self->api, self->server);
    return result;
}

/* Without the folder the service goes on without rules: they are data that may be left out. */
static enum result open_rules(struct daemon *self, struct error *error)
{
    const struct config *config = self->config;
    const char *overlays[CONFIG_OVERLAYS_MAX];
    for (size_t i = 0; i < config->n_overlays; i++)
        overlays[i] = config->overlays[i];
    enum result result =
        law_rules_load(config->rules, overlays, config->n_overlays, &self->rules, error);
    if (result != RESULT_NOT_FOUND || config->n_overlays > 0)
        return result;
    log_warn("no_rules", LOG_TEXT("why", error->text));
    return RESULT_OK;
}

static enum result open_all(struct daemon *self, struct error *error)
{
    const struct config *config = self->config;
    struct store_config store = {.path = config->store_path,
                                 .readers = config->store_readers,
                                 .threads = true,
                                 .cache_mib = config->store_cache_mib};
    enum result result = store_open(self->loop, &store, &self->store, error);

    if (result != RESULT_OK)
        return result;
    self->client = http_client_create(self->loop, NULL);
    result = notice_set_load(config->notices, &self->notices, error);
    if (result == RESULT_OK)
        result = open_rules(self, error);
    if (result == RESULT_OK)
        result = open_engine(self, error);
    if (result == RESULT_OK)
        result = open_log(self, error);
    if (result != RESULT_OK)
        return result;
    open_backups(self);
    open_preflight(self);
    return open_door(self, error);
}

/* ---- Closing ---- */

/* Lets what cut requests left behind come to its end, for some seconds at most. */
static void settle(struct daemon *self)
{
    const struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
    const struct clock *clock = loop_clock(self->loop);
    int64_t until = clock_monotonic(clock) + HURRY_MS;

    for (int quiet = 0; quiet < 10 && clock_monotonic(clock) < until;) {
        if (loop_turn(self->loop) || store_pending(self->store)) {
            quiet = 0;
            continue;
        }
        quiet++;
        nanosleep(&nap, NULL);
    }
}

static void close_all(struct daemon *self)
{
    loop_timer_stop(&self->watch);
    loop_timer_stop(&self->drain);
    loop_timer_stop(&self->limit);
    for (size_t i = 0; i < SIGNALS_N; i++)
        if (self->signals[i])
            loop_signal_stop(&self->signals[i]);
    if (self->server)
        http_server_destroy(&self->server);
    if (self->store)
        settle(self);
    if (self->api)
        api_destroy(&self->api);
    preflight_destroy(&self->preflight);
    backups_destroy(&self->backups);
    if (self->delivery)
        delivery_destroy(&self->delivery);
    if (self->notices)
        notice_set_destroy(&self->notices);
    law_rules_destroy(&self->rules);
    if (self->client)
        http_client_destroy(&self->client);
    receipt_log_destroy(&self->log);
    guard_free(&self->guard);
    mem_free(self->ledger);
    mem_free(self->data_dir);
    if (self->store)
        store_close(&self->store);
    loop_destroy(&self->loop);
}

/* Channels are open already: they must be closed before the engine can go. */
static void stop_unstarted(struct daemon *self)
{
    sm_move(&stage_table, &self->stage, STAGE_DRAINING);
    self->started = true;
    self->asked = 2;
    stop_delivery(self);
    loop_timer_start(&self->limit, LIMIT_EXTRA_MS);
    loop_run(self->loop);
}

int daemon_run(const struct config *config)
{
    struct daemon self = {.config = config, .loop = loop_create(clock_system())};
    struct error error = {0};
    enum result result;

    loop_timer_init(self.loop, &self.watch, on_watch);
    loop_timer_init(self.loop, &self.drain, on_answer_time);
    loop_timer_init(self.loop, &self.limit, on_limit);
    result = open_all(&self, &error);
    if (result == RESULT_OK) {
        for (size_t i = 0; i < SIGNALS_N; i++)
            self.signals[i] = loop_signal_start(self.loop, signals_handled[i], on_signal, &self);
        loop_timer_start(&self.watch, WATCH_MS);
        log_info("started", LOG_TEXT("version", TOCSIN_VERSION),
                 LOG_INT("port", http_server_port(self.server)));
        guard_compare(&self.guard, config, self.client);
        loop_run(self.loop);
        log_info("stopped", LOG_INT("exit", self.exit_code));
    } else {
        fprintf(stderr, "tocsind: %s%s%s\n", error.field, *error.field ? ": " : "", error.text);
        self.exit_code = EXIT_UNAVAILABLE;
        if (self.delivery)
            stop_unstarted(&self);
    }
    close_all(&self);
    return self.exit_code;
}
