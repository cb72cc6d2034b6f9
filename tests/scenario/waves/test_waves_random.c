/* Holds, changes, corrections and kill -9 at moments that dice choose. At the end the books
 * balance: nobody keeps a wrong text, nobody is told of a mistake that cannot have reached him,
 * nobody is forgotten, nothing wrong leaves once it is withdrawn. TOCSIN_SEED=n runs that seed
 * alone. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "tests/scenario/waves/waves_play.h"

enum { PEOPLE = 120, SEEDS = 40, HOLDS = 8 };
#define CORRECTION                                                                                 \
    "{\"audience\":{\"told_with_notice\":[1]},\"facts\":{\"what_was_wrong\":\"MISTAKEFACT "        \
    "it was.\"}}"

struct night {
    struct rig *rig;
    struct rig_dice dice;
    uint64_t seed;
    id incident, holds[HOLDS];
    unsigned n_holds, crashes, withdrawn_at; /* messages that had left at the withdrawal */
    bool corrected, resumed;
};

#define CHECK(night, condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: %s (crashes %u)", (unsigned long long)(night)->seed, #condition,  \
                     (night)->crashes);                                                            \
    } while (0)

static void crash(struct night *it)
{
    struct rig *dead = it->rig;
    it->rig = rig_after_crash(dead);
    rig_destroy(&dead);
    it->crashes++;
}

static void place(struct night *it)
{
    static char who[16];
    snprintf(who, sizeof(who), "p%u", rig_roll(&it->dice, PEOPLE));
    const struct hold_scope scopes[] = {{.jurisdiction = "US-TX"},
                                        {.channel = "email"},
                                        {.recipient_id = who},
                                        {.jurisdiction = "US-CA", .channel = "email"},
                                        {.ordinal = 0}};
    if (it->n_holds == HOLDS)
        return;
    id hold = play_hold(it->rig, it->incident, scopes[rig_roll(&it->dice, 5)], HOLD_PERSON);
    if (hold != 0)
        it->holds[it->n_holds++] = hold;
}

static void lift(struct night *it)
{
    bool done;
    if (it->n_holds == 0)
        return;
    id hold = it->holds[--it->n_holds];
    CHECK(it, play_lift(it->rig, it->incident, hold, PLAY_AUTHOR, &done) == RESULT_OK && !done);
    CHECK(it, play_lift(it->rig, it->incident, hold, PLAY_APPROVER, &done) == RESULT_OK && done);
}

/* The error is found: the wave is held, the facts are changed, the correction goes. */
static void correct(struct night *it)
{
    if (it->corrected)
        return;
    while (it->n_holds > 0) /* a wave is not released under a hold of the whole */
        lift(it);
    bool ended = play_state(it->rig, it->incident, 1) == WAVE_SETTLED;
    if (!ended)
        CHECK(it, play_hold(it->rig, it->incident, (struct hold_scope){.ordinal = 1},
                            HOLD_PERSON) != 0);
    CHECK(it, play_right(it->rig, it->incident) == RESULT_OK);
    CHECK(it, play_wave(it->rig, it->incident, WAVE_CORRECTION, CORRECTION) == 2);
    CHECK(it, play_go(it->rig, it->incident, 2) == RESULT_OK);
    it->corrected = true;
    it->resumed = ended;
    rig_steps(it->rig, 200); /* what was in flight at the hold is answered */
    it->withdrawn_at = it->rig->n_sent;
}

static void resume(struct night *it)
{
    if (!it->corrected || it->resumed || it->n_holds > 0)
        return;
    CHECK(it, play_act(it->rig, it->incident, 1, VERB_APPROVE, PLAY_APPROVER) == RESULT_OK);
    enum result result = play_resume(it->rig, it->incident, 1, 2);
    for (unsigned i = 0; i < 50 && result == RESULT_CONFLICT; i++) { /* answers still come */
        rig_pass(it->rig, 2000);
        result = play_resume(it->rig, it->incident, 1, 2);
    }
    CHECK(it, result == RESULT_OK);
    it->resumed = true;
}

static void step(struct night *it)
{
    uint32_t n = rig_roll(&it->dice, 100);
    if (n < 60)
        rig_steps(it->rig, 1 + rig_roll(&it->dice, 6));
    else if (n < 70)
        rig_pass(it->rig, rig_roll(&it->dice, 90000));
    else if (n < 78)
        place(it);
    else if (n < 86)
        lift(it);
    else if (n < 92)
        correct(it);
    else if (n < 96)
        resume(it);
    else
        crash(it);
}

static void check(struct night *it)
{
    unsigned doubt = 0;
    for (unsigned i = 0; i < PEOPLE; i++) {
        char to[64];
        snprintf(to, sizeof(to), "p%u@a.example", i);
        struct play_got got = play_got(it->rig, to);
        CHECK(it, got.right > 0);
        CHECK(it, got.wrong == 0 || got.mistake > 0);
        doubt += got.mistake > 0 && got.wrong == 0;
    }
    CHECK(it, it->crashes > 0 || doubt == 0);
    for (unsigned i = it->withdrawn_at; i < it->rig->n_sent; i++)
        CHECK(it, !it->rig->sent[i].wrong);
}

static void run_seed(uint64_t seed)
{
    struct night it = {.seed = seed, .dice = {.state = seed * 104729}};
    char *people = play_people("p", PEOPLE);
    it.rig = rig_create();
    it.rig->what_happened = "WRONGFACT it was.";
    it.incident = rig_draft(it.rig, people);
    mem_free(people);
    CHECK(&it, play_go(it.rig, it.incident, 1) == RESULT_OK);
    for (unsigned i = 0; i < 60; i++)
        step(&it);
    correct(&it);
    while (it.n_holds > 0)
        lift(&it);
    resume(&it);
    rig_pass(it.rig, 40 * DAY);
    check(&it);
    CHECK(&it, play_state(it.rig, it.incident, 1) == WAVE_SETTLED);
    CHECK(&it, play_state(it.rig, it.incident, 2) == WAVE_SETTLED);
    rig_destroy(&it.rig);
}

/* If this fails, some order of holds, changes and crashes leaves somebody wrongly told. */
static void the_books_balance(void **state)
{
    const char *one = getenv("TOCSIN_SEED");
    (void)state;
    if (one != NULL) {
        run_seed(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_books_balance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
