/* fake_delivery_private.h - what the files of the fake engine share. */
#pragma once
#include "service/delivery/people/preference.h"
#include "tests/support/fake_delivery.h"

enum { INCIDENTS_MAX = 256, PEOPLE = 100, RECEIPTS = 1200 };

struct fake_incident {
    id id, author;
    char *document, *title;
    bool test;
    int64_t version, accepted, duplicates, rejected;
    enum wave_state state, held_from;
    id approvers[8];
    int approvals;
    id asked_by, hold;
    time_ms released_at, created_at;
};

struct delivery {
    struct loop *loop;
    struct store *store;
    struct fake_incident incidents[INCIDENTS_MAX];
    size_t n;
    int banner_state;
    bool banner_dismissed;
    uint64_t notes;
    struct seal_key master;
    struct preference_state preferences[PREFERENCES_N];
};

/* Answers from the loop, never from inside a call. */
void fake_answer(struct delivery *fake, struct delivery_request *request, enum result result);
struct fake_incident *fake_find(struct delivery *fake, id incident);
/* One asks, another agrees. */
enum result fake_resume(struct fake_incident *it, id principal, bool *ret_asked);
