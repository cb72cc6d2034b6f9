/* log_rig.h - the running log over the real store, under a clock that stands still and without
 * threads: every step is one call, and a crash may come after each. */
#pragma once
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/receipts/receipt_log.h"

enum { LEDGER_MAX = 4096 };

/* What the world has seen: a checkpoint of a size, once and for ever. */
struct ledger {
    uint64_t size[LEDGER_MAX];
    struct merkle_hash root[LEDGER_MAX];
    size_t n;
};

struct log_rig {
    char dir[64], path[96];
    struct clock_fake clock;
    struct loop *loop;
    struct store *store;
    struct receipt_log *log, *second;
    struct note_signer signer;
    struct ledger *ledger;
    unsigned receipts; /* stored so far */
};

/* A fresh store with a log that has not started. `ledger` is shared by those that die and those
 * that are born from them. */
struct log_rig *log_rig_create(struct ledger *ledger);
/* On this folder's store, fresh or as it is; the folder stays. */
struct log_rig *log_rig_at(const char *dir, struct ledger *ledger);
void log_rig_destroy(struct log_rig **rig);
/* What starts on the disk as it is at this moment. */
struct log_rig *log_rig_after_crash(const struct log_rig *dead);
struct receipt_log *log_rig_log(struct log_rig *rig, bool alone);

/* One piece of work of whoever has some; false: nobody. */
bool log_rig_step(struct log_rig *rig);
void log_rig_settle(struct log_rig *rig);
void log_rig_pass(struct log_rig *rig, int64_t ms);
/* Stores one batch of n receipts: asked, not yet stored. */
void log_rig_put(struct log_rig *rig, unsigned n);

/* Runs a question to its end. */
enum result log_rig_ask(struct log_rig *rig, void (*verb)(struct receipt_log_question *question),
                        struct receipt_log_question *question);
/* The tree out of the entries alone is the one that was signed; everything stored is in it, once;
 * and no size was ever signed with two roots. */
void log_rig_audit(struct log_rig *rig);
