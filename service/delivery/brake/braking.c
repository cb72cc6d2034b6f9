/* braking.c - see the header. Happy path: a wave's rows are loaded -> its stage moves on as its
 * work is done -> each batch draws from its caps in memory, then in the store with its intent ->
 * what did not leave is given back with the outcomes. Failure modes: a draw that the store refuses
 * (another process was first) sends nothing and loads the counts again. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/brake/places.h"
#include "service/delivery/run/run_private.h"

enum { CANARY_SHARE = 4 };

/* ---- Loading. ---- */

void braking_init(struct active_wave *wave)
{
    struct braking *braking = &wave->braking;
    braking->wave = wave;
    braking->since = TIME_NONE;
    receipt_batch_init(&braking->receipts, 0, 0, 0);
}

void braking_free(struct active_wave *wave)
{
    char prefix[32];
    snprintf(prefix, sizeof(prefix), "w%lld:", (long long)wave->id);
    book_drop(wave->delivery->book, prefix);
    receipt_batch_free(&wave->braking.receipts);
    arena_destroy(&wave->braking.arena);
}

bool braking_idle(const struct braking *braking)
{
    return !braking->loading && !braking->moving && braking->seeding == NULL;
}

static void take_counts(struct book *book, const struct store_brake_get *get)
{
    for (size_t i = 0; i < get->n_counts; i++)
        book_put(book, get->counts[i].scope, get->counts[i].bucket, get->counts[i].value);
}

/* A provider that refused us when we stopped is asked by one message first. */
static void remember_refusals(const struct braking *braking)
{
    const struct active_wave *wave = braking->wave;
    for (unsigned i = 0; i < wave->policy.n_channels; i++) {
        const struct brake_stop *stop =
            braking_stopped(braking, wave->policy.channels[i].channel, "");
        if (stop != NULL && wave->gates[i] != NULL && str_equal(stop->reason, "provider_refused") &&
            wave->gates[i]->failures == 0)
            wave->gates[i]->failures = 1;
    }
}

static void on_loaded(struct store_request *request)
{
    struct store_brake_get *get = container_of(request, struct store_brake_get, request);
    struct braking *braking = container_of(get, struct braking, get);
    struct active_wave *wave = braking->wave;
    braking->loading = false;
    if (request->result == RESULT_OK) {
        braking->stage = get->stage;
        braking->since = get->since;
        braking->people = get->people;
        braking->n_stops = 0;
        for (size_t i = 0; i < get->n_stops && i < BRAKE_STOPS_MAX; i++)
            braking->stops[braking->n_stops++] = get->stops[i];
        take_counts(wave->delivery->book, get);
        remember_refusals(braking);
        braking->loaded = true;
    } else {
        log_error("brakes_not_read", LOG_INT("wave", wave->id),
                  LOG_TEXT("result", result_name(request->result)));
    }
    arena_destroy(&braking->arena);
    if (braking->again) {
        braking->again = false;
        braking_load(wave);
    } else {
        schedule_poke(wave);
    }
    schedule_drop_if_idle(wave);
}

void braking_load(struct active_wave *wave)
{
    struct braking *braking = &wave->braking;
    if (!wave->policy.brakes.on) { /* what concerns its providers is known already */
        braking->loaded = true;
        schedule_poke(wave);
        return;
    }
    if (braking->loading) {
        braking->again = true;
        return;
    }
    braking->loading = true;
    braking->arena = arena_create(8 << 20);
    memset(&braking->get, 0, sizeof(braking->get));
    braking->get.request.cb = on_loaded;
    braking->get.request.arena = braking->arena;
    braking->get.wave = wave->id;
    store_brake_get(wave->delivery->config.store, &braking->get);
}

struct shared_load {
    struct store_brake_get get;
    struct delivery *delivery;
    void (*done)(void *context);
    void *context;
};

static void on_shared(struct store_request *request)
{
    struct store_brake_get *get = container_of(request, struct store_brake_get, request);
    struct shared_load *load = container_of(get, struct shared_load, get);
    void (*done)(void *context) = load->done;
    void *context = load->context;
    struct arena *arena = request->arena;
    if (request->result == RESULT_OK)
        take_counts(load->delivery->book, get);
    mem_free(load);
    arena_destroy(&arena);
    if (done != NULL)
        done(context);
}

void braking_load_shared(struct delivery *delivery, void (*done)(void *context), void *context)
{
    struct shared_load *load = mem_new(struct shared_load);
    load->delivery = delivery;
    load->done = done;
    load->context = context;
    load->get.request.cb = on_shared;
    load->get.request.arena = arena_create(8 << 20);
    store_brake_get(delivery->config.store, &load->get);
}

/* ---- Facts. ---- */

const char *cohort_part(const char *cohort, unsigned part, char *to, size_t size)
{
    const char *at = cohort;
    to[0] = 0;
    for (; part > 0 && at != NULL; part--)
        at = strchr(at, '|') == NULL ? NULL : strchr(at, '|') + 1;
    size_t n = at == NULL ? 0 : strcspn(at, "|");
    if (n >= size)
        n = size - 1;
    if (n > 0)
        memcpy(to, at, n);
    to[n] = 0;
    return to;
}

void braking_facts(struct brake_facts *ret, const struct active_wave *wave, unsigned channel,
                   const char *domain)
{
    const struct delivery_config *config = &wave->delivery->config;
    const struct braking *braking = &wave->braking;
    const struct policy_channel *c = &wave->policy.channels[channel];
    *ret = (struct brake_facts){.brakes = &wave->policy.brakes,
                                .wave = wave->id,
                                .stage = braking->stage,
                                .since = braking->since,
                                .people = braking->people,
                                .channel = c->channel,
                                .provider = c->provider,
                                .domain = domain,
                                .ladder = true,
                                .balance = -1,
                                .centre_hour = config->braking.centre_hour,
                                .centre = &config->braking.centre,
                                .centre_zone = str_or(config->braking.centre_zone, "UTC")};
    if (ret->stage == BRAKE_SEEDS && !seeds_any(wave))
        ret->stage = wave->policy.brakes.canary > 0 ? BRAKE_CANARY : BRAKE_OPEN;
    if (wave->gates[channel] != NULL) {
        const struct delivery_channel *live = wave->gates[channel]->config;
        ret->quota = live->quota;
        ret->provider_hour = live->per_hour;
        ret->cost = live->price_micro;
        ret->balance = gate_balance(wave->gates[channel]);
    }
}

static unsigned run_zones(const struct run *run, const char *zones[PLACE_ZONES_MAX])
{
    char place[PLACE_SIZE];
    return (unsigned)place_zones(cohort_part(run->cohort, 3, place, sizeof(place)), zones);
}

static bool is_first_rung(const struct run *run)
{
    return (run->chunk.rung & (RUNG_BESIDE | RUNG_STEP)) == 0;
}

/* ---- Stages. ---- */

static void on_moved(struct store_request *request)
{
    struct store_brake_move *move = container_of(request, struct store_brake_move, request);
    struct braking *braking = container_of(move, struct braking, move);
    struct active_wave *wave = braking->wave;
    braking->moving = false;
    if (request->result == RESULT_OK) {
        braking->stage = move->to;
        braking->since = move->at;
        log_info("brake_stage", LOG_INT("wave", wave->id), LOG_INT("stage", move->to));
        schedule_poke(wave);
    } else {
        braking_load(wave);
    }
    schedule_drop_if_idle(wave);
}

void braking_move(struct active_wave *wave, enum brake_stage to,
                  const struct receipt_batch *receipts)
{
    struct braking *braking = &wave->braking;
    braking->moving = true;
    memset(&braking->move, 0, sizeof(braking->move));
    braking->move.request.cb = on_moved;
    braking->move.wave = wave->id;
    braking->move.from = braking->stage;
    braking->move.to = to;
    braking->move.at = delivery_now(wave->delivery);
    braking->move.receipts = receipts;
    store_brake_move(wave->delivery->config.store, &braking->move);
}

static void canary_ends(struct active_wave *wave)
{
    struct receipt_batch *batch = &wave->braking.receipts;
    const struct receipt receipt = {.kind = RECEIPT_BRAKE_WAITING,
                                    .at = delivery_now(wave->delivery),
                                    .incident = wave->incident,
                                    .wave = wave->id,
                                    .outcome = -1,
                                    .reason = "canary"};
    receipt_batch_free(batch);
    receipt_batch_init(batch, wave->incident, wave->id, 0);
    receipt_batch_add(batch, &wave->dossier->key, &receipt);
    receipt_batch_finish(batch);
    wave->delivery->stats.receipts++;
    log_warn("canary_waits", LOG_INT("wave", wave->id));
    braking_move(wave, BRAKE_WAITING, batch);
}

static bool canary_is_out(struct active_wave *wave)
{
    char scope[BOOK_SCOPE_SIZE];
    snprintf(scope, sizeof(scope), "w%lld:canary", (long long)wave->id);
    return wave->braking.batches == 0 &&
           book_sum(wave->delivery->book, scope, 0, 0) >= wave->policy.brakes.canary;
}

bool braking_ready(struct active_wave *wave)
{
    struct braking *braking = &wave->braking;
    const struct brakes *brakes = &wave->policy.brakes;
    struct brake_facts facts;
    if (!braking->loaded || braking->moving || wave->policy.n_channels == 0)
        return braking->loaded && !braking->moving;
    if (!brakes->on || wave->delivery->restored)
        return true;
    braking_facts(&facts, wave, 0, "-");
    enum brake_stage stage = brake_stage_now(&facts);
    bool early = brakes->start_at != TIME_NONE && delivery_now(wave->delivery) < brakes->start_at;
    if (early || wave->stopping || wave->delivery->stopping)
        return true; /* the caps say no by themselves */
    if (stage == BRAKE_SEEDS && braking_stopped(braking, "", "") == NULL)
        seeds_pump(wave);
    else if (stage == BRAKE_CANARY && canary_is_out(wave))
        canary_ends(wave);
    else if (stage == BRAKE_OPEN && braking->stage != BRAKE_OPEN && brakes->n_ramp > 0)
        braking_move(wave, BRAKE_OPEN, NULL); /* the ramp is counted from here */
    return !braking->moving;
}

/* ---- Room. ---- */

/* Closed for a while: no chunk of it is claimed just to be given back. */
bool braking_channel_open(struct active_wave *wave, unsigned channel)
{
    struct brake_facts facts;
    struct brake_verdict verdict;
    const char *name = wave->policy.channels[channel].channel;
    const struct brake_stop *stop = braking_stopped(&wave->braking, name, "");
    if (stop != NULL && !str_equal(stop->reason, "silence") &&
        !str_equal(stop->reason, "provider_refused"))
        return false;
    braking_facts(&facts, wave, channel, "-");
    brake_judge(&verdict, &facts, wave->delivery->book, delivery_now(wave->delivery));
    if (verdict.stop)
        braking_stop(wave, "", verdict.reason, NULL);
    return verdict.room > 0;
}

static unsigned park(struct run *run, const char *reason, time_ms until)
{
    time_ms now = delivery_now(run->wave->delivery);
    run->parked_until = until == TIME_NONE || until > now + BRAKE_PARK_MS ? now + BRAKE_PARK_MS
                        : until <= now                                    ? now + 1000
                                                                          : until;
    run->parked_why = reason;
    return 0;
}

static bool is_stopped(const struct run *run, const char *domain)
{
    const struct brake_stop *stop =
        braking_stopped(&run->wave->braking, run->driver->facts.channel, domain);
    return stop != NULL && !str_equal(stop->reason, "silence") &&
           !str_equal(stop->reason, "provider_refused");
}

unsigned braking_room(struct run *run, unsigned most)
{
    struct active_wave *wave = run->wave;
    const struct hours *quiet = &wave->delivery->config.braking.quiet;
    const char *zones[PLACE_ZONES_MAX];
    char domain[64];
    struct brake_facts facts;
    struct brake_verdict verdict;
    run->parked_until = 0;
    run->parked_why = NULL;
    if (most == 0)
        return 0;
    if (!wave->braking.loaded || wave->braking.moving)
        return 0;
    cohort_part(run->cohort, 2, domain, sizeof(domain));
    if (is_stopped(run, domain))
        return park(run, "stopped", TIME_NONE);
    braking_facts(&facts, wave, run->chunk.channel, domain);
    facts.ladder = is_first_rung(run);
    if (run->driver->facts.quiet_hours && quiet->from != quiet->to) {
        facts.quiet = quiet;
        facts.n_zones = run_zones(run, zones);
        facts.zones = zones;
    }
    brake_judge(&verdict, &facts, wave->delivery->book, delivery_now(wave->delivery));
    if (verdict.stop)
        braking_stop(wave, "", verdict.reason, NULL);
    if (verdict.room == 0)
        return park(run, verdict.reason, verdict.next);
    if (brake_stage_now(&facts) == BRAKE_CANARY && wave->policy.brakes.on) {
        /* Not all out of one cohort, where there are several. */
        int64_t share = wave->policy.brakes.canary / CANARY_SHARE;
        verdict.room = verdict.room < share || share == 0 ? verdict.room : share;
    }
    return verdict.room < (int64_t)most ? (unsigned)verdict.room : most;
}

/* ---- Draws. ---- */

static int64_t first_attempts(const struct batch *batch)
{
    int64_t n = 0;
    for (unsigned i = 0; i < batch->n; i++)
        n += batch->items[i].attempt == 1;
    return n;
}

int64_t brake_units(const struct batch_item *item)
{
    return item->units > 0 ? item->units : 1;
}

void braking_draw(struct batch *batch)
{
    struct run *run = batch->run;
    struct active_wave *wave = run->wave;
    struct brake_drawing *drawing = &batch->drawing;
    struct brake_facts facts;
    char domain[64];
    wave->braking.batches++;
    if (batch->query) /* no message leaves */
        return;
    braking_facts(&facts, wave, run->chunk.channel,
                  cohort_part(run->cohort, 2, domain, sizeof(domain)));
    facts.ladder = is_first_rung(run);
    brake_caps_make(&drawing->caps, &facts, delivery_now(wave->delivery));
    for (unsigned i = 0; i < drawing->caps.n; i++) {
        const struct brake_cap *cap = &drawing->caps.list[i];
        drawing->n[i] = cap->people  ? first_attempts(batch)
                        : cap->costs ? (int64_t)batch->n * facts.cost
                                     : (int64_t)batch->n;
        book_add(wave->delivery->book, cap->scope, cap->bucket, drawing->n[i]);
    }
    drawing->cost = facts.cost;
}

void brake_redraw(struct batch *batch, unsigned i, int64_t n)
{
    struct brake_drawing *drawing = &batch->drawing;
    const struct brake_cap *cap = &drawing->caps.list[i];
    book_add(batch->run->wave->delivery->book, cap->scope, cap->bucket, n - drawing->n[i]);
    drawing->n[i] = n;
}

struct brake_draw *brake_add_draw(struct batch *batch, const char *scope, int64_t n)
{
    struct brake_draw *draw = &batch->draws[batch->n_draws++];
    require(batch->n_draws <= BATCH_DRAWS);
    *draw = (struct brake_draw){.scope = scope, .n = n, .limit = -1};
    return draw;
}

void braking_intend(struct batch *batch)
{
    struct brake_drawing *drawing = &batch->drawing;
    int64_t messages = 0, money = 0;
    for (unsigned i = 0; i < batch->n; i++) {
        if (batch->items[i].refused != NULL)
            continue;
        messages++;
        money += brake_units(&batch->items[i]) * drawing->cost;
    }
    batch->n_draws = 0;
    for (unsigned i = 0; i < drawing->caps.n; i++) {
        const struct brake_cap *cap = &drawing->caps.list[i];
        if (!cap->people)
            brake_redraw(batch, i, cap->costs ? money : messages);
        struct brake_draw *draw = brake_add_draw(batch, cap->scope, drawing->n[i]);
        draw->bucket = cap->bucket;
        draw->first = cap->first;
        draw->limit = cap->limit;
    }
    drawing->stored = true;
    batch->record.draws = batch->draws;
    batch->record.n_draws = batch->n_draws;
}

/* A budget that the next batch would pass is used up: said as a stop. Any other cap was used up by
 * another process: its counts are read again. */
void braking_refused(struct batch *batch, const struct error *error)
{
    struct active_wave *wave = batch->run->wave;
    struct brake_drawing *drawing = &batch->drawing;
    drawing->stored = false;
    batch->canceled = true;
    for (unsigned i = 0; i < drawing->caps.n; i++)
        if (drawing->caps.list[i].costs && str_equal(drawing->caps.list[i].scope, error->field))
            braking_stop(wave, "", "budget", NULL);
    braking_load(wave);
    braking_load_shared(wave->delivery, NULL, NULL);
}
