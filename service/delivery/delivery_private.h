/* delivery_private.h - the engine's inside: who holds what. For service/delivery/ only. */
#pragma once
#include "base/list.h"
#include "service/delivery/brake/state.h"
#include "service/delivery/delivery.h"
#include "service/delivery/dossier.h"
#include "service/delivery/duty/duty.h"
#include "service/delivery/run/gate.h"
#include "service/delivery/roster/roster_codec.h"
#include "service/delivery/vault.h"
#include "tocsin/banner_board.h"
#include "tocsin/lane.h"

enum { RENDER_THREADS_MAX = 16, RATE_SECONDS = 60, JUDGED_KEPT = 64 };

/* A wave that the engine is working on. */
struct active_wave {
    struct list node; /* delivery.waves */
    struct delivery *delivery;
    int64_t id;
    id incident;
    struct wave_row row;     /* scalars only */
    struct dossier *dossier; /* NULL while it is being loaded */
    struct policy policy;
    const struct channel_driver *drivers[POLICY_CHANNELS_MAX];
    struct gate *gates[POLICY_CHANNELS_MAX];
    bool pinned;   /* its turn is under way: not freed now */
    bool stopping; /* held, cancelled or draining: no byte more leaves */
    bool planning;
    bool revive;      /* resumed while stopping: starts anew when idle */
    struct list runs; /* struct run */
    unsigned n_runs;
    unsigned queued[POLICY_CHANNELS_MAX]; /* members of active runs not yet sent, by channel */
    struct store_chunk_claim claim;
    struct arena *claim_arena;
    bool claiming, poked;
    int64_t begun_at; /* monotonic: when begun chunks of closed channels were last asked for */
    bool looked;      /* a claim has found nothing due: all there was is being worked on */
    uint32_t dry;     /* channels whose last claim found nothing: not asked before the next tick */
    bool settled_asked;
    time_ms next_due;   /* TIME_NONE: nothing is waiting */
    time_ms idle_until; /* nothing is due before: the tick need not look. A change pokes it. */
    struct dossier_load load;
    struct store_wave_move move;
    struct receipt_batch move_receipts;
    uint32_t done_by_second[RATE_SECONDS];
    int64_t rate_second;
    struct braking braking;
};

enum { INSTALLED_KINDS = 4 };
struct installed_notices {
    char kind[24], digest[DIGEST_TEXT_SIZE];
};

struct delivery {
    struct installed_notices installed[INSTALLED_KINDS]; /* dossier.c */
    struct delivery_config config;                       /* arrays copied */
    struct vault vault;
    struct seal_key token_key; /* derived once the service key is known */
    id owner;                  /* this process */
    struct lane *render;
    struct roster_codec *codecs[RENDER_THREADS_MAX];
    struct roster_codec *loop_codec; /* for single people, on the loop */
    struct book *book;               /* what was drawn from which cap: see brake/ */
    struct gate *gates;
    struct delivery_channel_stats *channel_stats;
    struct banner_board board;
    void *banner_private; /* banner_store.c */
    struct list waves;
    struct loop_timer tick;
    bool starting, started, stopping, stopped;
    bool watching;
    int64_t watched_at; /* monotonic */
    time_ms holds_said_at;
    bool restored;           /* the store is a copy: providers are asked, nothing is sent */
    bool approving;          /* it is being approved: what was said to rest goes on */
    int64_t *restored_waves; /* ascending: open in the copy that was put back last */
    size_t n_restored_waves;
    char *suspected; /* why the store must be older than it says; NULL */
    struct duty_clock duty_clocks[DUTY_CLOCKS_MAX]; /* duty/watch.c */
    size_t n_duty_clocks;
    uint64_t duties_open;
    bool duty_looking;
    int64_t duty_looked_at; /* monotonic */
    bool retaining;
    bool glass_looking;
    int64_t glass_looked_at; /* monotonic */
    int64_t retained_at;     /* monotonic */
    int64_t stop_deadline;
    struct delivery_stats stats;
    int64_t judged[JUDGED_KEPT]; /* the chunks judged last, for facts that were read before */
    uint64_t n_judged;
    void (*started_cb)(void *context, enum result result, const struct error *error);
    void (*stopped_cb)(void *context);
    void *started_context, *stopped_context;
    unsigned closing; /* channels that have not closed yet */
};

time_ms delivery_now(const struct delivery *delivery);
int64_t delivery_monotonic(const struct delivery *delivery);
const char *delivery_principal(char to[ID_TEXT_SIZE], id principal);

/* schedule.c */
void schedule_wave(struct delivery *delivery,
                   const struct wave_row *row); /* makes it active, or wakes it */
void schedule_poke(struct active_wave *wave);   /* look again soon */
void schedule_tick(struct delivery *delivery);  /* the periodic round */
struct active_wave *schedule_find(struct delivery *delivery, int64_t wave);
/* Stops all sending of a wave at once; it is dropped when its runs have ended. */
void schedule_stop_wave(struct active_wave *wave);
void schedule_drop_if_idle(struct active_wave *wave);
void wave_count_done(struct active_wave *wave, unsigned n);
double wave_rate(const struct active_wave *wave);

void delivery_stopped_sending(
    struct delivery *delivery); /* delivery.c: nothing is active any more */

/* watch.c */
void watch_holds(struct delivery *delivery);

/* break_glass.c: counts, now and then, what nobody has reviewed yet. */
void break_glass_look(struct delivery *delivery);

/* duty/watch.c */
void duty_look(struct delivery *delivery);

/* retention.c */
void retention_look(struct delivery *delivery);

/* plan.c */
void plan_start(struct active_wave *wave);

/* run.c */
struct run;
struct run_claim {
    const struct chunk_row *chunk;
    const struct chunk_intent *intents; /* that a dead process left open */
    size_t n_intents;
    const uint32_t *held; /* people who are held, ascending */
    size_t n_held;
};
void run_start(struct active_wave *wave, const struct run_claim *claim);
void run_pump(struct run *run);
/* Starts what may start of a run, and no more: it is still there afterwards. */
void run_fill(struct run *run);
const struct gate *run_gate(const struct run *run);
/* Slots of a gate came free: whoever waits for them goes on now, not at the next tick. */
void schedule_fill(struct delivery *delivery, struct gate *gate);
void run_cancel(struct run *run); /* asks the driver to stop what is in flight */
int64_t run_oldest_ms(const struct run *run, int64_t now);
void run_watch(struct run *run, int64_t now);
struct list *run_next(struct list *node);
/* A hold covers its chunk: nothing more leaves, it is given back. */
void run_hold(struct run *run);
/* A hold covers this person: he is not sent to, the others of the chunk are. */
void run_hold_person(struct run *run, uint32_t number);
void run_free_person(struct run *run, uint32_t number);
const struct chunk_row *run_chunk(const struct run *run);
/* The run that works on this chunk now, or NULL. */
struct run *run_find(struct active_wave *wave, int64_t chunk);
/* Is it deciding about its members? Then a fact waits until that is on disk. */
bool run_is_judging(const struct run *run);
/* What the run knows of a member; a late fact is merged into it, so that nobody is sent to or
 * passed on who is known to be told. */
uint8_t run_member(const struct run *run, uint16_t position);
void run_merge_fact(struct run *run, uint16_t position, uint8_t state);

/* banner_store.c */
void banner_board_init(struct delivery *delivery, struct banner_board *board);
