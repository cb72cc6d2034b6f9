/* refresh.c - a request's state follows its letter: what the letter's chunk says of its one member.
 * Done when the request is read, and before a second letter is refused. */

/* This module. */
#include "service/requests/desk.h"

static void end(struct refresh *it, enum result result, const struct error *error)
{
    it->result = result;
    if (error)
        it->error = *error;
    it->cb(it);
}

static void changed(struct store_request *request)
{
    struct refresh *it = container_of(request, struct refresh, change.request);
    /* CONFLICT: somebody else brought it up to date; the next reading shows it. */
    if (request->result == RESULT_OK) {
        it->row.state = it->change.row.state;
        it->row.changed_at = it->change.row.changed_at;
    }
    end(it, RESULT_OK, NULL);
}

static enum request_state state_of(unsigned member, enum request_state now)
{
    switch (member & MEMBER_STATE_MASK) {
    case MEMBER_ACCEPTED:
    case MEMBER_DELIVERED:
    case MEMBER_DISPLAYED:
    case MEMBER_ACKNOWLEDGED:
        return REQUEST_MAILED;
    case MEMBER_BOUNCED:
    case MEMBER_RETURNED:
        return REQUEST_RETURNED;
    case MEMBER_FAILED:
    case MEMBER_CANCELED:
    case MEMBER_ASKED:
        return now == REQUEST_SENDING ? REQUEST_NEEDS_PERSON : REQUEST_RETURNED;
    default:
        return now;
    }
}

static enum request_state letter_state(const struct refresh *it)
{
    enum request_state state = it->row.state;
    for (size_t i = 0; i < it->chunk.n; i++) {
        const struct chunk_row *chunk = &it->chunk.rows[i];
        for (unsigned k = 0; k < chunk->n; k++) {
            if ((int64_t)chunk->members[k] == it->row.number)
                state = state_of(chunk->progress[k], it->row.state);
        }
    }
    return state;
}

static void letter_read(struct store_request *request)
{
    struct refresh *it = container_of(request, struct refresh, chunk.request);
    enum request_state state = request->result == RESULT_OK ? letter_state(it) : it->row.state;
    if (state == it->row.state || !sm_allowed(&request_states, it->row.state, state)) {
        end(it, RESULT_OK, NULL);
        return;
    }
    it->change = (struct store_written_request){
        .request = {.cb = changed, .arena = it->arena}, .row = it->row, .from = it->row.state};
    it->change.row.state = state;
    it->change.row.changed_at = desk_now(it->desk);
    it->change.row.body = (struct blob){0};
    store_written_request_change(it->desk->config.store, &it->change);
}

static void found(struct store_request *request)
{
    struct refresh *it = container_of(request, struct refresh, get.request);
    if (request->result != RESULT_OK) {
        end(it, request->result, &request->error);
        return;
    }
    it->row = it->get.row;
    bool follows = it->row.state == REQUEST_SENDING || it->row.state == REQUEST_MAILED;
    if (!follows || !it->row.wave || it->row.number < 0) {
        end(it, RESULT_OK, NULL);
        return;
    }
    it->chunk = (struct store_chunk_get){.request = {.cb = letter_read, .arena = it->arena},
                                         .wave = it->row.wave,
                                         .number = (uint32_t)it->row.number};
    store_chunk_get(it->desk->config.store, &it->chunk);
}

void refresh_start(struct refresh *it)
{
    it->get = (struct store_written_request){.request = {.cb = found, .arena = it->arena},
                                             .row.id = it->request};
    store_written_request_get(it->desk->config.store, &it->get);
}
