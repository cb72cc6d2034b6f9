/* brake.h - how many messages may go now, when next, or why not at all: facts, the book and the
 * time in, a verdict out. Pure.
 *
 * Each bound is a *cap* on a scope of the book: in any sixty minutes, in a day of UTC, in an hour
 * of the ramp, or ever. What goes is drawn from all its caps in the transaction of its intent, so
 * that the store holds them, not this process. */
#pragma once
#include "service/delivery/brake/book.h"
#include "service/delivery/brake/brakes.h"
#include "service/delivery/brake/hours.h"
#include "tocsin/store_brake.h"

/* Where a message goes, and what bounds it. Strings are borrowed. */
struct brake_facts {
    const struct brakes *brakes;
    int64_t wave;
    enum brake_stage stage;
    time_ms since;                           /* when the stage began */
    int64_t people;                          /* of the wave: fewer than the canary need none */
    const char *channel, *provider, *domain; /* domain: "-" is none, "other" many */
    bool ladder;           /* the first rung; else a later one, or beside the ladder */
    int64_t quota;         /* of the provider, a day of UTC; 0: none */
    int64_t provider_hour; /* configured for the provider; 0: none */
    int64_t balance;       /* messages that the provider's balance still pays; -1: not known */
    int64_t cost;          /* of one unit */
    int64_t centre_hour;   /* people an hour that the call centre can take; 0: none */
    const struct hours *centre;
    const char *centre_zone;
    const struct hours *quiet; /* open for what rings and buzzes; NULL: this channel may always */
    const char *const *zones;  /* of the recipients */
    size_t n_zones;
};

enum brake_span { SPAN_HOUR, SPAN_DAY, SPAN_STEP, SPAN_EVER };
enum { BRAKE_CAPS_MAX = 8 };
struct brake_cap {
    char scope[BOOK_SCOPE_SIZE];
    enum brake_span span;
    const char *reason;
    int64_t limit, bucket, first;
    bool people;  /* only first attempts draw */
    bool costs;   /* draws money, not messages */
    time_ms next; /* of a STEP: when the next one begins */
};
struct brake_caps {
    struct brake_cap list[BRAKE_CAPS_MAX];
    unsigned n;
};

struct brake_verdict {
    int64_t room;       /* how many may go now */
    time_ms next;       /* room 0: when to look again; TIME_NONE: a person must act */
    const char *reason; /* a fixed word: what is in the way; NULL */
    bool stop;          /* what was allowed is used up: the wave stops and says so */
};

/* "seeds", "canary", "waiting", "open". */
const char *brake_stage_name(enum brake_stage stage);
/* Where the wave is, effectively: stages without work are passed. */
enum brake_stage brake_stage_now(const struct brake_facts *facts);
void brake_caps_make(struct brake_caps *ret_caps, const struct brake_facts *facts, time_ms now);
void brake_judge(struct brake_verdict *ret, const struct brake_facts *facts,
                 const struct book *book, time_ms now);

/* ---- What stops by itself. ---- */
struct brake_tally { /* of one provider, or one receiving domain of it, in one wave */
    int64_t sent, bounced, complained, blocked;
};
/* A fixed word, or NULL. */
const char *brake_stop_reason(const struct brakes *brakes, const struct brake_tally *tally);

/* Did reports stop? `usual`: what this provider did in the last weeks. */
struct brake_reports {
    int64_t sent, reported, usual_sent, usual_reported, sample;
};
bool brake_silent(const struct brake_reports *reports);

/* ---- When it will be done. ---- */
struct brake_course {
    const struct brake_facts *facts; /* of the wave's first rung */
    const struct book *book;
    int64_t remaining;
    double rate; /* messages a second when nothing brakes; 0: not known */
};
/* TIME_NONE: a person must act first, or nothing is known. Walks hour by hour, at most a year. */
time_ms brake_eta(const struct brake_course *course, time_ms now);
