/* decide.c - a person decides on a request that the desk could not settle: a letter to somebody's
 * address on file, or an end with a reason. */

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/requests/desk.h"

struct deciding {
    struct requests *desk;
    struct requests_decide *decide;
    struct refresh refresh;
    struct store_written_request close;
    struct receipt_batch receipts;
};

static void end(struct deciding *it, enum result result, const struct error *error)
{
    struct requests_decide *decide = it->decide;
    decide->result = result;
    if (error)
        decide->error = *error;
    mem_free(it);
    decide->cb(decide);
}

/* ---- Close. ---- */

static void closed(struct store_request *request)
{
    struct deciding *it = container_of(request, struct deciding, close.request);
    receipt_batch_free(&it->receipts);
    it->decide->view = view_of(&it->close.row);
    it->decide->view.reason = it->decide->close_reason;
    end(it, request->result, &request->error);
}

static void add_receipt(struct deciding *it, time_ms at)
{
    char request[ID_TEXT_SIZE], actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "request",
                           json_object_new_string(id_format(request, "req", it->decide->request)));
    receipt_batch_init(&it->receipts, it->refresh.row.incident, 0, 0);
    receipt_batch_add(&it->receipts, NULL,
                      &(struct receipt){.kind = RECEIPT_REQUEST_CLOSED,
                                        .at = at,
                                        .incident = it->refresh.row.incident,
                                        .outcome = -1,
                                        .reason = it->decide->close_reason,
                                        .actor = id_format(actor, "tok", it->decide->principal),
                                        .facts = facts});
    receipt_batch_finish(&it->receipts);
    json_object_put(facts);
}

static void close_request(struct deciding *it)
{
    it->close =
        (struct store_written_request){.request = {.cb = closed, .arena = it->decide->arena},
                                       .row = it->refresh.row,
                                       .from = it->refresh.row.state,
                                       .receipts = &it->receipts};
    it->close.row.state = REQUEST_CLOSED;
    it->close.row.changed_at = desk_now(it->desk);
    it->close.row.body = (struct blob){0};
    add_receipt(it, it->close.row.changed_at);
    store_written_request_change(it->desk->config.store, &it->close);
}

/* ---- Send. ---- */

static void sent(struct desk_case *case_, enum result result, const struct error *error)
{
    struct deciding *it = case_->context;
    it->decide->view = view_of(&case_->row);
    it->decide->view.reason = case_->reason;
    end(it, result, error);
}

static void send_letter(struct deciding *it)
{
    struct desk_case *case_ = mem_new(struct desk_case);
    case_->kind = CASE_DECIDE;
    case_->desk = it->desk;
    case_->arena = it->decide->arena;
    case_->principal = it->decide->principal;
    case_->recipient_id = it->decide->recipient_id;
    case_->row = it->refresh.row;
    case_->was = it->refresh.row.state;
    case_->done = sent;
    case_->context = it;
    case_start(case_);
}

static void request_read(struct refresh *refresh)
{
    struct deciding *it = container_of(refresh, struct deciding, refresh);
    struct error error = {0};
    if (refresh->result != RESULT_OK) {
        end(it, refresh->result, &refresh->error);
        return;
    }
    enum request_state wanted = it->decide->close_reason ? REQUEST_CLOSED : REQUEST_SENDING;
    if (!sm_allowed(&request_states, refresh->row.state, wanted)) {
        error_set(&error, RESULT_CONFLICT, NULL,
                  "The request is %s; this cannot be decided for it now.",
                  sm_name(&request_states, refresh->row.state));
        end(it, RESULT_CONFLICT, &error);
    } else if (wanted == REQUEST_CLOSED) {
        close_request(it);
    } else {
        send_letter(it);
    }
}

void requests_decide(struct requests *desk, struct requests_decide *decide)
{
    struct deciding *it = mem_new(struct deciding);
    it->desk = desk;
    it->decide = decide;
    it->refresh = (struct refresh){
        .cb = request_read, .desk = desk, .arena = decide->arena, .request = decide->request};
    refresh_start(&it->refresh);
}
