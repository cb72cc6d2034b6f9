/* braking.h - brakes at work: what an active wave knows of its stage and stops, and what each batch
 * draws from which cap. The store's rows are the truth; these are copies, loaded when a wave
 * becomes active. Loop thread; for the engine's files. */
#pragma once
#include "service/delivery/brake/state.h"
#include "service/delivery/delivery_private.h"

struct run;
struct batch;

enum { BRAKE_PARK_MS = 6 * 3600 * 1000 };

void braking_init(struct active_wave *wave);
void braking_free(struct active_wave *wave);
bool braking_idle(const struct braking *braking);
/* Reads the wave's rows, then pokes it. */
void braking_load(struct active_wave *wave);
/* Counts that belong to no wave: once, at the start. `done` comes once. */
void braking_load_shared(struct delivery *delivery, void (*done)(void *context), void *context);

/* May work be claimed at all, and of which channels? Moves the stages on. */
bool braking_ready(struct active_wave *wave);
bool braking_channel_open(struct active_wave *wave, unsigned channel);
/* How many of `most` may go from this run now; 0: see run->parked_until and why. */
unsigned braking_room(struct run *run, unsigned most);
/* Takes them in memory; they are stored with the intent. */
void braking_draw(struct batch *batch);
/* What is stored with the intent: how many there really are. Into the batch's arena. */
void braking_intend(struct batch *batch);
/* The intent was refused for a cap that somebody else used up. */
void braking_refused(struct batch *batch, const struct error *error);
/* Gives back what did not leave, counts what did; sets the record's draws. */
void braking_record(struct batch *batch);
/* After a late fact that changed something. `draws` room for 3; returns how many are set. */
struct brake_fact {
    const char *cohort;
    unsigned channel;
    bool negative, first, blocked, complaint; /* first: nothing was reported of it before */
    int64_t day;
};
size_t braking_fact(const struct policy *policy, const struct wave_row *wave,
                    const struct brake_fact *fact, struct brake_draw draws[4], char scopes[4][80]);
void braking_fact_done(struct delivery *delivery, int64_t wave_id, const struct brake_fact *fact,
                       const struct brake_draw *draws, size_t n);

/* Must people of this run wait, instead of taking the next rung? */
bool braking_holds(struct run *run);
bool braking_silence(struct run *run);

/* Between braking.c and tallies.c: how many of a cap a batch has, in memory; one more of its draws;
 * what the provider charges for. */
struct batch_item;
void brake_redraw(struct batch *batch, unsigned cap, int64_t n);
struct brake_draw *brake_add_draw(struct batch *batch, const char *scope, int64_t n);
int64_t brake_units(const struct batch_item *item);

/* stops.c */
/* Stops a scope: in memory now, on disk with its receipt soon. */
void braking_stop(struct active_wave *wave, const char *scope, const char *reason,
                  struct json_object *figures);
const struct brake_stop *braking_stopped(const struct braking *braking, const char *channel,
                                         const char *domain);
/* A provider refuses us (credentials, funds, suspension), or takes messages again. */
void braking_refusal(struct active_wave *wave, unsigned channel, const struct outcome *outcome);
void braking_well(struct delivery *delivery, const struct gate *gate);
/* Forgets stops in memory. */
void braking_lift(struct braking *braking, const char *scope);

/* A stage is being written, with these receipts; NULL: none. */
void braking_move(struct active_wave *wave, enum brake_stage to,
                  const struct receipt_batch *receipts);

/* seeds.c */
/* Sends the notice to our own, as the gates allow; again and again until all have an answer. Then
 * the stage moves. */
void seeds_pump(struct active_wave *wave);
/* The wave stops. `under_way`: what is out is asked back, too. */
void seeds_cancel(struct active_wave *wave, bool under_way);
/* Has any of them an address for a channel of the wave? */
bool seeds_any(const struct active_wave *wave);

/* facts of a run, or of a channel at large (run NULL). */
void braking_facts(struct brake_facts *ret, const struct active_wave *wave, unsigned channel,
                   const char *domain);
/* The receiving domain of a cohort, its place. */
const char *cohort_part(const char *cohort, unsigned part, char *to, size_t size);
