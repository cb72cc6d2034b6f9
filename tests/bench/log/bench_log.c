/* bench_log.c - how fast the log takes receipts in, and gives proofs out: bench_log FOLDER MILLIONS
 * [KEY]. With KEY (a file of tocsin log keygen) FOLDER/bench_log.db is left for a daemon to serve,
 * and FOLDER/ids names its batches.
 *
 * First all receipts are stored (batches of 1,000, not timed), then the log starts on them: the
 * time until all are under a signed checkpoint. Then proofs by id, one after the other. The real
 * store with its threads, fsync on. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "service/receipts/receipt_log.h"

enum { BATCH = 1000, AT_ONCE = 64, PROOFS = 5000, ARENA = 1 << 20 };

struct put {
    struct store_receipt_append append; /* first */
    struct receipt_batch batch;
};

static struct bench {
    struct loop *loop;
    struct store *store;
    struct receipt_log *log;
    struct put puts[AT_ONCE];
    id *ids;
    unsigned batches, stored, asked;
    struct receipt_log_question question;
    struct loop_timer timer;
    double started, proof_started, times[PROOFS];
    unsigned proofs;
} bench;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* ---- Proofs. ---- */
static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void on_stopped(void *context)
{
    (void)context;
    loop_stop(bench.loop);
}

static void ask_proof(void);

static void on_proof(struct receipt_log_question *question)
{
    require(question->result == RESULT_OK);
    bench.times[bench.proofs++] = now() - bench.proof_started;
    if (bench.proofs < PROOFS) {
        ask_proof();
        return;
    }
    receipt_log_stop(bench.log, on_stopped, NULL);
    qsort(bench.times, PROOFS, sizeof(bench.times[0]), compare);
    printf("log_proof p50=%.3f p99=%.3f max=%.3f unit=ms\n", bench.times[PROOFS / 2] * 1e3,
           bench.times[PROOFS * 99 / 100] * 1e3, bench.times[PROOFS - 1] * 1e3);
}

static void ask_proof(void)
{
    uint32_t dice;
    struct arena *arena = bench.question.arena;
    arena_reset(arena);
    seal_random(&dice, sizeof(dice));
    bench.question = (struct receipt_log_question){.log = bench.log,
                                                   .arena = arena,
                                                   .cb = on_proof,
                                                   .batch = bench.ids[dice % bench.batches],
                                                   .slot = dice / 7 % BATCH};
    bench.proof_started = now();
    receipt_log_proof(&bench.question);
}

/* ---- Integration. ---- */
static void watch(struct loop_timer *timer)
{
    if (receipt_log_stats(bench.log).signed_size < (uint64_t)bench.batches * BATCH) {
        loop_timer_start(timer, 5);
        return;
    }
    double took = now() - bench.started;
    printf("log_integrate receipts=%u seconds=%.2f rate=%.0f unit=receipts/s\n",
           bench.batches * BATCH, took, bench.batches * BATCH / took);
    bench.question.arena = arena_create(ARENA);
    ask_proof();
}

static void integrate(void)
{
    loop_timer_init(bench.loop, &bench.timer, watch);
    bench.started = now();
    receipt_log_start(bench.log);
    loop_timer_start(&bench.timer, 5);
}

/* ---- What there is to integrate. ---- */
static void next_put(struct put *put)
{
    if (bench.asked == bench.batches)
        return;
    put->batch.id = bench.ids[bench.asked++] = id_new();
    store_receipt_append(bench.store, &put->append);
}

static void on_put(struct store_request *request)
{
    struct put *put = container_of(request, struct put, append.request);
    require(request->result == RESULT_OK);
    if (++bench.stored == bench.batches)
        integrate();
    else
        next_put(put);
}

/* Leaves as attempts have them: about 300 bytes. */
static void fill(struct receipt_batch *batch)
{
    struct seal_key seed;
    uint8_t digest[DIGEST_SIZE] = {1};
    seal_key_random(&seed);
    receipt_batch_init(batch, 5, 1, 1);
    for (unsigned i = 0; i < BATCH; i++) {
        const struct receipt receipt = {.kind = RECEIPT_ATTEMPT,
                                        .at = 1700000000000,
                                        .incident = 5,
                                        .wave = 1,
                                        .channel = "email",
                                        .attempt = 1,
                                        .status = "2.0.0",
                                        .code = 250,
                                        .notice_digest = digest,
                                        .seed = &seed,
                                        .recipient_id = "r1",
                                        .number = i,
                                        .address = "somebody@example.com"};
        receipt_batch_add(batch, NULL, &receipt);
    }
    receipt_batch_finish(batch);
}

static void make_signer(struct note_signer *signer, const char *file)
{
    char line[512] = "";
    struct sign_key key;
    FILE *from = file == NULL ? NULL : fopen(file, "re");
    if (file == NULL) {
        sign_key_random(&key);
        note_signer_init(signer, "bench.example.org/log", NOTE_ED25519, &key);
        return;
    }
    require(from != NULL && fgets(line, sizeof(line), from) != NULL);
    line[strcspn(line, "\n")] = 0;
    require(note_signer_parse(signer, line));
    fclose(from);
}

static void write_ids(const char *folder)
{
    char path[512], text[ID_TEXT_SIZE];
    snprintf(path, sizeof(path), "%s/ids", folder);
    FILE *to = fopen(path, "we");
    require(to != NULL);
    for (unsigned i = 0; i < bench.batches; i++)
        fprintf(to, "%s\n", id_format(text, "rct", bench.ids[i]));
    require(fclose(to) == 0);
}

int main(int argc, char **argv)
{
    char path[512];
    struct note_signer signer;
    struct error error;
    if ((argc != 3 && argc != 4) || strtod(argv[2], NULL) <= 0) {
        fprintf(stderr, "usage: bench_log FOLDER MILLIONS [KEY]\n");
        return 64;
    }
    seal_init();
    log_set_level(LOG_WARN);
    snprintf(path, sizeof(path), "%s/bench_log.db", argv[1]);
    bench.batches = (unsigned)(strtod(argv[2], NULL) * 1e6 / BATCH);
    bench.ids = mem_alloc(bench.batches, sizeof(id));
    bench.loop = loop_create(clock_system());
    if (store_open(bench.loop, &(struct store_config){.path = path, .threads = true}, &bench.store,
                   &error) != RESULT_OK)
        panic("%s", error.text);
    make_signer(&signer, argc == 4 ? argv[3] : NULL);
    const struct receipt_log_config config = {.loop = bench.loop,
                                              .store = bench.store,
                                              .signers = &signer,
                                              .n_signers = 1,
                                              .threads = true,
                                              .alone = true};
    require(receipt_log_create(&config, &bench.log, NULL) == RESULT_OK);
    for (unsigned i = 0; i < AT_ONCE; i++) {
        fill(&bench.puts[i].batch);
        bench.puts[i].append = (struct store_receipt_append){.request = {.cb = on_put},
                                                             .receipts = &bench.puts[i].batch};
        next_put(&bench.puts[i]);
    }
    loop_run(bench.loop);
    if (argc == 4) {
        write_ids(argv[1]);
        receipt_log_destroy(&bench.log);
        store_close(&bench.store);
    }
    return 0; /* the process's end frees the rest; the folder is the caller's */
}
