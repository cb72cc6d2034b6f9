/* waves_play.h - asks the engine for waves, changes and holds, and counts what left. */
#pragma once
#include "service/delivery/hold/hold.h"
#include "service/delivery/wave/wave.h"
#include "tests/support/engine_rig.h"

enum { PLAY_AUTHOR = 1, PLAY_APPROVER = 2 };

/* n people "<prefix>0@a.example" ..., NDJSON; mem_free by the caller. Every fifth is in US-TX, the
 * others in US-CA; each has an address too. */
char *play_people(const char *prefix, unsigned n);
/* Facts of the incident become RIGHTFACT; the result of the patch. */
enum result play_patch(struct rig *rig, id incident, const char *patch);
enum result play_right(struct rig *rig, id incident);
/* Opens a wave; its ordinal, 0 when it was refused. */
int play_wave(struct rig *rig, id incident, enum wave_kind kind, const char *spec);
enum result play_act(struct rig *rig, id incident, int ordinal, enum delivery_verb verb,
                     id principal);
/* Resumes a wave with a notice version (0: as it is): one asks, another agrees. */
enum result play_resume(struct rig *rig, id incident, int ordinal, int64_t notice);
/* Approved and released. */
enum result play_go(struct rig *rig, id incident, int ordinal);
/* Holds; the hold's id, 0 when it was refused. */
id play_hold(struct rig *rig, id incident, struct hold_scope scope, enum hold_kind kind);
enum result play_lift(struct rig *rig, id incident, id hold, id principal, bool *ret_done);
enum result play_fact(struct rig *rig, id incident, const char *jurisdiction);
enum wave_state play_state(struct rig *rig, id incident, int ordinal);
int64_t play_planned(struct rig *rig, id incident, int ordinal);
struct incident_row play_incident(struct rig *rig, id incident);

struct play_got {
    unsigned wrong, right, mistake, all; /* messages that left to this address */
};
struct play_got play_got(const struct rig *rig, const char *to);
