/* store_rig.h - a store for tests: every suite runs over every engine there is, pumped on the
 * test's thread. A second engine is one more row of store_engines[]. */
#pragma once
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/clock.h"
#include "tocsin/store.h"

struct rig {
    char dir[64], path[96];
    struct clock_fake clock;
    struct loop *loop;
    struct store *store;
    struct arena *arena;
    const struct store_engine *engine;
};

struct store_engine {
    const char *name;
    enum result (*make_store)(struct rig *rig, struct error *error);
    void (*scrap)(struct rig *rig); /* removes what is on disk */
};
extern const struct store_engine store_engines[];
extern const unsigned store_engines_n;

/* cmocka fixtures: a fresh store. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* Closes and opens again, as after a restart. */
void rig_restart(struct rig *rig);
/* Runs one group over every engine; the number of failures. */
#define rig_run(tests) rig_run_tests(#tests, (tests), sizeof(tests) / sizeof((tests)[0]))
int rig_run_tests(const char *name, const struct CMUnitTest *tests, size_t n);

/* One request, pumped to its end. */
#define RUN(rig, verb, req)                                                                        \
    (rig_prepare((rig), &(req)->request), verb((rig)->store, (req)),                               \
     rig_wait((rig), &(req)->request))
#define RUN_OK(rig, verb, req) assert_int_equal(RUN((rig), verb, (req)), RESULT_OK)
void rig_prepare(struct rig *rig, struct store_request *request);
enum result rig_wait(struct rig *rig, struct store_request *request);

/* ---- Things to store. ---- */
/* A finished batch with one receipt; receipt_batch_free by the caller. */
void rig_receipt(struct receipt_batch *batch, id incident, int64_t wave, int64_t chunk);
/* Receipt batches of an incident (0: all). */
size_t rig_receipts(struct rig *rig, id incident);
/* An incident by author 7; its first wave is out. */
id rig_incident(struct rig *rig, int64_t *ret_wave);
/* Drives the first wave to PLANNING by two approvals and a release. */
void rig_release(struct rig *rig, id incident, int64_t wave);
/* A wave in SENDING with one chunk of n members 0..n-1 on channel 0. */
struct rig_chunk {
    id incident;
    int64_t wave, chunk;
};
struct rig_chunk rig_sending(struct rig *rig, unsigned n);
struct incident_row rig_read_incident(struct rig *rig, id incident);
struct wave_row rig_read_wave(struct rig *rig, id incident);
/* A counter's value. */
int64_t rig_count(struct rig *rig, int64_t wave, unsigned channel, unsigned key);
/* Claims what is due; gen of the one chunk, 0 when none. */
int64_t rig_claim(struct rig *rig, int64_t wave, time_ms now);
/* An append of `n` people to an open upload, with recipient ids "<prefix><i>", from block `block`.
 * Returns the number of duplicates. */
size_t rig_append(struct rig *rig, id incident, id upload, int64_t block, unsigned n,
                  const char *prefix);
