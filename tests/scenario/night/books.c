/* books.c - the reconciliation: from the receipts, the service's counters and the ledger of what
 * left, held against each other and against the rows that were uploaded. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "tests/scenario/night/night.h"

enum { WAVES_MAX = 4, PEOPLE_ROW = 0xff };
enum fate { FATE_NONE, FATE_TOLD, FATE_UNREACHABLE, FATE_WITHHELD, FATES_N };

struct books {
    struct night *it;
    enum fate fates[NIGHT_PEOPLE_MAX][WAVES_MAX]; /* the last word; waves as receipts name them */
    const char *kind, *reason;                    /* of a count */
    unsigned count;
};

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

typedef void receipt_cb(struct books *books, struct json_object *leaf, struct json_object *details);

static void look(struct books *books, const struct delivery_receipt_item *item, receipt_cb *cb)
{
    struct json_object *leaf = NULL, *details = NULL;
    CHECK(books->it, json_read(item->leaf, strlen(item->leaf), &leaf, NULL) == RESULT_OK);
    if (item->details != NULL)
        CHECK(books->it,
              json_read(item->details, strlen(item->details), &details, NULL) == RESULT_OK);
    cb(books, leaf, details);
    json_object_put(leaf);
    json_object_put(details);
}

static void walk(struct books *books, receipt_cb *cb)
{
    struct night *it = books->it;
    struct delivery_receipts page = {.incident = it->incident, .limit = 500, .details = true};
    do {
        bool done = false;
        struct arena *arena = arena_create(16 << 20);
        page.request =
            (struct delivery_request){.cb = on_request, .private_state = &done, .arena = arena};
        page.after_order = page.next_order;
        page.after_slot = page.next_slot;
        delivery_receipts(it->rig->delivery, &page);
        rig_settle(it->rig);
        CHECK(it, done && page.request.result == RESULT_OK);
        for (size_t i = 0; i < page.n; i++)
            look(books, &page.items[i], cb);
        arena_destroy(&arena);
    } while (page.more);
}

static void count(struct books *books, struct json_object *leaf, struct json_object *details)
{
    (void)details;
    books->count +=
        str_equal(json_get_string(leaf, "kind"), books->kind) &&
        (books->reason == NULL || str_equal(json_get_string(leaf, "reason"), books->reason));
}

unsigned night_receipts(struct night *it, const char *kind, const char *reason)
{
    struct books *books = mem_new(struct books);
    books->it = it;
    books->kind = kind;
    books->reason = reason;
    walk(books, count);
    unsigned n = books->count;
    mem_free(books);
    return n;
}

/* ---- Fates. ---- */

static enum fate fate_of(const char *kind)
{
    static const char *const kinds[FATES_N] = {NULL, "told", "unreachable", "withheld"};
    for (unsigned i = 1; i < FATES_N; i++)
        if (str_equal(kind, kinds[i]))
            return (enum fate)i;
    return FATE_NONE;
}

static void note_fate(struct books *books, struct json_object *leaf, struct json_object *details)
{
    const enum fate fate = fate_of(json_get_string(leaf, "kind"));
    int64_t number;
    if (fate == FATE_NONE)
        return;
    const char *who = json_get_string(details, "recipient_id");
    CHECK(books->it, who != NULL && parse_i64(who + 1, &number));
    CHECK(books->it, number < books->it->n_people);
    const int64_t wave = json_get_int(leaf, "wave", 0);
    CHECK(books->it, wave > 0 && wave < WAVES_MAX);
    books->fates[number][wave] = fate;
}

/* The service's own counters of all waves. */
static void count_people(struct night *it, int64_t ret[PEOPLE_KEYS_N])
{
    bool done = false;
    struct arena *arena = arena_create(4 << 20);
    struct delivery_incident_get get = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = it->incident};
    delivery_incident_get(it->rig->delivery, &get);
    rig_settle(it->rig);
    CHECK(it, done && get.request.result == RESULT_OK);
    CHECK(it, get.row.accepted == it->accepted);
    CHECK(it, get.row.duplicates == it->duplicates);
    CHECK(it, get.row.rejected == it->rejected);
    for (size_t i = 0; i < get.n_waves; i++)
        for (size_t k = 0; k < get.waves[i].n_counters; k++)
            if (get.waves[i].counters[k].channel == PEOPLE_ROW)
                ret[get.waves[i].counters[k].key] += get.waves[i].counters[k].value;
    json_object_put(get.document);
    json_object_put(get.spec);
    arena_destroy(&arena);
}

/* Who is in two waves is so because he got the wrong text: the first wave and the correction. */
static void check_fates(struct books *books)
{
    struct night *it = books->it;
    int64_t counters[PEOPLE_KEYS_N] = {0}, seen[FATES_N] = {0};
    unsigned twice = 0;
    for (unsigned i = 0; i < it->n_people; i++) {
        unsigned n = 0;
        for (unsigned wave = 0; wave < WAVES_MAX; wave++) {
            seen[books->fates[i][wave]]++;
            n += books->fates[i][wave] != FATE_NONE;
        }
        CHECK(it, n == 1 || n == 2); /* nobody has fallen out */
        twice += n == 2;
    }
    count_people(it, counters);
    CHECK(it, twice == it->withdrawn_at);
    CHECK(it, counters[PEOPLE_TOLD] == seen[FATE_TOLD]);
    CHECK(it, counters[PEOPLE_UNREACHABLE] == seen[FATE_UNREACHABLE]);
    CHECK(it, counters[PEOPLE_WITHHELD] == seen[FATE_WITHHELD]);
    /* Who has no address at all is given up as it is planned, and was never in the plan. */
    CHECK(it, counters[PEOPLE_PLANNED] == seen[FATE_TOLD] + seen[FATE_UNREACHABLE] -
                                              night_receipts(it, "unreachable", "no_channel"));
    CHECK(it, it->rows == it->accepted + it->duplicates + it->rejected);
    CHECK(it, it->accepted == it->n_people && it->decided == it->rejected);
}

/* ---- What left. ---- */

static void check_person(struct night *it, const struct night_person *person)
{
    const char *const to[] = {person->email, person->phone, person->street};
    struct play_got all = {0};
    for (unsigned i = 0; i < 3; i++) {
        if (to[i][0] == 0)
            continue;
        struct play_got got = play_got(it->rig, to[i]);
        /* The notice once over each address; once more only with the correction in it. */
        CHECK(it, got.all - got.mistake <= 1 && got.mistake <= 1);
        all.wrong += got.wrong;
        all.mistake += got.mistake;
        all.all += got.all;
    }
    CHECK(it, (all.wrong > 0) == (all.mistake > 0));
    CHECK(it, (all.all == 0) == (to[0][0] == 0 && to[1][0] == 0 && to[2][0] == 0));
}

static const struct night_person *whose(const struct night *it, const char *to)
{
    for (unsigned i = 0; i < it->n_people; i++)
        if (str_equal(it->people[i].email, to) || str_equal(it->people[i].phone, to) ||
            str_equal(it->people[i].street, to))
            return &it->people[i];
    return NULL;
}

void night_reconcile(struct night *it)
{
    struct books *books = mem_new(struct books);
    books->it = it;
    walk(books, note_fate);
    check_fates(books);
    mem_free(books);
    for (unsigned i = 0; i < it->n_people; i++)
        check_person(it, &it->people[i]);
    for (unsigned i = 0; i < it->rig->n_sent; i++) {
        const struct rig_sent *sent = &it->rig->sent[i];
        const struct night_person *person = whose(it, sent->to);
        CHECK(it, person != NULL);
        CHECK(it, !sent->wrong || i < it->withdrawn_at);
        if (person->place < REGULATORS)
            CHECK(it, it->told_at[person->place] > 0 && sent->at >= it->told_at[person->place]);
    }
}
