/* store_rig.c - see store_rig.h. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

static const struct store_engine *engine; /* of the group that runs */
static struct store_request *finished;

/* ---- SQLite. ---- */
static enum result make_sqlite(struct rig *rig, struct error *error)
{
    if (rig->dir[0] == 0) {
        str_copy(rig->dir, sizeof(rig->dir), "/tmp/tocsin-store-XXXXXX");
        if (mkdtemp(rig->dir) == NULL)
            return RESULT_IO;
        snprintf(rig->path, sizeof(rig->path), "%s/store.db", rig->dir);
    }
    const struct store_config config = {.path = rig->path, .threads = false};
    return store_open(rig->loop, &config, &rig->store, error);
}

static void scrap_sqlite(struct rig *rig)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[128];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", rig->path, suffixes[i]);
        unlink(name);
    }
    rmdir(rig->dir);
}

const struct store_engine store_engines[] = {{"sqlite", make_sqlite, scrap_sqlite}};
const unsigned store_engines_n = 1;

/* ---- Fixtures. ---- */
int rig_setup(void **state)
{
    struct rig *rig = mem_new(struct rig);
    seal_init();
    rig->engine = engine;
    clock_fake_init(&rig->clock, 1000000);
    rig->loop = loop_create(&rig->clock.clock);
    rig->arena = arena_create((size_t)64 << 20);
    *state = rig;
    return rig->engine->make_store(rig, NULL) == RESULT_OK ? 0 : -1;
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    store_close(&rig->store);
    rig->engine->scrap(rig);
    arena_destroy(&rig->arena);
    loop_destroy(&rig->loop);
    mem_free(rig);
    return 0;
}

void rig_restart(struct rig *rig)
{
    store_close(&rig->store);
    assert_int_equal(rig->engine->make_store(rig, NULL), RESULT_OK);
}

int rig_run_tests(const char *name, const struct CMUnitTest *tests, size_t n)
{
    int failures = 0;
    for (unsigned i = 0; i < store_engines_n; i++) {
        engine = &store_engines[i];
        print_message("engine %s\n", engine->name);
        failures += _cmocka_run_group_tests(name, tests, n, NULL, NULL);
    }
    return failures;
}

static void on_done(struct store_request *request)
{
    assert_null(finished); /* exactly once */
    finished = request;
}

void rig_prepare(struct rig *rig, struct store_request *request)
{
    finished = NULL;
    request->cb = on_done;
    request->arena = rig->arena;
}

enum result rig_wait(struct rig *rig, struct store_request *request)
{
    assert_null(finished); /* never from inside the call */
    while (store_pump(rig->store))
        ;
    assert_ptr_equal(finished, request);
    finished = NULL;
    assert_int_equal(store_pending(rig->store), 0);
    if (request->result != RESULT_OK)
        assert_true(request->error.code == request->result && request->error.text[0] != 0);
    return request->result;
}

/* ---- Things to store. ---- */
void rig_receipt(struct receipt_batch *batch, id incident, int64_t wave, int64_t chunk)
{
    const struct receipt receipt = {
        .kind = RECEIPT_CONFIGURED, .at = 1000, .incident = incident, .outcome = -1};
    receipt_batch_init(batch, incident, wave, chunk);
    receipt_batch_add(batch, NULL, &receipt);
    receipt_batch_finish(batch);
}

size_t rig_receipts(struct rig *rig, id incident)
{
    struct store_receipt_list list = {.incident = incident, .limit = 1000};
    RUN_OK(rig, store_receipt_list, &list);
    return list.n;
}

id rig_incident(struct rig *rig, int64_t *ret_wave)
{
    struct store_incident_put put = {.incident = {.id = id_new(),
                                                  .version = 1,
                                                  .created_at = 1000,
                                                  .author = 7,
                                                  .key = {"key", 3},
                                                  .document = {"{}", 2},
                                                  .title = {"title", 5}}};
    RUN_OK(rig, store_incident_put, &put);
    if (ret_wave != NULL)
        *ret_wave = put.wave;
    return put.incident.id;
}

struct incident_row rig_read_incident(struct rig *rig, id incident)
{
    struct store_incident_get get = {.incident = incident};
    RUN_OK(rig, store_incident_get, &get);
    return get.row;
}

struct wave_row rig_read_wave(struct rig *rig, id incident)
{
    struct store_incident_get get = {.incident = incident};
    RUN_OK(rig, store_incident_get, &get);
    return get.waves[0];
}

void rig_release(struct rig *rig, id incident, int64_t wave)
{
    static const struct blob policy = {"policy", 6};
    int64_t version = rig_read_incident(rig, incident).version;
    for (id principal = 8; principal <= 9; principal++) {
        struct store_approval approval = {.incident = incident,
                                          .wave = wave,
                                          .principal = principal,
                                          .version = version,
                                          .required = 2,
                                          .hash = {1}};
        RUN_OK(rig, store_approval_put, &approval);
    }
    struct store_wave_move move = {.wave = wave,
                                   .from = WAVE_APPROVED,
                                   .to = WAVE_PLANNING,
                                   .version = version,
                                   .policy = &policy,
                                   .at = 2000,
                                   .hold_until = TIME_NONE};
    RUN_OK(rig, store_wave_move, &move);
}

struct rig_chunk rig_sending(struct rig *rig, unsigned n)
{
    struct rig_chunk made = {0};
    uint32_t members[CHUNK_MEMBERS];
    made.incident = rig_incident(rig, &made.wave);
    rig_release(rig, made.incident, made.wave);
    for (unsigned i = 0; i < n; i++)
        members[i] = i;
    const struct chunk_row row = {.incident = made.incident,
                                  .cohort = "US-CA|en|example.com",
                                  .n = n,
                                  .members = members,
                                  .state = CHUNK_READY,
                                  .due_at = 0};
    const struct wave_counter people = {.key = PEOPLE_PLANNED, .value = n};
    struct store_plan_append plan = {.wave = made.wave,
                                     .cursor = 1,
                                     .chunks = &row,
                                     .n_chunks = 1,
                                     .people = &people,
                                     .n_people = 1,
                                     .done = true};
    RUN_OK(rig, store_plan_append, &plan);
    made.chunk = plan.chunk_ids[0];
    return made;
}

int64_t rig_count(struct rig *rig, int64_t wave, unsigned channel, unsigned key)
{
    struct store_counts counts = {.wave = wave};
    RUN_OK(rig, store_counts_get, &counts);
    for (size_t i = 0; i < counts.n; i++)
        if (counts.counters[i].channel == channel && counts.counters[i].key == key)
            return counts.counters[i].value;
    return 0;
}

int64_t rig_claim(struct rig *rig, int64_t wave, time_ms now)
{
    struct store_chunk_claim claim = {
        .owner = 5, .now = now, .lease_ms = 1000, .wave = wave, .channels = 1, .limit = 1};
    RUN_OK(rig, store_chunk_claim, &claim);
    return claim.n > 0 ? claim.chunks[0].gen : 0;
}

size_t rig_append(struct rig *rig, id incident, id upload, int64_t block, unsigned n,
                  const char *prefix)
{
    static const struct seal_key key;
    unsigned n_blocks = (n + ROSTER_BLOCK - 1) / ROSTER_BLOCK;
    struct roster_block *blocks = arena_alloc(rig->arena, (n_blocks + 1) * sizeof(*blocks));
    struct roster_key *keys = arena_alloc(rig->arena, (n + 1) * 2 * sizeof(*keys));
    for (unsigned i = 0; i < n_blocks; i++)
        blocks[i] =
            (struct roster_block){.block = block + i,
                                  .n = i + 1 < n_blocks ? ROSTER_BLOCK : n - i * ROSTER_BLOCK,
                                  .body = {"body", 4},
                                  .seeds = {"seeds", 5}};
    for (unsigned i = 0; i < n; i++) {
        char text[64];
        uint32_t number = (uint32_t)(block * ROSTER_BLOCK) + i;
        int length = snprintf(text, sizeof(text), "%s%u", prefix, i);
        keys[2 * i] = (struct roster_key){.kind = 0, .number = number};
        seal_blind(keys[2 * i].blind, &key, "id", text, (size_t)length);
        keys[2 * i + 1] = (struct roster_key){.kind = 2, .number = number};
        seal_blind(keys[2 * i + 1].blind, &key, "email", text, (size_t)length);
    }
    struct store_roster_append append = {.incident = incident,
                                         .upload = upload,
                                         .blocks = blocks,
                                         .n_blocks = n_blocks,
                                         .keys = keys,
                                         .n_keys = 2 * (size_t)n};
    RUN_OK(rig, store_roster_append, &append);
    return append.duplicates;
}
