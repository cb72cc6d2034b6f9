/* case.c - finds out whose request it is, and what may be done at once.
 *
 * The happy path: the incident is released, the person is found (by id, or by two data points that
 * match exactly one person), the letter goes to the address on file. Anything else needs a person.
 */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/requests/desk.h"

static void find_next(struct desk_case *it);
static void look_at_next(struct desk_case *it);

/* ---- What may be done, once it is known who asks. ---- */

static bool held(const struct desk_case *it)
{
    for (size_t i = 0; i < it->incident.n_waves; i++) {
        if (it->incident.waves[i].row.state == WAVE_HELD)
            return true;
    }
    return false;
}

/* Is there a street that a letter may go to; and is it the one that is asked for? Streets in the
 * hands of others are none. With `given` it becomes the letter's. */
static bool has_street(struct desk_case *it, const struct postal_address *given)
{
    struct recipient to;
    recipient_addressee(&it->match, &to);
    for (unsigned i = 0; i < recipient_contacts(&to, CONTACT_POSTAL); i++) {
        const struct contact street = recipient_contact(&to, CONTACT_POSTAL, i);
        if (street.compromised || (given && !request_same_address(given, &street.postal)))
            continue;
        it->letter_street = given ? (int)i : -1;
        return true;
    }
    return false;
}

static void conclude(struct desk_case *it)
{
    const struct postal_address *given = it->given ? it->given->address : NULL;
    if (it->matches == 0)
        case_needs_person(it, "not_identified");
    else if (it->matches > 1)
        case_needs_person(it, "ambiguous");
    else if (!has_street(it, NULL))
        case_needs_person(it, "no_address");
    else if (given && !has_street(it, given))
        case_needs_person(it, "new_address");
    else if (held(it))
        case_park(it);
    else
        case_send(it);
}

/* ---- Who it is. ---- */

static bool is_match(const struct desk_case *it)
{
    if (it->kind != CASE_OPEN || it->recipient_id || it->given->number)
        return true;
    return request_points(it->given, &it->person.recipient) >= 2;
}

static void person_read(struct delivery_request *request)
{
    struct desk_case *it = container_of(request, struct desk_case, person.request);
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        case_finish(it, request->result, &request->error);
        return;
    }
    if (request->result == RESULT_OK && is_match(it)) {
        it->matches++;
        it->match = it->person.recipient;
        it->match.number = it->candidates[it->at];
        it->seed = it->person.seed;
        it->incident_key = it->person.incident_key;
    }
    seal_key_wipe(&it->person.seed);
    seal_key_wipe(&it->person.incident_key);
    it->at++;
    look_at_next(it);
}

static void look_at_next(struct desk_case *it)
{
    if (it->at == it->n_candidates) {
        conclude(it);
        return;
    }
    it->person = (struct delivery_person){.request = {.cb = person_read, .arena = it->arena},
                                          .incident = it->row.incident,
                                          .number = it->candidates[it->at]};
    delivery_person(it->desk->config.delivery, &it->person);
}

static void add_candidate(struct desk_case *it, uint32_t number)
{
    for (size_t i = 0; i < it->n_candidates; i++) {
        if (it->candidates[i] == number)
            return;
    }
    if (it->n_candidates < CANDIDATES_MAX)
        it->candidates[it->n_candidates++] = number;
}

static void found(struct delivery_request *request)
{
    struct desk_case *it = container_of(request, struct desk_case, find.request);
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        case_finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; request->result == RESULT_OK && i < it->find.n; i++)
        add_candidate(it, it->find.numbers[i]);
    find_next(it);
}

/* The roster's index knows exact texts: people write an address in capitals, a number with blanks.
 */
static const char *lower_case(struct desk_case *it, const char *text)
{
    char *copy = text ? arena_strdup(it->arena, text) : NULL;
    if (copy)
        str_lower(copy);
    return copy && !str_equal(copy, text) ? copy : NULL;
}

static const char *as_dialled(struct desk_case *it, const char *text)
{
    char *copy = text ? arena_strdup(it->arena, text) : NULL;
    size_t n = 0;
    for (size_t i = 0; copy && copy[i]; i++) {
        if ((copy[i] >= '0' && copy[i] <= '9') || (copy[i] == '+' && n == 0))
            copy[n++] = copy[i];
    }
    if (copy)
        copy[n] = 0;
    return n ? copy : NULL;
}

enum { KEY_ID, KEY_ACCOUNT, KEY_EMAIL, KEY_PHONE }; /* kinds of roster keys: store.h */
enum { FIND_ID, FIND_ACCOUNT, FIND_EMAIL, FIND_EMAIL_LOWER, FIND_PHONE, FIND_STEPS };

/* What is looked up at a step, and as which kind; NULL: nothing. */
static const char *key_of(struct desk_case *it, unsigned step, uint8_t *ret_kind)
{
    static const uint8_t kinds[FIND_STEPS] = {KEY_ID, KEY_ACCOUNT, KEY_EMAIL, KEY_EMAIL, KEY_PHONE};
    *ret_kind = kinds[step];
    if (step == FIND_ID)
        return it->recipient_id;
    if (it->recipient_id || !it->given)
        return NULL;
    if (step == FIND_ACCOUNT)
        return it->given->account_id;
    if (step == FIND_EMAIL)
        return it->given->email;
    return step == FIND_EMAIL_LOWER ? lower_case(it, it->given->email)
                                    : as_dialled(it, it->given->phone);
}

static void find_next(struct desk_case *it)
{
    uint8_t kind = KEY_ID;
    const char *value = NULL;
    while (!value && it->find_step < FIND_STEPS)
        value = key_of(it, it->find_step++, &kind);
    if (!value) {
        look_at_next(it);
        return;
    }
    it->find = (struct delivery_find){.request = {.cb = found, .arena = it->arena},
                                      .incident = it->row.incident,
                                      .kind = kind,
                                      .value = value};
    delivery_find(it->desk->config.delivery, &it->find);
}

/* ---- The way in. ---- */

static bool released(const struct desk_case *it)
{
    return it->incident.n_waves > 0 && it->incident.waves[0].row.released_at != TIME_NONE;
}

static void incident_read(struct delivery_request *request)
{
    struct desk_case *it = container_of(request, struct desk_case, incident.request);
    struct error error = {0};
    if (request->result != RESULT_OK) {
        case_finish(it, request->result, &request->error);
        return;
    }
    json_object_put(it->incident.document);
    it->incident.document = NULL;
    it->row.incident_key = it->incident.row.key;
    if (!released(it)) {
        error_set(&error, RESULT_CONFLICT, NULL,
                  "The incident is not released yet; a written notice can be asked for from its "
                  "release on.");
        case_finish(it, RESULT_CONFLICT, &error);
    } else if (it->kind == CASE_RESUME) {
        it->candidates[it->n_candidates++] = (uint32_t)it->row.number;
        look_at_next(it);
    } else if (it->given && it->given->number) {
        add_candidate(it, *it->given->number);
        look_at_next(it);
    } else {
        find_next(it);
    }
}

void case_start(struct desk_case *it)
{
    buf_init(&it->body, 65536);
    it->incident = (struct delivery_incident_get){
        .request = {.cb = incident_read, .arena = it->arena}, .incident = it->row.incident};
    delivery_incident_get(it->desk->config.delivery, &it->incident);
}
