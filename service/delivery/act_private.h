/* act_private.h - one decision of a person on its way: dossier -> verb -> store. For act.c and
 * approve.c only. Each ends with one act_finish() or act_refuse(). */
#pragma once
#include "service/delivery/delivery_private.h"
#include "service/delivery/duty/duty.h"

enum { PARTS_MOST = 256, VERSIONS_MOST = 32 };

struct act {
    struct delivery *delivery;
    struct delivery_act *req;
    struct dossier_load load;
    struct dossier *dossier;
    const struct wave_row *wave;
    struct store_approval approval;
    struct store_wave_move move;
    struct receipt_batch receipts;
    struct store_approvals approvals;
    struct json_object *binding; /* what would be sent now; owned */
    struct json_object *facts;   /* of the next receipt; NULL: none; owned */
    struct arena *arena;         /* for what is read */
    struct delivery_note note;
    struct delivery_legal_plan legal; /* before a release */
    enum receipt_kind released_by;    /* RELEASED or BREAK_GLASS */
    struct delivery_rehearse rehearse;
    struct buf document; /* the binding, sealed */
    struct buf notices;  /* the texts that are released */
    char notices_digest[DIGEST_TEXT_SIZE];
    struct buf policy;
    struct blob policy_blob;
    uint8_t hash[DIGEST_SIZE];
    unsigned again;                   /* times the wave moved on between look and leap */
    unsigned parts[PARTS_MOST];       /* a release: what it takes in ... */
    int64_t withdraws[VERSIONS_MOST]; /* ... and what it withdraws */
};

void act_finish(struct act *act, enum result result, const struct error *error);
void act_refuse(struct act *act, enum result result, const char *field, const char *text);
/* Adds the receipt of this decision, with act->facts, and finishes the batch. */
void act_receipt(struct act *act, enum receipt_kind kind);
/* Compare-and-set of the wave's state with this receipt, then the end. */
void act_move(struct act *act, enum wave_state to, enum receipt_kind kind);

/* approve.c */
void act_approve(struct act *act);
void act_release(struct act *act);

/* break_glass.c: somebody released alone. Counts it at once and says so. */
void break_glass_alarm(struct delivery *delivery, int64_t wave);
