/* log_rig.c - see log_rig.h. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "tests/scenario/log/log_rig.h"

enum { START = 1000000, ARENA = 64 << 20, PUTS_MAX = 4096 };

struct put {
    struct store_receipt_append append; /* first */
    struct receipt_batch batch;
};

static void begin(struct log_rig *rig)
{
    const struct store_config config = {.path = rig->path};
    struct error error;
    clock_fake_init(&rig->clock, START);
    rig->loop = loop_create(&rig->clock.clock);
    if (store_open(rig->loop, &config, &rig->store, &error) != RESULT_OK)
        fail_msg("%s", error.text);
    rig->log = log_rig_log(rig, true);
}

struct receipt_log *log_rig_log(struct log_rig *rig, bool alone)
{
    struct receipt_log *log = NULL;
    const struct receipt_log_config config = {.loop = rig->loop,
                                              .store = rig->store,
                                              .signers = &rig->signer,
                                              .n_signers = 1,
                                              .alone = alone};
    assert_int_equal(receipt_log_create(&config, &log, NULL), RESULT_OK);
    return log;
}

static struct log_rig *make_at(const char *dir, struct ledger *ledger)
{
    struct log_rig *rig = mem_new(struct log_rig);
    uint8_t seed[SIGN_SEED_SIZE] = {7};
    struct sign_key key;
    sign_key_of_seed(&key, seed);
    note_signer_init(&rig->signer, "log.example.org/log", NOTE_ED25519, &key);
    snprintf(rig->dir, sizeof(rig->dir), "%s", dir);
    snprintf(rig->path, sizeof(rig->path), "%s/store.db", rig->dir);
    rig->ledger = ledger;
    return rig;
}

static struct log_rig *make(struct ledger *ledger)
{
    char dir[] = "/tmp/tocsin-log-XXXXXX";
    assert_non_null(mkdtemp(dir));
    return make_at(dir, ledger);
}

struct log_rig *log_rig_at(const char *dir, struct ledger *ledger)
{
    struct log_rig *rig = make_at(dir, ledger);
    begin(rig);
    return rig;
}

struct log_rig *log_rig_create(struct ledger *ledger)
{
    struct log_rig *rig = make(ledger);
    begin(rig);
    return rig;
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n;
    assert_non_null(out);
    while (in != NULL && (n = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    if (in != NULL)
        fclose(in);
    fclose(out);
}

struct log_rig *log_rig_after_crash(const struct log_rig *dead)
{
    struct log_rig *rig = make(dead->ledger);
    char from[128], to[128];
    copy_file(dead->path, rig->path);
    snprintf(from, sizeof(from), "%s-wal", dead->path);
    snprintf(to, sizeof(to), "%s-wal", rig->path);
    copy_file(from, to);
    begin(rig);
    return rig;
}

void log_rig_destroy(struct log_rig **rig_at)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    struct log_rig *rig = *rig_at;
    char path[128];
    struct receipt_log *logs[] = {rig->log, rig->second};
    for (int i = 0; i < 2; i++)
        if (logs[i] != NULL)
            receipt_log_stop(logs[i], NULL, NULL);
    log_rig_settle(rig);
    receipt_log_destroy(&rig->second);
    receipt_log_destroy(&rig->log);
    store_close(&rig->store);
    loop_destroy(&rig->loop);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", rig->path, suffixes[i]);
        unlink(path);
    }
    rmdir(rig->dir);
    mem_free(rig);
    *rig_at = NULL;
}

bool log_rig_step(struct log_rig *rig)
{
    return loop_turn(rig->loop) || store_pump(rig->store) || receipt_log_pump(rig->log) ||
           (rig->second != NULL && receipt_log_pump(rig->second));
}

void log_rig_settle(struct log_rig *rig)
{
    while (log_rig_step(rig))
        ;
}

void log_rig_pass(struct log_rig *rig, int64_t ms)
{
    for (; ms > 0; ms -= 50) {
        log_rig_settle(rig);
        clock_fake_advance(&rig->clock, 50);
    }
    log_rig_settle(rig);
}

static void on_put(struct store_request *request)
{
    struct put *put = (struct put *)(void *)request;
    receipt_batch_free(&put->batch);
    mem_free(put);
}

void log_rig_put(struct log_rig *rig, unsigned n)
{
    struct put *put = mem_new(struct put);
    receipt_batch_init(&put->batch, 5, 0, 0);
    for (unsigned i = 0; i < n; i++) {
        const struct receipt receipt = {.kind = RECEIPT_ATTEMPT,
                                        .at = 1000,
                                        .incident = 5,
                                        .attempt = 1,
                                        .code = (int)rig->receipts++};
        receipt_batch_add(&put->batch, NULL, &receipt);
    }
    receipt_batch_finish(&put->batch);
    put->append = (struct store_receipt_append){.request = {.cb = on_put}, .receipts = &put->batch};
    store_receipt_append(rig->store, &put->append);
}

static struct receipt_log_question *answered;
static void on_answer(struct receipt_log_question *question)
{
    answered = question;
}

enum result log_rig_ask(struct log_rig *rig, void (*verb)(struct receipt_log_question *question),
                        struct receipt_log_question *question)
{
    answered = NULL;
    question->log = rig->log;
    question->cb = on_answer;
    verb(question);
    assert_null(answered);
    while (answered == NULL && store_pump(rig->store))
        ;
    assert_ptr_equal(answered, question);
    return question->result;
}

/* ---- The audit. ---- */
static void enter(struct ledger *ledger, uint64_t size, const struct merkle_hash *root)
{
    for (size_t i = 0; i < ledger->n; i++)
        if (ledger->size[i] == size)
            assert_memory_equal(ledger->root[i].bytes, root->bytes, DIGEST_SIZE);
    assert_true(ledger->n < LEDGER_MAX);
    ledger->size[ledger->n] = size;
    ledger->root[ledger->n++] = *root;
}

static void ignore(void *context, const struct tile *tile)
{
    (void)context;
    (void)tile;
}

static void hash_bundle(struct tile_edge *edge, struct slice bytes)
{
    struct bytes_reader reader;
    struct merkle_hash leaf;
    reader_init(&reader, bytes.data, bytes.length);
    while (reader.at < reader.end) {
        size_t n = read_u16(&reader);
        const uint8_t *entry = read_bytes(&reader, n);
        assert_non_null(entry);
        merkle_leaf(&leaf, entry, n);
        tile_edge_add(edge, &leaf, ignore, NULL);
    }
}

/* Every checkpoint that the ledger knows is one of this tree. */
static void check_history(struct log_rig *rig, struct arena *arena, uint64_t size)
{
    struct merkle_hash root = {{0}};
    for (size_t i = 0; i < rig->ledger->n; i++)
        if (rig->ledger->size[i] == size)
            root = rig->ledger->root[i];
    for (size_t i = 0; i < rig->ledger->n; i++) {
        if (rig->ledger->size[i] > size)
            continue;
        struct receipt_log_question growth = {
            .arena = arena, .from = rig->ledger->size[i], .to = size};
        const struct merkle_growth claim = {rig->ledger->size[i], size, rig->ledger->root[i], root};
        assert_int_equal(log_rig_ask(rig, receipt_log_consistency, &growth), RESULT_OK);
        assert_true(merkle_check_consistency(&claim, &growth.path));
    }
}

void log_rig_audit(struct log_rig *rig)
{
    struct arena *arena = arena_create(ARENA);
    struct receipt_log_question newest = {.arena = arena};
    struct tile_edge *edge = mem_new(struct tile_edge);
    struct merkle_hash root;
    struct checkpoint checkpoint;
    struct error error;
    struct store_log_pending pending = {.request = {.arena = arena}, .limit = 1};
    enum result result = log_rig_ask(rig, receipt_log_checkpoint, &newest);
    if (result == RESULT_OK) {
        assert_true(checkpoint_open(newest.bytes, &rig->signer.verifier, &checkpoint, &error));
        enter(rig->ledger, checkpoint.size, &checkpoint.root);
        for (uint64_t i = 0; i * TILE_HASHES < checkpoint.size; i++) {
            struct receipt_log_question bundle = {
                .arena = arena, .index = i, .width = tile_width(0, i, checkpoint.size)};
            assert_int_equal(log_rig_ask(rig, receipt_log_entries, &bundle), RESULT_OK);
            hash_bundle(edge, bundle.bytes);
        }
        assert_int_equal(edge->size, checkpoint.size);
        tile_edge_root(edge, &root);
        assert_memory_equal(root.bytes, checkpoint.root.bytes, DIGEST_SIZE);
        check_history(rig, arena, checkpoint.size);
    } else {
        assert_int_equal(result, RESULT_NOT_FOUND);
    }
    store_log_pending(rig->store, &pending);
    log_rig_settle(rig);
    if (receipt_log_stats(rig->log).leading && receipt_log_stats(rig->log).size == newest.size)
        assert_true(pending.n == 0 || pending.request.result != RESULT_OK);
    mem_free(edge);
    arena_destroy(&arena);
}
