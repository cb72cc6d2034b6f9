/* bench_store.c - how fast the store and the receipts are, on the disk of the folder given:
 *   bench_store <folder> [people]
 * 1. receipts encoded on one thread; 2. a roster appended; 3. outcomes recorded with their
 * receipts, 50 a request, 32 chunks under way. Not a test. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"

/* Interfaces. */
#include "tocsin/store.h"

enum { OUTCOMES = 50, CHUNKS = 32, APPEND_BLOCKS = 32, UNDER_WAY = 4 };

static struct loop *loop;
static struct store *store;
static struct arena *arena;
static size_t waiting;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void on_done(struct store_request *request)
{
    if (request->result != RESULT_OK)
        panic("%s: %s", result_name(request->result), request->error.text);
    waiting--;
}

static void turn(void)
{
    const struct timespec nap = {.tv_nsec = 20000};
    if (!loop_turn(loop))
        nanosleep(&nap, NULL);
}

#define ASK(verb, req)                                                                             \
    ((req)->request.cb = on_done, (req)->request.arena = arena, waiting++, verb(store, req))
#define WAIT(verb, req)                                                                            \
    do {                                                                                           \
        ASK(verb, req);                                                                            \
        while (waiting > 0)                                                                        \
            turn();                                                                                \
    } while (0)

static struct receipt attempt(const struct seal_key *seed, const uint8_t *digest)
{
    return (struct receipt){.kind = RECEIPT_ATTEMPT,
                            .at = 1795451400123,
                            .incident = 77,
                            .wave = 3,
                            .channel = "email",
                            .attempt = 1,
                            .outcome = OUTCOME_ACCEPTED,
                            .evidence = EVIDENCE_ACCEPTED,
                            .status = "2.0.0",
                            .code = 250,
                            .notice_digest = digest,
                            .seed = seed,
                            .recipient_id = "customer-000123",
                            .number = 9,
                            .address = "joe.bloggs@mail.example.com",
                            .provider = "relay1",
                            .provider_ref = "4F2A99B1C",
                            .diagnostic = "250 2.0.0 Ok: queued as 4F2A99B1C"};
}

static void fill(struct receipt_batch *batch, id incident, int64_t wave, int64_t chunk)
{
    struct seal_key seed = {.bytes = {1}};
    uint8_t digest[DIGEST_SIZE];
    receipt_batch_init(batch, incident, wave, chunk);
    for (unsigned i = 0; i < OUTCOMES; i++) {
        seed.bytes[1]++;
        seal_random(digest, sizeof(digest));
        const struct receipt receipt = attempt(&seed, digest);
        receipt_batch_add(batch, NULL, &receipt);
    }
    receipt_batch_finish(batch);
}

static void bench_receipts(void)
{
    enum { ROUNDS = 4000 };
    size_t bytes = 0;
    double start = now();
    for (int i = 0; i < ROUNDS; i++) {
        struct receipt_batch batch;
        fill(&batch, 77, 3, 1);
        bytes += batch.leaves.length + batch.details.length;
        receipt_batch_free(&batch);
    }
    double seconds = now() - start;
    printf("receipts encoded   %9.0f /s on one core, %zu bytes each\n", ROUNDS * OUTCOMES / seconds,
           bytes / ROUNDS / OUTCOMES);
}

/* ---- The roster. ---- */
struct append {
    struct store_roster_append req;
    struct roster_block blocks[APPEND_BLOCKS];
    struct roster_key keys[APPEND_BLOCKS * ROSTER_BLOCK * 3];
};

static void prepare(struct append *append, id incident, id upload, int64_t block)
{
    static char body[ROSTER_BLOCK * 130], seeds[ROSTER_BLOCK * 32 + SEAL_OVERHEAD];
    size_t n = 0;
    for (unsigned b = 0; b < APPEND_BLOCKS; b++) {
        append->blocks[b] = (struct roster_block){.block = block + b,
                                                  .n = ROSTER_BLOCK,
                                                  .body = {body, sizeof(body)},
                                                  .seeds = {seeds, sizeof(seeds)}};
        for (unsigned i = 0; i < ROSTER_BLOCK; i++)
            for (uint8_t kind = 0; kind < 3; kind++) {
                struct roster_key *key = &append->keys[n++];
                key->kind = kind;
                key->number = (uint32_t)(block + b) * ROSTER_BLOCK + i;
                seal_random(key->blind, BLIND_SIZE);
            }
    }
    append->req = (struct store_roster_append){.incident = incident,
                                               .upload = upload,
                                               .blocks = append->blocks,
                                               .n_blocks = APPEND_BLOCKS,
                                               .keys = append->keys,
                                               .n_keys = n};
}

static id put_incident(int64_t *ret_wave)
{
    struct store_incident_put put = {
        .incident = {
            .id = id_new(), .created_at = 1, .author = 1, .key = {"k", 1}, .document = {"d", 1}}};
    WAIT(store_incident_put, &put);
    *ret_wave = put.wave;
    return put.incident.id;
}

static void bench_roster(size_t people)
{
    static struct append appends[UNDER_WAY];
    int64_t wave, block = 0;
    id incident = put_incident(&wave);
    struct store_upload upload = {.incident = incident};
    WAIT(store_upload_open, &upload);
    double start = now(), making = 0;
    while ((size_t)block * ROSTER_BLOCK < people) {
        for (int i = 0; i < UNDER_WAY; i++, block += APPEND_BLOCKS) {
            double at = now();
            prepare(&appends[i], incident, upload.upload, block);
            making += now() - at;
            ASK(store_roster_append, &appends[i].req);
        }
        while (waiting > 0)
            turn();
    }
    upload.commit = true;
    upload.accepted = block * ROSTER_BLOCK;
    WAIT(store_upload_close, &upload);
    double seconds = now() - start;
    printf("roster_append      %9.0f people/s (3 keys each, %lld people, %.1f s; making them took "
           "%.1f s)\n",
           (double)upload.accepted / seconds, (long long)upload.accepted, seconds, making);
}

/* ---- Outcomes. ---- */
struct step {
    struct store_chunk_record record; /* first */
    struct receipt_batch batch;
    struct member_change changes[OUTCOMES];
    unsigned at;
    int64_t chunk, gen;
    id incident;
    int64_t wave;
};
static size_t recorded;
static double deadline;

static void next_step(struct step *step);

static void on_step(struct store_request *request)
{
    struct step *step = (struct step *)(void *)request;
    on_done(request);
    recorded += OUTCOMES;
    if (now() < deadline)
        next_step(step);
}

static void next_step(struct step *step)
{
    for (unsigned i = 0; i < OUTCOMES; i++)
        step->changes[i] =
            (struct member_change){(uint16_t)((step->at + i) % CHUNK_MEMBERS), MEMBER_ACCEPTED};
    step->at += OUTCOMES;
    step->batch.id = id_new(); /* the bytes are those of the first time */
    step->record = (struct store_chunk_record){.request = {.cb = on_step},
                                               .chunk = step->chunk,
                                               .gen = step->gen,
                                               .changes = step->changes,
                                               .n_changes = OUTCOMES,
                                               .state = -1,
                                               .lease_until = INT64_MAX / 2,
                                               .receipts = &step->batch};
    waiting++;
    store_chunk_record(store, &step->record);
}

static void plan(id incident, int64_t wave)
{
    static uint32_t members[CHUNK_MEMBERS];
    struct chunk_row rows[CHUNKS];
    struct store_approval approval = {
        .incident = incident, .wave = wave, .principal = 2, .version = 1, .required = 1};
    struct store_wave_move move = {.wave = wave, .from = WAVE_APPROVED, .to = WAVE_PLANNING};
    WAIT(store_approval_put, &approval);
    WAIT(store_wave_move, &move);
    for (uint32_t i = 0; i < CHUNK_MEMBERS; i++)
        members[i] = i * 3;
    for (unsigned i = 0; i < CHUNKS; i++)
        rows[i] = (struct chunk_row){
            .incident = incident, .n = CHUNK_MEMBERS, .members = members, .cohort = "US-CA|en"};
    struct store_plan_append append = {
        .wave = wave, .cursor = 1, .chunks = rows, .n_chunks = CHUNKS, .done = true};
    WAIT(store_plan_append, &append);
}

static void bench_outcomes(double seconds)
{
    static struct step steps[CHUNKS];
    int64_t wave;
    id incident = put_incident(&wave);
    plan(incident, wave);
    struct store_chunk_claim claim = {
        .owner = 1, .lease_ms = 1000000, .wave = wave, .channels = 1, .limit = CHUNKS};
    WAIT(store_chunk_claim, &claim);
    double start = now();
    deadline = start + seconds;
    for (unsigned i = 0; i < claim.n; i++) {
        steps[i].chunk = claim.chunks[i].id;
        steps[i].gen = claim.chunks[i].gen;
        fill(&steps[i].batch, incident, wave, steps[i].chunk);
        next_step(&steps[i]);
    }
    while (waiting > 0)
        turn();
    printf("chunk_record       %9.0f outcomes/s with receipts (%d a request, %zu chunks)\n",
           (double)recorded / (now() - start), OUTCOMES, claim.n);
    for (unsigned i = 0; i < CHUNKS; i++)
        receipt_batch_free(&steps[i].batch);
}

int main(int argc, char **argv)
{
    char path[1024];
    struct error error;
    if (argc < 2 || snprintf(path, sizeof(path), "%s/bench.db", argv[1]) >= (int)sizeof(path))
        return 2;
    size_t people = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    seal_init();
    bench_receipts();
    loop = loop_create(clock_system());
    arena = arena_create((size_t)64 << 20);
    const struct store_config config = {.path = path, .threads = true};
    if (store_open(loop, &config, &store, &error) != RESULT_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    bench_outcomes(4);
    bench_roster(people);
    store_close(&store);
    arena_destroy(&arena);
    loop_destroy(&loop);
    printf("peak memory        %9ld KiB\n", peak_kib());
    return 0;
}
