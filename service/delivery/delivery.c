/* delivery.c - the engine as a whole: opens channels and keys, starts by recovering, stops by
 * draining.
 *
 * Start: service key -> recover leases of dead owners -> waves in planning or sending become active
 * -> tick. Stop: no new work; what is in flight ends or is cancelled after the grace; chunks are
 * given back; channels close. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/loop.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/configured.h"
#include "service/delivery/delivery_private.h"
#include "service/delivery/restore/restore.h"

enum { TICK_MS = 250, GRACE_CHECK_MS = 50 };

time_ms delivery_now(const struct delivery *delivery)
{
    return clock_now(loop_clock(delivery->config.loop));
}

int64_t delivery_monotonic(const struct delivery *delivery)
{
    return clock_monotonic(loop_clock(delivery->config.loop));
}

const char *delivery_principal(char to[ID_TEXT_SIZE], id principal)
{
    return principal == 0 ? "service" : id_format(to, "tok", principal);
}

/* ---- Create. ---- */

static void config_copy(struct delivery_config *to, const struct delivery_config *from)
{
    struct delivery_channel *channels = mem_alloc(from->n_channels + 1, sizeof(*channels));
    const char **ladder = mem_alloc(from->n_ladder + 1, sizeof(*ladder));
    const char **beside = mem_alloc(from->n_beside + 1, sizeof(*beside));
    *to = *from;
    memcpy(channels, from->channels, from->n_channels * sizeof(*channels));
    for (size_t i = 0; i < from->n_ladder; i++)
        ladder[i] = mem_strdup(from->ladder[i]);
    for (size_t i = 0; i < from->n_beside; i++)
        beside[i] = mem_strdup(from->beside[i]);
    to->channels = channels;
    to->ladder = ladder;
    to->beside = beside;
    to->public_url = mem_strdup(str_or(from->public_url, ""));
    if (to->lease_ms == 0)
        to->lease_ms = 60000;
    if (to->retry_base_ms == 0)
        to->retry_base_ms = 60000;
    if (to->retry_max_ms == 0)
        to->retry_max_ms = 3600000;
    if (to->retry_limit == 0)
        to->retry_limit = 8;
}

static void config_free(struct delivery_config *config)
{
    for (size_t i = 0; i < config->n_ladder; i++)
        mem_free((void *)(uintptr_t)config->ladder[i]);
    for (size_t i = 0; i < config->n_beside; i++)
        mem_free((void *)(uintptr_t)config->beside[i]);
    mem_free((void *)(uintptr_t)config->ladder);
    mem_free((void *)(uintptr_t)config->beside);
    mem_free((void *)(uintptr_t)config->channels);
    mem_free((void *)(uintptr_t)config->public_url);
}

static enum result open_channel(struct delivery *delivery, struct gate *gate, struct error *error)
{
    const struct channel_open open = {
        .loop = delivery->config.loop,
        .http = delivery->config.http,
        .board = &delivery->board,
        .config = gate->config->config,
        .public_url = delivery->config.public_url,
        .window = gate->window,
    };
    enum result result = gate->driver->open(&open, &gate->channel, error);
    if (result != RESULT_OK) {
        gate->channel = NULL;
        error_wrap(error, "channel %s, provider %s", gate->driver->facts.channel,
                   gate->driver->facts.provider);
    }
    return result;
}

static void create_render(struct delivery *delivery)
{
    unsigned threads = delivery->config.render_threads;
    unsigned codecs = threads == 0 ? 1 : threads;
    require(codecs <= RENDER_THREADS_MAX);
    for (unsigned i = 0; i < codecs; i++)
        delivery->codecs[i] = roster_codec_create();
    delivery->loop_codec = roster_codec_create();
    const struct lane_config lane = {.name = "render", .threads = threads};
    delivery->render = lane_create(delivery->config.loop, &lane);
}

static void on_tick(struct loop_timer *timer)
{
    struct delivery *delivery = container_of(timer, struct delivery, tick);
    /* Before the round, which stops the timer when the engine has stopped. */
    if (!delivery->stopped)
        loop_timer_start(timer, delivery->stopping ? GRACE_CHECK_MS : TICK_MS);
    schedule_tick(delivery);
    watch_holds(delivery);
    retention_look(delivery);
    break_glass_look(delivery);
    duty_look(delivery);
}

static struct delivery *delivery_new(const struct delivery_config *config)
{
    struct delivery *delivery = mem_new(struct delivery);
    config_copy(&delivery->config, config);
    vault_init(&delivery->vault, &config->master);
    delivery->owner = id_new();
    delivery->book = book_create();
    list_init(&delivery->waves);
    banner_board_init(delivery, &delivery->board);
    create_render(delivery);
    delivery->gates = mem_alloc(config->n_channels + 1, sizeof(*delivery->gates));
    delivery->channel_stats = mem_alloc(config->n_channels + 1, sizeof(*delivery->channel_stats));
    for (size_t i = 0; i < config->n_channels; i++)
        gate_init(&delivery->gates[i], &delivery->config.channels[i]);
    loop_timer_init(config->loop, &delivery->tick, on_tick);
    delivery->stats.retention_next_at = TIME_NONE;
    return delivery;
}

enum result delivery_create(const struct delivery_config *config, struct delivery **ret_delivery,
                            struct error *error)
{
    struct delivery *delivery = delivery_new(config);
    for (size_t i = 0; i < config->n_channels; i++) {
        enum result result = open_channel(delivery, &delivery->gates[i], error);
        if (result != RESULT_OK) {
            /* The process is about to end with this error: channels that are open go with it. */
            return result;
        }
    }
    *ret_delivery = delivery;
    return RESULT_OK;
}

void delivery_destroy(struct delivery **delivery)
{
    struct delivery *d = *delivery;
    if (d == NULL)
        return;
    loop_timer_stop(&d->tick);
    lane_destroy(&d->render);
    for (unsigned i = 0; i < RENDER_THREADS_MAX; i++)
        roster_codec_destroy(&d->codecs[i]);
    roster_codec_destroy(&d->loop_codec);
    require(list_empty(&d->waves));
    book_destroy(&d->book);
    vault_wipe(&d->vault);
    seal_key_wipe(&d->token_key);
    mem_free(d->gates);
    mem_free(d->channel_stats);
    mem_free(d->banner_private);
    mem_free(d->restored_waves);
    mem_free(d->suspected);
    config_free(&d->config);
    mem_free(d);
    *delivery = NULL;
}

/* ---- Start. ---- */

struct delivery_starter {
    struct delivery *delivery;
    struct store_setting setting;
    struct store_recover recover;
    struct configured configured;
    struct store_wave_list waves;
    struct receipt_batch receipts;
    struct buf proposal;
    struct arena *arena;
};

static void start_finish(struct delivery_starter *starter, enum result result,
                         const struct error *error)
{
    struct delivery *delivery = starter->delivery;
    const struct error copy = *error;
    receipt_batch_free(&starter->receipts);
    buf_wipe(&starter->proposal);
    arena_destroy(&starter->arena);
    mem_free(starter);
    delivery->starting = false;
    delivery->started = result == RESULT_OK;
    if (delivery->started && !delivery->stopping) /* a stop runs the tick already */
        loop_timer_start(&delivery->tick, TICK_MS);
    delivery->started_cb(delivery->started_context, result, &copy);
}

static void start_6_waves(struct store_request *request)
{
    struct store_wave_list *list = container_of(request, struct store_wave_list, request);
    struct delivery_starter *starter = container_of(list, struct delivery_starter, waves);
    for (size_t i = 0; request->result == RESULT_OK && i < list->n; i++)
        schedule_wave(starter->delivery, &list->waves[i]);
    start_finish(starter, request->result, &request->error);
}

static void start_5_counts(void *context)
{
    struct delivery_starter *starter = context;
    starter->waves.request.cb = start_6_waves;
    starter->waves.request.arena = starter->arena;
    starter->waves.states = (1u << WAVE_PLANNING) | (1u << WAVE_SENDING);
    store_wave_list(starter->delivery->config.store, &starter->waves);
}

static void start_4_checked(void *context, enum result result, const struct error *error)
{
    struct delivery_starter *starter = context;
    struct delivery *delivery = starter->delivery;
    delivery->stats.restored = delivery->restored;
    if (result != RESULT_OK) {
        start_finish(starter, result, error);
        return;
    }
    braking_load_shared(delivery, start_5_counts, starter);
}

static void start_3_configured(struct configured *configured, enum result result,
                               const struct error *error)
{
    struct delivery_starter *starter =
        container_of(configured, struct delivery_starter, configured);
    if (result != RESULT_OK)
        start_finish(starter, result, error);
    else
        restore_check(starter->delivery, start_4_checked, starter);
}

static void start_2_recovered(struct store_request *request)
{
    struct store_recover *recover = container_of(request, struct store_recover, request);
    struct delivery_starter *starter = container_of(recover, struct delivery_starter, recover);
    if (request->result != RESULT_OK) {
        start_finish(starter, request->result, &request->error);
        return;
    }
    if (recover->chunks > 0)
        log_warn("recovered", LOG_INT("chunks", recover->chunks));
    starter->configured.cb = start_3_configured;
    configured_check(starter->delivery, &starter->configured);
}

static void start_1_service_key(struct store_request *request)
{
    struct store_setting *setting = container_of(request, struct store_setting, request);
    struct delivery_starter *starter = container_of(setting, struct delivery_starter, setting);
    struct delivery *delivery = starter->delivery;
    struct error error = request->error;
    enum result result = request->result;
    if (result == RESULT_OK && !vault_take_service_key(&delivery->vault, setting->value))
        result = error_set(&error, RESULT_DENIED, "master_key",
                           "The store was sealed with another master key; configure the one it was "
                           "created with.");
    if (result != RESULT_OK) {
        start_finish(starter, result, &error);
        return;
    }
    delivery_service_key(delivery, "token", &delivery->token_key);
    const struct receipt started = {
        .kind = RECEIPT_NODE_STARTED, .at = delivery_now(delivery), .outcome = -1};
    receipt_batch_add(&starter->receipts, &delivery->vault.service, &started);
    receipt_batch_finish(&starter->receipts);
    starter->recover.request.cb = start_2_recovered;
    starter->recover.owner = delivery->owner;
    starter->recover.now = delivery_now(delivery);
    starter->recover.receipts = &starter->receipts;
    store_recover(delivery->config.store, &starter->recover);
}

void delivery_start(struct delivery *delivery,
                    void (*started)(void *context, enum result result, const struct error *error),
                    void *context)
{
    struct delivery_starter *starter = mem_new(struct delivery_starter);
    delivery->starting = true;
    delivery->started_cb = started;
    delivery->started_context = context;
    starter->delivery = delivery;
    starter->arena = arena_create(16 << 20);
    receipt_batch_init(&starter->receipts, 0, 0, 0);
    buf_init(&starter->proposal, 256);
    vault_propose_service_key(&delivery->vault, &starter->proposal);
    starter->setting.request.cb = start_1_service_key;
    starter->setting.request.arena = starter->arena;
    starter->setting.name = "service_key";
    starter->setting.value = (struct blob){starter->proposal.data, starter->proposal.length};
    store_setting_put(delivery->config.store, &starter->setting);
}

/* ---- Stop. ---- */

static void on_channel_closed(void *context)
{
    struct delivery *delivery = context;
    if (--delivery->closing == 0)
        delivery->stopped_cb(delivery->stopped_context);
}

void delivery_stopped_sending(struct delivery *delivery)
{
    loop_timer_stop(&delivery->tick);
    delivery->stopped = true;
    delivery->closing = 1;
    for (size_t i = 0; i < delivery->config.n_channels; i++) {
        struct gate *gate = &delivery->gates[i];
        if (gate->channel == NULL)
            continue;
        delivery->closing++;
        gate->driver->close(gate->channel, on_channel_closed, delivery);
        gate->channel = NULL;
    }
    on_channel_closed(delivery);
}

void delivery_stop(struct delivery *delivery, int64_t grace_ms, void (*stopped)(void *context),
                   void *context)
{
    struct active_wave *wave;
    delivery->stopping = true;
    delivery->stopped_cb = stopped;
    delivery->stopped_context = context;
    delivery->stop_deadline = delivery_monotonic(delivery) + grace_ms;
    list_each(node, &delivery->waves)
    {
        wave = container_of(node, struct active_wave, node);
        wave->stopping = true;
    }
    loop_timer_start(&delivery->tick, 1);
}

void delivery_service_key(struct delivery *delivery, const char *purpose, struct seal_key *ret_key)
{
    require(delivery->vault.ready);
    seal_derive(ret_key, &delivery->vault.service, purpose, NULL, 0);
}

bool delivery_seal(struct delivery *delivery, struct blob wrapped, const char *bound,
                   struct blob plain, struct buf *to)
{
    struct seal_key key;
    if (!vault_unwrap(&delivery->vault, wrapped, &key))
        return false;
    bool ok = seal_add(to, &key, bound, plain.data, plain.length);
    seal_key_wipe(&key);
    return ok;
}

bool delivery_open(struct delivery *delivery, struct blob wrapped, const char *bound,
                   struct blob sealed, struct buf *to)
{
    struct seal_key key;
    if (!vault_unwrap(&delivery->vault, wrapped, &key))
        return false;
    bool ok = seal_open(to, &key, bound, sealed.data, sealed.length);
    seal_key_wipe(&key);
    return ok;
}

const struct delivery_stats *delivery_stats(struct delivery *delivery)
{
    int64_t now = delivery_monotonic(delivery), oldest = 0;
    unsigned waves = 0, stops = 0, waiting = 0;
    for (size_t i = 0; i < delivery->config.n_channels; i++) {
        struct gate *gate = &delivery->gates[i];
        gate->stats.paused_for_ms = now < gate->paused_until ? gate->paused_until - now : 0;
        delivery->channel_stats[i] = gate->stats;
    }
    list_each(node, &delivery->waves)
    {
        struct active_wave *wave = container_of(node, struct active_wave, node);
        waves++;
        stops += wave->braking.n_stops;
        waiting += wave->braking.loaded && wave->braking.stage == BRAKE_WAITING;
        for (struct list *r = run_next(&wave->runs); r != &wave->runs; r = run_next(r)) {
            int64_t ms = run_oldest_ms((const struct run *)(const void *)r, now);
            oldest = ms > oldest ? ms : oldest;
        }
    }
    delivery->stats.channels = delivery->channel_stats;
    delivery->stats.n_channels = delivery->config.n_channels;
    delivery->stats.waves_active = waves;
    delivery->stats.brakes_stops = stops;
    delivery->stats.brakes_waiting = waiting;
    delivery->stats.oldest_in_flight_ms = oldest;
    return &delivery->stats;
}
