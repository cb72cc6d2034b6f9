/* restore.h - coming back from a copy of the store. Loop thread; conventions of delivery.h.
 *
 * Held: the API answers, callbacks are taken, providers that can be asked are asked what became of
 * everybody who may have been sent to since the copy was made; nothing is sent, nobody is passed
 * on. Who lets it go on sees before what nobody can know. */
#pragma once
#include "service/delivery/delivery.h"

/* Before delivery_start: the store is older than it should be, though it bears no mark (the log had
 * come further). `why` is kept with the store. */
void delivery_restore_suspect(struct delivery *delivery, const char *why);

/* It goes on: from now on it sends again. */
struct delivery_restore_approve {
    struct delivery_request request;
    id principal;
    const char *reason;        /* sealed */
    struct json_object *facts; /* into the leaf: what the log lacks; may be NULL; borrowed */
};
/* CONFLICT: it was not restored. */
void delivery_restore_approve(struct delivery *delivery, struct delivery_restore_approve *req);

/* What is known of the time since the copy:
 * {"restored","from":{"at","backup"},"asking","waves":[{"wave","incident","state","people",
 * "channels":[{"channel","provider","can_ask","unknown","asked","undecided","then"}]}]}
 *   unknown    members of whom nobody has said whether they were sent to (asked or not)
 *   asked      the question is under way
 *   undecided  the provider could not say, or cannot be asked, and a person must decide
 *   then       what an approval does with the unknown: "asks", "sends_same_key", "person_decides"
 */
struct delivery_restore_standing {
    struct delivery_request request;
    struct json_object *json; /* out: the caller puts it; NULL unless OK */
};
void delivery_restore_standing(struct delivery *delivery, struct delivery_restore_standing *req);

/* Who they are, chunk by chunk. */
struct delivery_restore_person {
    id incident;
    int64_t wave;
    const char *recipient_id, *channel;
};
struct delivery_restore_people {
    struct delivery_request request;
    int64_t after;                         /* cursor; 0 = from the first */
    struct delivery_restore_person *items; /* out: of one chunk, erased people left out */
    size_t n;
    int64_t next; /* out: 0 = no more */
};
void delivery_restore_people(struct delivery *delivery, struct delivery_restore_people *req);

/* ---- Within the engine. ---- */
/* At the start, `done` once: is the store a copy? Then erases again, marks, and holds. */
void restore_check(struct delivery *delivery,
                   void (*done)(void *context, enum result result, const struct error *error),
                   void *context);
/* New chunks of a wave that was open in the copy: may their members have been sent to before? Any
 * thread. */
struct active_wave;
struct cut;
void restore_doubt(const struct active_wave *wave, struct cut *cut);
/* Is a question still to be answered? */
bool restore_asking(const struct delivery *delivery);
