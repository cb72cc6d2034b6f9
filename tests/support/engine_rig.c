/* engine_rig.c - see the header. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/restore/restore.h"
#include "tests/support/engine_channels.h"

static void on_started(void *context, enum result result, const struct error *error)
{
    if (result != RESULT_OK)
        panic("engine did not start: %s", error->text);
    *(bool *)context = true;
}

/* email tells by acceptance after 72 h, SMS by delivery within 24 h, paper by not coming back in 21
 * days. */
static const struct delivery_channel channels[RIG_CHANNELS] = {
    {.driver = &scripted_drivers[RIG_EMAIL],
     .sufficient = EVIDENCE_DELIVERED,
     .settles = EVIDENCE_ACCEPTED,
     .wait_ms = 72 * 3600000LL},
    {.driver = &scripted_drivers[RIG_SMS],
     .sufficient = EVIDENCE_DELIVERED,
     .settles = EVIDENCE_DELIVERED,
     .wait_ms = 24 * 3600000LL},
    {.driver = &scripted_drivers[RIG_POST],
     .sufficient = EVIDENCE_ACKNOWLEDGED,
     .settles = EVIDENCE_ACCEPTED,
     .wait_ms = 21 * 86400000LL},
    {.driver = &scripted_drivers[RIG_BANNER],
     .sufficient = EVIDENCE_DISPLAYED,
     .settles = EVIDENCE_DISPLAYED,
     .wait_ms = 7 * 86400000LL},
};

static void start_engine(struct rig *rig)
{
    struct delivery_channel live[RIG_CHANNELS];
    memcpy(live, channels, sizeof(live));
    live[RIG_EMAIL].window = rig->window;
    if (rig->can_query)
        live[RIG_SMS].driver = &scripted_asked_sms;
    live[RIG_EMAIL].settings = rig->sender;
    if (rig->brakes != NULL && rig->brakes->sms_rings)
        live[RIG_SMS].driver = &scripted_ringing_sms;
    for (int i = 0; rig->brakes != NULL && i < RIG_CHANNELS; i++) {
        live[i].quota = rig->brakes->quota[i];
        live[i].per_hour = rig->brakes->per_hour[i];
        live[i].price_micro = rig->brakes->price_micro[i];
    }
    static const char *const ladder[] = {"email", "sms", "postal"};
    static const char *const beside[] = {"banner"};
    static const struct delivery_braking unbraked = {.defaults.start_at = TIME_NONE};
    const struct delivery_config config = {.loop = rig->loop,
                                           .store = rig->store,
                                           .notices = rig->notices,
                                           .master = rig->master,
                                           .channels = live,
                                           .n_channels = RIG_CHANNELS,
                                           .ladder = ladder,
                                           .n_ladder = 3,
                                           .beside = beside,
                                           .n_beside = 1,
                                           .approvals_required = 1,
                                           .break_glass = rig->break_glass,
                                           .rules = rig->rules,
                                           .law_enforced = rig->rules != NULL,
                                           .plan_parts = 3,
                                           .public_url = "http://localhost",
                                           .braking = rig->brakes == NULL ? unbraked
                                                                          : rig->brakes->braking};
    struct error error;
    bool started = false;
    scripted_bind(rig);
    if (delivery_create(&config, &rig->delivery, &error) != RESULT_OK)
        panic("delivery_create: %s", error.text);
    if (rig->suspicion != NULL)
        delivery_restore_suspect(rig->delivery, rig->suspicion);
    delivery_start(rig->delivery, on_started, &started);
    rig_settle(rig);
    require(started);
}

static void open_store(struct rig *rig)
{
    char path[128];
    struct error error;
    snprintf(path, sizeof(path), "%s/store.db", rig->dir);
    const struct store_config config = {.path = path, .threads = false};
    if (store_open(rig->loop, &config, &rig->store, &error) != RESULT_OK)
        panic("store_open: %s", error.text);
}

static struct rig *rig_new(void)
{
    struct rig *rig = mem_new(struct rig);
    /* In memory where that exists: what a crash leaves is copied, not read from a platter. */
    snprintf(rig->dir, sizeof(rig->dir), "%s/tocsin-rig-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    require(mkdtemp(rig->dir) != NULL);
    list_init(&rig->hanging);
    return rig;
}

static void rig_begin(struct rig *rig, time_ms at)
{
    struct error error;
    clock_fake_init(&rig->clock, at);
    rig->loop = loop_create(&rig->clock.clock);
    if (notice_set_load("templates/notices", &rig->notices, &error) != RESULT_OK)
        panic("notices: %s", error.text);
    open_store(rig);
    start_engine(rig);
}

struct rig *rig_create(void)
{
    struct rig *rig = rig_new();
    seal_init();
    seal_key_random(&rig->master);
    rig_begin(rig, 1767225600000); /* 2026-01-01 */
    return rig;
}

struct rig *rig_create_narrow(unsigned window)
{
    struct rig *rig = rig_new();
    seal_init();
    seal_key_random(&rig->master);
    rig->window = window;
    rig_begin(rig, 1767225600000); /* 2026-01-01 */
    return rig;
}

struct rig *rig_create_braked(const struct rig_brakes *brakes)
{
    struct rig *rig = rig_new();
    seal_init();
    seal_key_random(&rig->master);
    rig->brakes = brakes;
    rig_begin(rig, 1767225600000); /* 2026-01-01 */
    return rig;
}

struct rig *rig_create_random(struct rig_dice *dice)
{
    struct rig *rig = rig_new();
    seal_init();
    seal_key_random(&rig->master);
    rig->dice = dice;
    rig->can_query = true;
    rig->window = 8;               /* batches of ten go in parts of two */
    rig_begin(rig, 1767225600000); /* 2026-01-01 */
    return rig;
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    char path[128], block[65536];
    size_t n;
    snprintf(path, sizeof(path), "%s/%s", from_dir, name);
    FILE *from = fopen(path, "re");
    if (from == NULL)
        return;
    snprintf(path, sizeof(path), "%s/%s", to_dir, name);
    FILE *to = fopen(path, "we");
    require(to != NULL);
    while ((n = fread(block, 1, sizeof(block), from)) > 0)
        require(fwrite(block, 1, n, to) == n);
    fclose(from);
    require(fclose(to) == 0);
}

static struct rig *rig_from(const struct rig *dead, const char *dir)
{
    struct rig *rig = rig_new();
    copy_file(dir, rig->dir, "store.db");
    copy_file(dir, rig->dir, "store.db-wal");
    rig->master = dead->master;
    rig->dice = dead->dice;
    rig->can_query = dead->can_query;
    rig->window = dead->window;
    rig->brakes = dead->brakes;
    memcpy(rig->sent, dead->sent, sizeof(rig->sent));
    rig->n_sent = dead->n_sent;
    rig_begin(rig, clock_now(&dead->clock.clock) + 1000);
    return rig;
}

struct rig *rig_after_crash(const struct rig *dead)
{
    return rig_from(dead, dead->dir);
}

void rig_backup(const struct rig *rig, struct rig_copy *copy)
{
    char from[128], to[128];
    struct error error;
    struct store_backup backup = {.at = clock_now(&rig->clock.clock)};
    snprintf(copy->dir, sizeof(copy->dir), "%s/tocsin-copy-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    require(mkdtemp(copy->dir) != NULL);
    snprintf(from, sizeof(from), "%s/store.db", rig->dir);
    snprintf(to, sizeof(to), "%s/store.db", copy->dir);
    if (store_backup(from, to, &backup, &error) != RESULT_OK)
        panic("store_backup: %s", error.text);
}

struct rig *rig_put_back(const struct rig *dead, const struct rig_copy *copy)
{
    return rig_from(dead, copy->dir);
}

void rig_copy_remove(const struct rig_copy *copy)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/store.db", copy->dir);
    unlink(path);
    rmdir(copy->dir);
}

void rig_settle(struct rig *rig)
{
    for (int idle = 0; idle < 3;) {
        bool moved = loop_turn(rig->loop);
        moved |= store_pump(rig->store);
        if (rig->delivery != NULL)
            moved |= lane_pump(rig->delivery->render);
        idle = moved ? 0 : idle + 1;
    }
}

void rig_steps(struct rig *rig, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        loop_turn(rig->loop);
        store_pump(rig->store);
        lane_pump(rig->delivery->render);
    }
}

void rig_pass(struct rig *rig, int64_t ms)
{
    rig_settle(rig);
    while (ms > 0) {
        /* The tick runs every 250 ms; long waits are walked in larger steps. */
        int64_t step = ms > 600000 ? ms / 100 : ms > 1000 ? 1000 : ms;
        if (step > ms)
            step = ms;
        clock_fake_advance(&rig->clock, step);
        ms -= step;
        rig_settle(rig);
    }
}

static void on_stopped(void *context)
{
    *(bool *)context = true;
}

static void stop_engine(struct rig *rig)
{
    bool stopped = false;
    delivery_stop(rig->delivery, 0, on_stopped, &stopped);
    for (int i = 0; i < 1000 && !stopped; i++)
        rig_pass(rig, 100);
    require(stopped);
    delivery_destroy(&rig->delivery);
}

void rig_restart(struct rig *rig)
{
    stop_engine(rig);
    store_close(&rig->store);
    open_store(rig);
    start_engine(rig);
}

void rig_suspect(struct rig *rig, const char *why)
{
    rig->suspicion = why;
    rig_restart(rig);
    rig->suspicion = NULL;
}

static void remove_dir(const struct rig *rig)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm",
                                        "store.db.lock"};
    char path[128];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", rig->dir, names[i]);
        unlink(path);
    }
    rmdir(rig->dir);
}

void rig_destroy(struct rig **rig)
{
    struct rig *r = *rig;
    scripted_release(r, OUTCOME_CANCELED);
    r->hang = false;
    stop_engine(r);
    store_close(&r->store);
    notice_set_destroy(&r->notices);
    loop_destroy(&r->loop);
    remove_dir(r);
    mem_free(r);
    *rig = NULL;
}

int rig_setup(void **state)
{
    *state = rig_create();
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rig_destroy(&rig);
    return 0;
}

void rig_release(struct rig *rig, enum outcome_kind kind)
{
    rig->hang = false;
    scripted_release(rig, kind);
    rig_settle(rig);
}

/* ---- Incidents. ---- */

static const char document_text[] =
    "{\"title\":\"Scenario\",\"kind\":\"breach\",\"organisation\":{\"name\":\"Acme\",\"address\":"
    "\"1 "
    "Main St\",\"contact\":{\"email\":\"privacy@acme.example\",\"phone\":\"+15555550100\",\"url\":"
    "\"https://acme.example/security\"}},\"occurred_from\":\"2025-12-01\",\"discovered_at\":"
    "\"2025-12-20\",\"data_types\":[\"name\",\"email\"],\"facts\":{\"what_happened\":\"Somebody "
    "copied a file.\",\"what_we_are_doing\":\"We closed the hole.\"}}";

enum { AUTHOR = 1, APPROVER = 2 };

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static void on_opened(void *context, enum result result, const struct intake_counts *counts,
                      const struct error *error)
{
    (void)context;
    (void)counts;
    if (result != RESULT_OK)
        panic("upload: %s", error->text);
}

static void on_drained(void *context)
{
    (void)context;
}

static void on_finished(void *context, enum result result, const struct intake_counts *counts,
                        const struct error *error)
{
    if (result != RESULT_OK)
        panic("upload: %s", error->text);
    (void)counts;
    *(bool *)context = true;
}

void rig_upload(struct rig *rig, id incident, const char *ndjson)
{
    bool done = false;
    const struct intake_config config = {.incident = incident,
                                         .format = INTAKE_NDJSON,
                                         .principal = AUTHOR,
                                         .opened = on_opened,
                                         .drained = on_drained,
                                         .finished = on_finished,
                                         .context = &done};
    struct intake *intake = intake_begin(rig->delivery, &config);
    rig_settle(rig);
    intake_write(intake, ndjson, strlen(ndjson));
    intake_end(intake);
    rig_settle(rig);
    require(done);
}

id rig_draft(struct rig *rig, const char *ndjson)
{
    bool done = false;
    struct json_object *document;
    const char *text = rig->document != NULL ? rig->document : document_text;
    require(json_read(text, strlen(text), &document, NULL) == RESULT_OK);
    if (rig->what_happened != NULL)
        json_object_object_add(json_get(document, "facts"), "what_happened",
                               json_object_new_string(rig->what_happened));
    if (rig->urgent)
        json_object_object_add(document, "urgent", json_object_new_boolean(true));
    if (rig->consent_required)
        json_object_object_add(document, "consent_required", json_object_new_boolean(true));
    struct delivery_incident_create create = {
        .request = {.cb = on_request, .private_state = &done},
        .document = document,
        .title = "Scenario",
        .principal = AUTHOR,
    };
    delivery_incident_create(rig->delivery, &create);
    rig_settle(rig);
    require(done && create.request.result == RESULT_OK);
    json_object_put(document);
    rig_upload(rig, create.incident, ndjson);
    return create.incident;
}

enum result rig_act(struct rig *rig, enum delivery_verb verb, id incident, id principal)
{
    bool done = false;
    struct delivery_act act = {.request = {.cb = on_request, .private_state = &done},
                               .verb = verb,
                               .incident = incident,
                               .principal = principal,
                               .reason = "scenario",
                               .until = rig->hold_until > 0 ? rig->hold_until : TIME_NONE};
    delivery_act(rig->delivery, &act);
    rig_settle(rig);
    require(done);
    if (act.request.result == RESULT_OK && act.asked) /* another person agrees */
        return rig_act(rig, verb, incident, principal == AUTHOR ? APPROVER : AUTHOR);
    return act.request.result;
}

id rig_incident(struct rig *rig, const char *ndjson)
{
    id incident = rig_draft(rig, ndjson);
    require(rig_act(rig, VERB_APPROVE, incident, APPROVER) == RESULT_OK);
    require(rig_act(rig, VERB_RELEASE, incident, AUTHOR) == RESULT_OK);
    return incident;
}

/* ---- Looking. ---- */

static int64_t counter(struct rig *rig, id incident, unsigned channel, unsigned key)
{
    bool done = false;
    int64_t value = 0;
    struct arena *arena = arena_create(1 << 20);
    struct delivery_incident_get get = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident};
    delivery_incident_get(rig->delivery, &get);
    rig_settle(rig);
    require(done && get.request.result == RESULT_OK);
    for (size_t i = 0; i < get.waves[0].n_counters; i++)
        if (get.waves[0].counters[i].channel == channel && get.waves[0].counters[i].key == key)
            value = get.waves[0].counters[i].value;
    json_object_put(get.document);
    arena_destroy(&arena);
    return value;
}

int64_t rig_people(struct rig *rig, id incident, enum people_key key)
{
    return counter(rig, incident, 0xff, key);
}

int64_t rig_members(struct rig *rig, id incident, int channel, enum member_state state)
{
    return counter(rig, incident, (unsigned)channel, state);
}

enum wave_state rig_state(struct rig *rig, id incident)
{
    bool done = false;
    struct arena *arena = arena_create(1 << 20);
    struct delivery_incident_get get = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident};
    delivery_incident_get(rig->delivery, &get);
    rig_settle(rig);
    require(done && get.request.result == RESULT_OK);
    enum wave_state state = get.waves[0].row.state;
    json_object_put(get.document);
    arena_destroy(&arena);
    return state;
}

unsigned rig_sent_to(const struct rig *rig, int channel, const char *to)
{
    unsigned n = 0;
    for (unsigned i = 0; i < rig->n_sent; i++)
        n += rig->sent[i].channel == channel && str_equal(rig->sent[i].to, to);
    return n;
}

enum result rig_fact(struct rig *rig, unsigned n, enum evidence evidence)
{
    bool done = false;
    struct fact_merge fact = {.request = {.cb = on_request, .private_state = &done},
                              .token = rig->sent[n].token,
                              .evidence = evidence,
                              .at = TIME_NONE};
    fact_merge(rig->delivery, &fact);
    rig_settle(rig);
    require(done);
    return fact.request.result;
}

unsigned rig_receipts(struct rig *rig, id incident, const char *kind)
{
    unsigned n = 0;
    char want[64];
    struct delivery_receipts page = {.incident = incident, .limit = 500, .details = true};
    snprintf(want, sizeof(want), "\"kind\":\"%s\"", kind);
    do {
        bool done = false;
        struct arena *arena = arena_create(16 << 20);
        page.request =
            (struct delivery_request){.cb = on_request, .private_state = &done, .arena = arena};
        page.after_order = page.next_order;
        page.after_slot = page.next_slot;
        delivery_receipts(rig->delivery, &page);
        rig_settle(rig);
        require(done && page.request.result == RESULT_OK);
        for (size_t i = 0; i < page.n; i++)
            n += strstr(page.items[i].leaf, want) != NULL;
        arena_destroy(&arena);
    } while (page.more);
    return n;
}

enum result rig_decide(struct rig *rig, id incident, const char *recipient_id,
                       enum decision_verb verb)
{
    bool done = false;
    struct delivery_decide decide = {.request = {.cb = on_request, .private_state = &done},
                                     .incident = incident,
                                     .principal = APPROVER,
                                     .recipient_id = recipient_id,
                                     .channel = "postal",
                                     .verb = verb};
    delivery_decide(rig->delivery, &decide);
    rig_settle(rig);
    require(done);
    return decide.request.result;
}

struct json_object *rig_rehearse(struct rig *rig, id incident)
{
    bool done = false;
    struct json_object *json;
    struct arena *arena = arena_create(1 << 20);
    struct delivery_rehearse rehearse = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident,
        .limit = 2};
    delivery_rehearse(rig->delivery, &rehearse);
    rig_settle(rig);
    require(done && rehearse.request.result == RESULT_OK);
    require(json_read(rehearse.json, strlen(rehearse.json), &json, NULL) == RESULT_OK);
    arena_destroy(&arena);
    return json;
}
