/* test_night.c - the whole night, act by act; then again with other numbers and crashes between. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "tests/scenario/night/night.h"

enum { SEEDS = 2 };

/* Brakes as they are configured, but for the size of the night. */
static void set_brakes(struct night *it)
{
    struct brakes *brakes = &it->brakes.braking.defaults;
    brakes_default(brakes);
    brakes->seeds = false;
    brakes->canary = 20;
    brakes->n_ramp = 2;
    brakes->ramp[0] = 60;
    brakes->ramp[1] = 120;
    brakes->sample = 40;
    brakes->bounces = 150; /* of forty, one or two that have moved are no wrong roster */
    it->brakes.sms_rings = true;
    require(hours_parse("08:00-21:00", &it->brakes.braking.quiet));
}

static void play(uint64_t seed)
{
    struct night *it = mem_new(struct night);
    it->seed = seed;
    it->dice.state = seed * 104729;
    it->n_first = seed == 0 ? 480 : 320 + rig_roll(&it->dice, 300);
    it->error_at = seed == 0 ? it->n_first / 4 : 25 + rig_roll(&it->dice, it->n_first / 4);
    set_brakes(it);
    it->rig = rig_create_braked(&it->brakes);
    for (unsigned i = 0; i < night_n_acts; i++) {
        if (seed == 0)
            print_message("  %s\n", night_acts[i].name);
        night_acts[i].play(it);
        if (seed != 0 && rig_roll(&it->dice, 3) == 0)
            night_crash(it);
    }
    rig_destroy(&it->rig);
    mem_free(it);
}

/* If this fails, somebody falls out of a night, keeps a wrong text, or is told too early. */
static void the_night(void **state)
{
    (void)state;
    play(0);
}

/* If this fails, there is a night of another size, or with a crash in it, that does not add up. */
static void other_nights(void **state)
{
    const char *one = getenv("TOCSIN_SEED");
    (void)state;
    if (one != NULL) {
        play(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_night), cmocka_unit_test(other_nights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
