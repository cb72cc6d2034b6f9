/* fake_delivery.c - answers as the engine would, without sending anything. */

/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/loop.h"

/* This module. */
#include "service/delivery/plan/summary.h"
#include "service/delivery/roster/intake.h"
#include "service/delivery/roster/roster.h"
#include "service/delivery/erase/erase.h"
#include "service/delivery/people/preference.h"
#include "service/delivery/restore/restore.h"
#include "service/delivery/brake/desk.h"
#include "tests/support/fake_delivery_private.h"

struct delivery *fake_delivery_create(struct loop *loop, struct store *store)
{
    struct delivery *fake = mem_new(struct delivery);
    fake->loop = loop;
    fake->store = store;
    memset(fake->master.bytes, 7, sizeof fake->master.bytes);
    return fake;
}

void fake_delivery_destroy(struct delivery **delivery)
{
    for (size_t i = 0; i < (*delivery)->n; i++) {
        mem_free((*delivery)->incidents[i].document);
        mem_free((*delivery)->incidents[i].title);
    }
    mem_free(*delivery);
    *delivery = NULL;
}

/* ---- Answers come from the loop, never from inside a call. ---- */

struct answer {
    struct loop_hop hop;
    struct delivery_request *request;
};

static void answer_now(struct loop_hop *hop)
{
    struct answer *answer = container_of(hop, struct answer, hop);
    struct delivery_request *request = answer->request;
    mem_free(answer);
    request->cb(request);
}

void fake_answer(struct delivery *fake, struct delivery_request *request, enum result result)
{
    struct answer *it = mem_new(struct answer);
    it->hop.cb = answer_now;
    it->request = request;
    request->result = result;
    if (result != RESULT_OK)
        error_set(&request->error, result, NULL, "The fake says %s; ask it for something else.",
                  result_name(result));
    loop_post(fake->loop, &it->hop);
}

struct fake_incident *fake_find(struct delivery *fake, id incident)
{
    for (size_t i = 0; i < fake->n; i++) {
        if (fake->incidents[i].id == incident)
            return &fake->incidents[i];
    }
    return NULL;
}

/* ---- Incidents. ---- */

struct creation {
    struct store_incident_put put;
    struct delivery *fake;
    struct delivery_incident_create *request;
};

static void created(struct store_request *store_request)
{
    struct creation *it = container_of(store_request, struct creation, put.request);
    struct delivery_incident_create *req = it->request;
    req->request.result = store_request->result;
    req->request.error = store_request->error;
    if (store_request->result == RESULT_OK) {
        require(it->fake->n < INCIDENTS_MAX);
        it->fake->incidents[it->fake->n++] = (struct fake_incident){
            .id = req->incident,
            .author = req->principal,
            .title = mem_strdup(req->title),
            .document = mem_strdup(json_object_to_json_string(req->document)),
            .test = req->test,
            .version = 1,
            .created_at = clock_now(loop_clock(it->fake->loop)),
            .released_at = TIME_NONE};
    }
    mem_free(it);
    req->request.cb(&req->request);
}

void delivery_incident_create(struct delivery *fake, struct delivery_incident_create *req)
{
    struct creation *it = mem_new(struct creation);
    it->fake = fake;
    it->request = req;
    it->put = (struct store_incident_put){
        .request = {.cb = created, .arena = req->request.arena},
        .incident = {.id = req->incident,
                     .version = 1,
                     .created_at = clock_now(loop_clock(fake->loop)) + (int64_t)fake->n,
                     .author = req->principal,
                     .key = {"key", 3},
                     .document = {"{}", 2},
                     .title = {"t", 1}},
        .idempotency = req->idempotency};
    store_incident_put(fake->store, &it->put);
}

void delivery_incident_get(struct delivery *fake, struct delivery_incident_get *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    if (!it) {
        fake_answer(fake, &req->request, RESULT_NOT_FOUND);
        return;
    }
    if (req->ordinal > 1) {
        fake_answer(fake, &req->request, RESULT_NOT_FOUND);
        return;
    }
    static const struct wave_counter counters[] = {{1, 0xff, PEOPLE_TOLD, 3},
                                                   {1, 0, MEMBER_ACCEPTED, 3}};
    static const char *const names[] = {"email"};
    struct delivery_wave_view *wave = arena_new(req->request.arena, struct delivery_wave_view);
    *wave = (struct delivery_wave_view){.row = {.id = 1,
                                                .incident = it->id,
                                                .ordinal = 1,
                                                .state = it->state,
                                                .not_before = TIME_NONE,
                                                .approvals = it->approvals,
                                                .released_at = it->released_at,
                                                .settled_at = TIME_NONE,
                                                .hold_until = TIME_NONE},
                                        .counters = counters,
                                        .n_counters = 2,
                                        .channel_names = names,
                                        .n_channels = 1,
                                        .rate_per_second = 1.5,
                                        .eta_at = TIME_NONE};
    req->row = (struct incident_row){.id = it->id,
                                     .version = it->version,
                                     .test = it->test,
                                     .author = it->author,
                                     .created_at = it->created_at,
                                     .key = {"key", 3},
                                     .accepted = it->accepted,
                                     .duplicates = it->duplicates,
                                     .rejected = it->rejected};
    req->document = json_tokener_parse(it->document);
    req->waves = wave;
    req->n_waves = 1;
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_incident_list(struct delivery *fake, struct delivery_incident_list *req)
{
    req->items = arena_alloc(req->request.arena, (fake->n + 1) * sizeof *req->items);
    size_t from = req->after ? (size_t)req->after - 1 : fake->n;
    for (req->n = 0; from > 0 && req->n < req->limit; from--, req->n++) {
        const struct fake_incident *it = &fake->incidents[from - 1];
        req->items[req->n].incident = it->id;
        req->items[req->n].title = it->title;
        req->items[req->n].state = it->state;
        req->items[req->n].test = it->test;
        req->items[req->n].created_at = it->created_at;
        req->items[req->n].author = it->author;
    }
    req->next = from > 0 ? (int64_t)from + 1 : 0;
    fake_answer(fake, &req->request, RESULT_OK);
}

/* ---- Decisions. ---- */

static enum result approve(struct fake_incident *it, const struct delivery_act *req)
{
    if (it->author == req->principal)
        return RESULT_DENIED;
    if (it->state != WAVE_DRAFT && it->state != WAVE_APPROVED)
        return RESULT_CONFLICT;
    it->approvers[it->approvals++ % 8] = req->principal;
    it->state = WAVE_APPROVED;
    return RESULT_OK;
}

/* One asks, another agrees. */
enum result fake_resume(struct fake_incident *it, id principal, bool *ret_asked)
{
    if (it->state != WAVE_HELD)
        return RESULT_CONFLICT;
    *ret_asked = it->asked_by == 0;
    if (it->asked_by == principal)
        return RESULT_DENIED;
    if (*ret_asked)
        it->asked_by = principal;
    else
        it->state = it->held_from;
    return RESULT_OK;
}

static enum result act(struct delivery *fake, struct fake_incident *it, struct delivery_act *req)
{
    switch (req->verb) {
    case VERB_APPROVE:
        return approve(it, req);
    case VERB_RELEASE:
        if (it->state != WAVE_APPROVED)
            return RESULT_CONFLICT;
        it->state = str_equal(it->title, "held") ? WAVE_HELD : WAVE_SENDING;
        it->released_at = clock_now(loop_clock(fake->loop));
        return RESULT_OK;
    case VERB_HOLD: /* the API places holds by itself */
        return RESULT_INVALID;
    case VERB_RESUME:
        return fake_resume(it, req->principal, &req->asked);
    case VERB_CANCEL:
        it->state = WAVE_CANCELED;
        return RESULT_OK;
    }
    return RESULT_INVALID;
}

void delivery_act(struct delivery *fake, struct delivery_act *req)
{
    struct fake_incident *it = fake_find(fake, req->incident);
    enum result result = it ? act(fake, it, req) : RESULT_NOT_FOUND;
    if (it) {
        req->wave = 1;
        req->state = it->state;
        req->approvals = it->approvals;
        req->required = 1;
    }
    fake_answer(fake, &req->request, result);
}

void delivery_continue(struct delivery *fake, struct delivery_continue *req)
{
    req->stage = BRAKE_OPEN;
    req->lifted = 0;
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_review(struct delivery *fake, struct delivery_review *req)
{
    req->wave = 1;
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_summary(struct delivery *fake, struct delivery_summary *req)
{
    req->json = arena_printf(req->request.arena, "{\"people\":100,\"real\":%s}",
                             req->real ? "true" : "false");
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_sample(struct delivery *fake, struct delivery_sample *req)
{
    req->json = "{\"text\":\"Dear you\"}";
    fake_answer(fake, &req->request, req->key[0] == 'e' ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_preview(struct delivery *fake, struct delivery_preview *req)
{
    req->to = "r1@example.org";
    req->subject = "Notice";
    req->text = "Dear you";
    req->ladder = "[{\"channel\":\"email\",\"reason\":null}]";
    bool known = fake_find(fake, req->incident) && req->recipient_id[0] == 'r';
    fake_answer(fake, &req->request, known ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_timeline(struct delivery *fake, struct delivery_timeline *req)
{
    req->json = arena_printf(req->request.arena, "{\"recipient_id\":\"%s\",\"told\":false}\n",
                             req->recipient_id);
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_rehearse(struct delivery *fake, struct delivery_rehearse *req)
{
    req->json = arena_printf(req->request.arena,
                             "{\"goes\":1,\"more\":false,\"people\":[],\"unreachable\":0,"
                             "\"withheld\":%u}",
                             req->limit);
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_decide(struct delivery *fake, struct delivery_decide *req)
{
    bool asked = req->recipient_id[0] == 'r' && req->channel[0] == 'p';
    fake_answer(fake, &req->request,
                !fake_find(fake, req->incident) ? RESULT_NOT_FOUND
                : asked                         ? RESULT_OK
                                                : RESULT_CONFLICT);
}

/* ---- Receipts. ---- */

void delivery_receipts(struct delivery *fake, struct delivery_receipts *req)
{
    struct arena *arena = req->request.arena;
    int64_t at = req->after_order;
    if (req->incident && !fake_find(fake, req->incident)) {
        fake_answer(fake, &req->request, RESULT_NOT_FOUND);
        return;
    }
    req->items = arena_alloc(arena, (req->limit + 1) * sizeof *req->items);
    for (req->n = 0; req->n < req->limit && at < RECEIPTS; at++, req->n++) {
        struct delivery_receipt_item *item = &req->items[req->n];
        snprintf(item->receipt_id, sizeof item->receipt_id, "rct_%lld.0", (long long)at);
        item->leaf = arena_printf(
            arena, "{\"attempt\":%lld,\"kind\":\"attempt\",\"reason\":\"=1+1\"}", (long long)at);
        item->details = req->details ? "{\"address\":\"r1@example.org\"}" : NULL;
    }
    req->next_order = at;
    req->more = at < RECEIPTS;
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_note(struct delivery *fake, struct delivery_note *req)
{
    fake->notes++;
    fake_answer(fake, &req->request, RESULT_OK);
}

/* ---- Reports: signed with "good" in X-Signature. ---- */

void delivery_report(struct delivery *fake, struct delivery_report *req)
{
    const char *signature = req->report.header(req->report.context, "X-Signature");
    if (!str_equal(req->channel, "sms")) {
        req->reply_status = 404;
        fake_answer(fake, &req->request, RESULT_NOT_FOUND);
    } else if (!str_equal(signature, "good")) {
        req->reply_status = 403;
        fake_answer(fake, &req->request, RESULT_DENIED);
    } else {
        req->reply_status = 200;
        req->reply_type = "text/plain";
        req->reply_body = arena_strdup(req->request.arena, req->report.url);
        fake_answer(fake, &req->request, RESULT_OK);
    }
}

/* ---- Banners: one, of account a1. ---- */

void delivery_banner_list(struct delivery *fake, struct delivery_banner_list *req)
{
    req->items = arena_new(req->request.arena, struct delivery_banner);
    req->n = str_equal(req->account, "a1");
    req->items[0] = (struct delivery_banner){.banner = 1,
                                             .incident = 2,
                                             .locale = "en",
                                             .title = "Notice",
                                             .state = fake->banner_state,
                                             .dismissed = fake->banner_dismissed,
                                             .placed_at = 1000};
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_banner_event(struct delivery *fake, struct delivery_banner_event *req)
{
    if (str_equal(req->event, "dismissed"))
        fake->banner_dismissed = true;
    else if (fake->banner_state < 2)
        fake->banner_state = str_equal(req->event, "acknowledged") ? 2 : 1;
    fake_answer(fake, &req->request, req->banner == 1 ? RESULT_OK : RESULT_NOT_FOUND);
}

/* ---- For the desk. ---- */

struct letter_call {
    struct delivery_request *request;
    struct store_written_request *written;
    struct store_written_request copy;
};

static void letter_done(struct store_request *request)
{
    struct letter_call *it = container_of(request, struct letter_call, copy.request);
    struct delivery_request *answer_to = it->request;
    it->written->row = it->copy.row;
    it->written->existing = it->copy.existing;
    answer_to->result = request->result;
    answer_to->error = request->error;
    mem_free(it);
    answer_to->cb(answer_to);
}

void delivery_letter(struct delivery *fake, struct delivery_letter *req)
{
    struct letter_call *it = mem_new(struct letter_call);
    it->request = &req->request;
    it->written = req->written;
    it->copy = *req->written;
    it->copy.request.cb = letter_done;
    if (req->change)
        store_written_request_change(fake->store, &it->copy);
    else
        store_written_request_put(fake->store, &it->copy);
}

void delivery_find(struct delivery *fake, struct delivery_find *req)
{
    static const char prefixes[] = "rar";
    const char *text = req->value;
    char *end = NULL;
    long number = -1;
    if (req->kind < 3 && text[0] == prefixes[req->kind])
        number = strtol(text + 1, &end, 10);
    bool known = number >= 0 && number < PEOPLE && end != text + 1 &&
                 (*end == 0 || str_equal(end, "@example.org"));
    req->numbers = arena_new(req->request.arena, uint32_t);
    req->numbers[0] = (uint32_t)number;
    req->n = known;
    fake_answer(fake, &req->request, known ? RESULT_OK : RESULT_NOT_FOUND);
}

void delivery_person(struct delivery *fake, struct delivery_person *req)
{
    struct arena *arena = req->request.arena;
    unsigned n = req->number;
    req->recipient = (struct recipient){.number = n,
                                        .recipient_id = arena_printf(arena, "r%u", n),
                                        .account_id = arena_printf(arena, "a%u", n),
                                        .name = arena_printf(arena, "Person %u", n),
                                        .email = arena_printf(arena, "r%u@example.org", n),
                                        .has_address = n < 90,
                                        .address = {.line1 = "1 Main Street",
                                                    .city = "Springfield",
                                                    .postal_code = arena_printf(arena, "10%u", n),
                                                    .country = "US"},
                                        .consent.given_at = TIME_NONE};
    memset(req->seed.bytes, (int)n, sizeof req->seed.bytes);
    fake_answer(fake, &req->request, RESULT_OK);
}

bool delivery_seal(struct delivery *fake, struct blob wrapped, const char *bound, struct blob plain,
                   struct buf *to)
{
    (void)wrapped;
    return seal_add(to, &fake->master, bound, plain.data, plain.length);
}

bool delivery_open(struct delivery *fake, struct blob wrapped, const char *bound,
                   struct blob sealed, struct buf *to)
{
    (void)wrapped;
    return seal_open(to, &fake->master, bound, sealed.data, sealed.length);
}

void delivery_service_key(struct delivery *fake, const char *purpose, struct seal_key *ret_key)
{
    seal_derive(ret_key, &fake->master, purpose, NULL, 0);
}

const struct delivery_stats *delivery_stats(struct delivery *fake)
{
    static const struct delivery_channel_stats channels[] = {
        {.channel = "email", .provider = "smtp", .latency_ms = 12}};
    static struct delivery_stats stats = {.channels = channels, .n_channels = 1};
    stats.receipts = fake->notes;
    return &stats;
}

/* ---- Intake: counts lines; one that holds "bad" is rejected. ---- */

struct intake {
    struct delivery *fake;
    struct intake_config config;
    struct store_upload upload;
    struct sha256_stream *hash;
    struct intake_counts counts;
    struct loop_hop hop;
    struct buf line;
    bool paused;
};

static void intake_free(struct intake *intake)
{
    sha256_end(&intake->hash, NULL);
    buf_free(&intake->line);
    mem_free(intake);
}

static void upload_opened(struct store_request *request)
{
    struct intake *intake = container_of(request, struct intake, upload.request);
    const struct intake_config config = intake->config;
    struct intake_counts counts = {.accepted = intake->upload.accepted,
                                   .duplicates = intake->upload.duplicates,
                                   .rejected = intake->upload.rejected};
    const struct error error = request->error;
    enum result result = request->result;
    if (result != RESULT_OK)
        intake_free(intake);
    config.opened(config.context, result, &counts, &error);
}

struct intake *intake_begin(struct delivery *fake, const struct intake_config *config)
{
    struct intake *intake = mem_new(struct intake);
    intake->fake = fake;
    intake->config = *config;
    intake->hash = sha256_begin();
    buf_init(&intake->line, 65536);
    intake->upload = (struct store_upload){.request.cb = upload_opened,
                                           .incident = config->incident,
                                           .part = config->part,
                                           .at = clock_now(loop_clock(fake->loop))};
    if (config->digest)
        memcpy(intake->upload.digest, config->digest, DIGEST_SIZE);
    store_upload_open(fake->store, &intake->upload);
    return intake;
}

static void count_line(struct intake *intake)
{
    if (intake->line.length && strstr(intake->line.data, "bad"))
        intake->counts.rejected++;
    else if (intake->line.length)
        intake->counts.accepted++;
    buf_clear(&intake->line);
}

static void drain(struct loop_hop *hop)
{
    struct intake *intake = container_of(hop, struct intake, hop);
    intake->paused = false;
    intake->config.drained(intake->config.context);
}

/* Every call asks for a pause, so that backpressure is what is tested. */
bool intake_write(struct intake *intake, const void *bytes, size_t length)
{
    const char *text = bytes;
    sha256_add(intake->hash, bytes, length);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            count_line(intake);
        else
            buf_putc(&intake->line, text[i]);
    }
    if (!intake->paused) {
        intake->paused = true;
        intake->hop.cb = drain;
        loop_post(intake->fake->loop, &intake->hop);
    }
    return false;
}

static void intake_finish(struct intake *intake, enum result result, const struct error *error)
{
    const struct intake_config config = intake->config;
    const struct intake_counts counts = intake->counts;
    const struct error copy = *error;
    intake_free(intake);
    config.finished(config.context, result, &counts, &copy);
}

static void upload_closed(struct store_request *request)
{
    struct intake *intake = container_of(request, struct intake, upload.request);
    struct fake_incident *it = fake_find(intake->fake, intake->config.incident);
    if (it && request->result == RESULT_OK && intake->config.part == 0) {
        it->accepted += intake->counts.accepted;
        it->rejected += intake->counts.rejected;
    }
    intake_finish(intake, request->result, &request->error);
}

static void upload_refused(struct store_request *request)
{
    struct error error;
    error_set(&error, RESULT_INVALID, "Content-Digest", "The digest is another; send it again.");
    intake_finish(container_of(request, struct intake, upload.request), RESULT_INVALID, &error);
}

static void end_now(struct loop_hop *hop)
{
    struct intake *intake = container_of(hop, struct intake, hop);
    struct store_upload *upload = &intake->upload;
    count_line(intake);
    sha256_end(&intake->hash, intake->counts.digest);
    upload->request.cb = upload_closed;
    if (intake->config.digest &&
        memcmp(intake->config.digest, intake->counts.digest, DIGEST_SIZE) != 0) {
        upload->request.cb = upload_refused;
        store_upload_abort(intake->fake->store, upload);
        return;
    }
    memcpy(upload->digest, intake->counts.digest, DIGEST_SIZE);
    upload->accepted = intake->counts.accepted;
    upload->rejected = intake->counts.rejected;
    upload->commit = intake->config.part == 0;
    if (intake->config.idempotency)
        upload->idempotency = intake->config.idempotency(intake->config.context, &intake->counts);
    store_upload_close(intake->fake->store, upload);
}

void intake_end(struct intake *intake)
{
    /* A pause that is asked for and not yet over ends first: the hop is in use. */
    if (intake->paused) {
        intake->hop.cb = end_now;
        return;
    }
    intake->hop.cb = end_now;
    loop_post(intake->fake->loop, &intake->hop);
}

static void upload_aborted(struct store_request *request)
{
    struct error error;
    error_set(&error, RESULT_CANCELED, NULL, "The upload was given up; send it again.");
    intake_finish(container_of(request, struct intake, upload.request), RESULT_CANCELED, &error);
}

static void abort_now(struct loop_hop *hop)
{
    struct intake *intake = container_of(hop, struct intake, hop);
    intake->upload.request.cb = upload_aborted;
    store_upload_abort(intake->fake->store, &intake->upload);
}

void intake_abort(struct intake *intake)
{
    bool posted = intake->paused;
    intake->hop.cb = abort_now;
    if (!posted)
        loop_post(intake->fake->loop, &intake->hop);
}

/* ---- Forgetting: r1 goes, r2 has an open duty, everybody else is nobody. ---- */

bool erase_basis_ok(const char *basis)
{
    return basis[0] != 0 && strchr(basis, ' ') == NULL;
}

void delivery_erase(struct delivery *fake, struct delivery_erase *req)
{
    const char *who = str_or(req->recipient_id, req->account_id);
    enum result result = RESULT_NOT_FOUND;
    req->items = arena_new(req->request.arena, struct erase_item);
    req->people = str_equal(who, "r1") || str_equal(who, "a1");
    req->verified = req->people == 1;
    if (req->people == 1 || str_equal(who, "r2")) {
        req->items[req->n++] =
            (struct erase_item){.incident = req->incident, .people = req->people};
        result = req->people == 1 ? RESULT_OK : RESULT_CONFLICT;
    }
    if (result != RESULT_OK)
        error_set(&req->request.error, result, NULL, "The fake refuses; ask for r1.");
    fake_answer(fake, &req->request, result);
}

void delivery_erase_incident(struct delivery *fake, struct delivery_erase_incident *req)
{
    req->verified = true;
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_keep(struct delivery *fake, struct delivery_keep *req)
{
    if (!req->change)
        req->months = 84;
    req->due_at = req->erased_at = TIME_NONE;
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_restore_approve(struct delivery *fake, struct delivery_restore_approve *req)
{
    error_set(&req->request.error, RESULT_CONFLICT, NULL, "The fake was never restored.");
    fake_answer(fake, &req->request, RESULT_CONFLICT);
}

void delivery_restore_standing(struct delivery *fake, struct delivery_restore_standing *req)
{
    req->json = json_object_new_object();
    json_object_object_add(req->json, "restored", json_object_new_boolean(false));
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_restore_people(struct delivery *fake, struct delivery_restore_people *req)
{
    req->items = NULL;
    req->n = 0;
    req->next = 0;
    fake_answer(fake, &req->request, RESULT_OK);
}

/* ---- Commit of parts, by the store. ---- */

struct commit_call {
    struct store_roster_commit commit;
    struct delivery_roster_commit *request;
};

static void committed(struct store_request *request)
{
    struct commit_call *it = container_of(request, struct commit_call, commit.request);
    struct delivery_roster_commit *req = it->request;
    req->counts.accepted = it->commit.accepted;
    req->counts.duplicates = it->commit.duplicates;
    req->counts.rejected = it->commit.rejected;
    req->request.result = request->result;
    req->request.error = request->error;
    mem_free(it);
    req->request.cb(&req->request);
}

void delivery_roster_commit(struct delivery *fake, struct delivery_roster_commit *req)
{
    struct commit_call *it = mem_new(struct commit_call);
    it->request = req;
    it->commit =
        (struct store_roster_commit){.request = {.cb = committed, .arena = req->request.arena},
                                     .incident = req->incident,
                                     .parts = req->parts,
                                     .count = req->count,
                                     .at = clock_now(loop_clock(fake->loop))};
    store_roster_commit(fake->store, &it->commit);
}

/* ---- Preferences: one, whosever it is. ---- */

const char *preference_name(enum preference_word word)
{
    static const char *const names[PREFERENCES_N] = {"paper", "dead", "stop"};
    return names[word];
}

void delivery_preference_key(const struct delivery *fake, unsigned kind, const char *value,
                             struct preference_key *ret_key)
{
    person_key_of(&fake->master, kind, value, ret_key);
}

void delivery_preference_street(const struct delivery *fake, const struct postal_address *street,
                                struct preference_key *ret_key)
{
    person_key_of_street(&fake->master, street, ret_key);
}

void delivery_preference(struct delivery *fake, struct delivery_preference *req)
{
    for (unsigned i = 0; i < PREFERENCES_N; i++) {
        if (req->change && req->want[i] >= 0)
            fake->preferences[i] = (struct preference_state){.set = req->want[i] != 0};
        req->states[i] = fake->preferences[i];
        str_copy(req->states[i].source, sizeof(req->states[i].source), str_or(req->source, ""));
    }
    fake_answer(fake, &req->request, RESULT_OK);
}

/* ---- Rows and uploads: the fake has none. ---- */

void delivery_waive(struct delivery *fake, struct delivery_waive *req)
{
    enum result result = req->rows != NULL && req->n > 0 ? RESULT_OK : RESULT_CONFLICT;
    req->waived = (int64_t)req->n;
    if (result != RESULT_OK)
        error_set(&req->request.error, result, "rows", "The fake has no rows; name some.");
    fake_answer(fake, &req->request, result);
}

void delivery_discard(struct delivery *fake, struct delivery_discard *req)
{
    fake_answer(fake, &req->request, RESULT_OK);
}

void delivery_roster_view(struct delivery *fake, struct delivery_roster_view *req)
{
    req->json = "{\"people\":0,\"shared\":{\"list\":[]}}";
    fake_answer(fake, &req->request, fake_find(fake, req->incident) ? RESULT_OK : RESULT_NOT_FOUND);
}
