/* state.h - what an active wave and a batch keep for their brakes. */
#pragma once
#include "service/delivery/brake/brake.h"
#include "tocsin/receipt.h"

struct active_wave;
struct seeding;

struct braking {
    struct active_wave *wave;
    bool loaded, loading;    /* not loaded: nothing is claimed */
    bool again;              /* load once more: something changed meanwhile */
    bool moving;             /* a stage is being written */
    struct seeding *seeding; /* our own are being sent to; NULL */
    enum brake_stage stage;  /* as stored */
    time_ms since;
    int64_t people;
    struct brake_stop stops[BRAKE_STOPS_MAX];
    unsigned n_stops;
    unsigned batches; /* of the wave, under way */
    struct store_brake_get get;
    struct arena *arena;
    struct store_brake_move move;
    struct receipt_batch receipts;
};

/* What a batch has drawn; `n` by cap of `caps`. */
struct brake_drawing {
    struct brake_caps caps;
    int64_t n[BRAKE_CAPS_MAX];
    int64_t cost; /* of one unit */
    bool stored;  /* with its intent */
};
enum { BATCH_DRAWS = BRAKE_CAPS_MAX + 4 };
