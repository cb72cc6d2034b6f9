/* log_run.c - a small life of the log, for being killed at any of its system calls.
 *
 *   log_run live DIR    stores receipts, gives them places, signs; DIR/seen: each checkpoint that
 * the world has seen; DIR/stored: how many receipts it was told are stored log_run judge DIR starts
 * on what is there, goes on, and says whether anything was lost, changed or signed twice; exit code
 * 0: nothing was
 *
 * Its calls are the same each time: one thread, a clock that stands still. getppid() marks the end
 * of the start. */
/* System. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "tests/scenario/log/log_rig.h"

enum { ROUNDS = 3, LINE_SIZE = 128, ARENA_BYTES = 16 << 20 };

static void say(const struct log_rig *rig, const char *file, const char *line)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", rig->dir, file);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    close(fd);
}

/* Whoever asked just now has it in his hands. */
static void show_checkpoint(struct log_rig *rig)
{
    struct arena *arena = arena_create(ARENA_BYTES);
    struct receipt_log_question newest = {.arena = arena};
    char line[LINE_SIZE], root[64];
    if (log_rig_ask(rig, receipt_log_checkpoint, &newest) == RESULT_OK) {
        base64_encode(root, newest.root.bytes, DIGEST_SIZE);
        snprintf(line, sizeof(line), "%" PRIu64 " %s\n", newest.size, root);
        say(rig, "seen", line);
    }
    arena_destroy(&arena);
}

static void store_some(struct log_rig *rig, unsigned n)
{
    char line[LINE_SIZE];
    log_rig_put(rig, n);
    while (store_pump(rig->store) || loop_turn(rig->loop))
        ; /* stored, and its asker was told */
    snprintf(line, sizeof(line), "%u\n", n);
    say(rig, "stored", line);
}

static int live(struct log_rig *rig)
{
    receipt_log_start(rig->log);
    log_rig_pass(rig, 100);
    (void)getppid();
    for (unsigned round = 0; round < ROUNDS; round++) {
        store_some(rig, 100 + round);
        store_some(rig, 3);
        log_rig_pass(rig, 900);
        show_checkpoint(rig);
    }
    return 0;
}

/* ---- The judge. ---- */
static FILE *open_file(const struct log_rig *rig, const char *file)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", rig->dir, file);
    return fopen(path, "re");
}

static void load_seen(const struct log_rig *rig)
{
    FILE *file = open_file(rig, "seen");
    char line[LINE_SIZE], root[64];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        uint64_t size;
        if (strchr(line, '\n') == NULL || sscanf(line, "%" SCNu64 " %63s", &size, root) != 2)
            break; /* killed while it was written: nobody saw it */
        struct ledger *ledger = rig->ledger;
        ledger->size[ledger->n] = size;
        assert_int_equal(
            base64_decode(ledger->root[ledger->n].bytes, DIGEST_SIZE, root, strlen(root)),
            DIGEST_SIZE);
        ledger->n++;
    }
    if (file != NULL)
        fclose(file);
}

static uint64_t count_stored(const struct log_rig *rig)
{
    FILE *file = open_file(rig, "stored");
    char line[LINE_SIZE];
    uint64_t n = 0, all = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "%" SCNu64, &n) == 1)
            all += n;
    if (file != NULL)
        fclose(file);
    return all;
}

static int judge(struct log_rig *rig)
{
    const char *reasons[4];
    load_seen(rig);
    receipt_log_start(rig->log);
    log_rig_pass(rig, 1000);
    log_rig_put(rig, 5);
    log_rig_pass(rig, 1500);
    const struct receipt_log_stats stats = receipt_log_stats(rig->log);
    const size_t problems = receipt_log_problems(rig->log, reasons, 4);
    if (problems > 0)
        fail_msg("%s", reasons[0]);
    if (stats.size < count_stored(rig) + 5 || stats.signed_size != stats.size)
        fail_msg("stored %" PRIu64 ", in the log %" PRIu64 ", signed %" PRIu64,
                 count_stored(rig) + 5, stats.size, stats.signed_size);
    for (size_t i = 0; i < rig->ledger->n; i++)
        if (rig->ledger->size[i] > stats.signed_size)
            fail_msg("a checkpoint of %" PRIu64 " was seen, and is gone", rig->ledger->size[i]);
    log_rig_audit(rig); /* one tree, and every checkpoint that was seen is one of it */
    return 0;
}

int main(int argc, char **argv)
{
    struct ledger *ledger = mem_new(struct ledger);
    if (argc != 3 || strlen(argv[2]) >= 60)
        return 2;
    seal_init();
    log_set_level(LOG_ERROR);
    struct log_rig *rig = log_rig_at(argv[2], ledger);
    int code = str_equal(argv[1], "live") ? live(rig) : judge(rig);
    (void)fflush(stdout);
    _exit(code);
}
