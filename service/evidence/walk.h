/* walk.h - reading an incident page by page: receipts, proofs, anchors, people, in that order.
 * Private. */
#pragma once
#include "service/evidence/evidence_private.h"

void walk_init(struct evidence_export *evidence);
void walk_free(struct evidence_export *evidence);
void walk_start(struct evidence_export *evidence);
/* evidence.c */
bool walk_goes_on(struct evidence_export *evidence);
void walk_job(struct evidence_export *evidence, void (*work)(struct lane_job *job, unsigned thread),
              void (*next)(struct evidence_export *evidence));
void walk_fail(struct evidence_export *evidence, const char *where, enum result result);
/* anchors.c: after the proofs; before the people. */
void walk_anchors(struct evidence_export *evidence);
/* walk.c */
void walk_new_page(struct evidence_export *evidence);
/* walk_people.c */
void walk_people(struct evidence_export *evidence);
/* walk.c: the next tiles; after the people. */
void walk_proofs_next(struct evidence_export *evidence);
void walk_finish(struct evidence_export *evidence);
