/* store_case.c - writes what a case came to, with its receipts in the same transaction: a letter
 * under way, a person needed, a hold waited for, a duplicate. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/requests/desk.h"

void case_finish(struct desk_case *it, enum result result, const struct error *error)
{
    it->done(it, result, error);
    if (it->has_receipts)
        receipt_batch_free(&it->receipts);
    buf_wipe(&it->body);
    mem_wipe_free(it, sizeof *it);
}

/* ---- Receipts. ---- */

static void add_receipt(struct desk_case *it, enum receipt_kind kind, const char *reason)
{
    char request[ID_TEXT_SIZE], actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    bool person = it->matches == 1;
    json_object_object_add(facts, "request",
                           json_object_new_string(id_format(request, "req", it->row.id)));
    json_object_object_add(facts, "fee", json_object_new_int64(0));
    receipt_batch_add(
        &it->receipts, person ? &it->incident_key : NULL, /* else nobody finds it by the person */
        &(struct receipt){.kind = kind,
                          .at = it->row.changed_at,
                          .incident = it->row.incident,
                          .outcome = -1,
                          .reason = reason,
                          .actor = it->principal ? id_format(actor, "tok", it->principal) : NULL,
                          .facts = facts,
                          .seed = person ? &it->seed : NULL,
                          .recipient_id = person ? it->match.recipient_id : NULL,
                          .number = person ? it->match.number : 0});
    json_object_put(facts);
}

static void make_receipts(struct desk_case *it)
{
    if (it->has_receipts)
        receipt_batch_free(&it->receipts);
    it->has_receipts = true;
    receipt_batch_init(&it->receipts, it->row.incident, 0, 0);
    if (it->kind == CASE_OPEN)
        add_receipt(it, RECEIPT_REQUEST_OPENED, it->reason);
    if (it->matches == 1 && it->kind != CASE_RESUME && it->row.state != REQUEST_NEEDS_PERSON)
        add_receipt(it, RECEIPT_REQUEST_MATCHED,
                    it->row.state == REQUEST_DUPLICATE ? "duplicate" : NULL);
    receipt_batch_finish(&it->receipts);
}

/* ---- The row. ---- */

static bool prepare(struct desk_case *it, enum request_state state)
{
    it->row.state = state;
    it->row.changed_at = desk_now(it->desk);
    it->row.number = it->matches == 1 ? (int64_t)it->match.number : it->row.number;
    buf_clear(&it->body);
    if (it->kind == CASE_OPEN && !body_seal(it->desk, &it->row, it->given, it->reason, &it->body)) {
        struct error error;
        error_set(&error, RESULT_TOO_LARGE, NULL, "The request is too large; shorten the note.");
        case_finish(it, RESULT_TOO_LARGE, &error);
        return false;
    }
    it->row.body =
        it->kind == CASE_OPEN ? (struct blob){it->body.data, it->body.length} : (struct blob){0};
    make_receipts(it);
    struct request_view view = view_of(&it->row);
    view.reason = it->reason;
    it->written = (struct store_written_request){
        .request.arena = it->arena,
        .row = it->row,
        .from = it->was,
        .idempotency = it->answer ? it->answer(it->answer_context, &view) : NULL,
        .receipts = &it->receipts};
    return true;
}

static void stored(struct store_request *request)
{
    struct desk_case *it = container_of(request, struct desk_case, written.request);
    if (request->result == RESULT_OK)
        it->row = it->written.row;
    case_finish(it, request->result, &request->error);
}

/* A row without a letter. */
static void store_row(struct desk_case *it, enum request_state state)
{
    if (!prepare(it, state))
        return;
    it->written.request.cb = stored;
    if (it->kind == CASE_OPEN)
        store_written_request_put(it->desk->config.store, &it->written);
    else
        store_written_request_change(it->desk->config.store, &it->written);
}

void case_needs_person(struct desk_case *it, const char *reason)
{
    struct error error;
    it->reason = reason;
    if (it->kind == CASE_OPEN) {
        store_row(it, REQUEST_NEEDS_PERSON);
        return;
    }
    error_set(&error, RESULT_CONFLICT, "/recipient_id",
              it->matches ? "There is no address on file for this person; close the request or "
                            "answer it in another way."
                          : "There is nobody of this recipient_id in the incident; check it.");
    case_finish(it, RESULT_CONFLICT, &error);
}

void case_park(struct desk_case *it)
{
    it->desk->parked = true;
    it->reason = "held";
    if (it->kind == CASE_RESUME)
        case_finish(it, RESULT_OK, NULL);
    else
        store_row(it, REQUEST_MATCHED);
}

/* ---- The letter. ---- */

static void send_letter(struct desk_case *it);

static void store_duplicate(struct desk_case *it, id first)
{
    it->row.duplicate_of = first;
    it->reason = "duplicate";
    store_row(it, REQUEST_DUPLICATE);
}

/* The first letter came back meanwhile: then this one may go. */
static void first_read(struct refresh *refresh)
{
    struct desk_case *it = container_of(refresh, struct desk_case, refresh);
    bool came_back = refresh->result == RESULT_OK && refresh->row.state > REQUEST_MAILED;
    if (came_back && !it->retried) {
        it->retried = true;
        send_letter(it);
        return;
    }
    store_duplicate(it, refresh->request);
}

static void letter_taken(struct delivery_request *request)
{
    struct desk_case *it = container_of(request, struct desk_case, letter.request);
    if (request->result == RESULT_OK) {
        it->row = it->written.row;
        case_finish(it, RESULT_OK, NULL);
        return;
    }
    if (request->result != RESULT_EXISTS || !it->written.existing) {
        case_finish(it, request->result, &request->error);
        return;
    }
    it->refresh = (struct refresh){
        .cb = first_read, .desk = it->desk, .arena = it->arena, .request = it->written.existing};
    refresh_start(&it->refresh);
}

static void send_letter(struct desk_case *it)
{
    if (!prepare(it, REQUEST_SENDING))
        return;
    it->letter = (struct delivery_letter){.request = {.cb = letter_taken, .arena = it->arena},
                                          .incident = it->row.incident,
                                          .number = it->match.number,
                                          .written = &it->written,
                                          .change = it->kind != CASE_OPEN,
                                          .street = it->letter_street};
    delivery_letter(it->desk->config.delivery, &it->letter);
}

void case_send(struct desk_case *it)
{
    send_letter(it);
}
