/* night.h - one incident through a whole night: what the acts share, and what the books know. */
#pragma once
#include "tests/scenario/waves/waves_play.h"

#define MINUTE INT64_C(60000)

enum { NIGHT_PEOPLE_MAX = 1000, REGULATORS = 2 };

/* The places of the night: the first two wait for their regulator. */
extern const char *const night_places[5];

struct night_person {
    char id[16], email[48], phone[24], street[48]; /* "" = none */
    unsigned place;                                /* of night_places */
    bool says_nothing;                             /* their telephone company never reports */
};

struct night {
    struct rig *rig;
    struct rig_brakes brakes;
    struct rig_dice dice;
    uint64_t seed; /* 0: the night as it is told */
    id incident;
    struct night_person people[NIGHT_PEOPLE_MAX];
    unsigned n_first, n_people; /* those of the first upload; all */
    unsigned error_at;          /* so many messages had left when the error was found */
    unsigned withdrawn_at;      /* messages that carry the wrong text: those before */
    unsigned reported;          /* messages looked at by report() */
    bool callbacks;             /* do reports come? */
    time_ms told_at[REGULATORS];
    int64_t rows, accepted, duplicates, rejected, decided; /* of all uploads */
};

/* Fails the test with the seed. */
#define CHECK(night, condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: %s (%s:%d)", (unsigned long long)(night)->seed, #condition,       \
                     __FILE__, __LINE__);                                                          \
    } while (0)

struct night_act {
    const char *name;
    void (*play)(struct night *it);
};
/* In the order in which they are played. */
extern const struct night_act night_acts[];
extern const unsigned night_n_acts;

/* ---- acts.c ---- */
/* Time passes; the telephone companies report as long as the callbacks come. */
void night_pass(struct night *it, int64_t ms);
/* kill -9 at a quiet moment, and a start. */
void night_crash(struct night *it);

/* ---- books.c ---- */
/* How many receipts of this kind give this reason; NULL: any. */
unsigned night_receipts(struct night *it, const char *kind, const char *reason);
/* Every row has one fate, nobody keeps the wrong text, nobody was told twice, nobody before his
 * regulator. */
void night_reconcile(struct night *it);
