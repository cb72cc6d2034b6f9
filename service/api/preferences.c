/* preferences.c - what is known of people beyond one incident: PUT /v1/preferences says it, POST
 * /v1/preferences/lookup asks. An address is in the body, never in a URL: those are logged. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/people/preference.h"

struct preferring {
    struct call *call;
    struct delivery_preference preference;
};

#define WHOSE                                                                                      \
    {"email", MEMBER_LINE, 254, false, NULL}, {"phone", MEMBER_LINE, 16, false, NULL},             \
        {"account_id", MEMBER_LINE, 128, false, NULL},                                             \
    {                                                                                              \
        "address", MEMBER_OBJECT, 0, false, NULL                                                   \
    }
static const struct member_rule whose_members[] = {WHOSE};
static const struct member_rule put_members[] = {
    WHOSE,
    {"paper", MEMBER_BOOL, 0, false, NULL},
    {"dead", MEMBER_BOOL, 0, false, NULL},
    {"stop", MEMBER_BOOL, 0, false, NULL},
};
static const struct member_rule address_members[] = {
    {"line1", MEMBER_LINE, 200, true, NULL},       {"line2", MEMBER_LINE, 200, false, NULL},
    {"city", MEMBER_LINE, 100, true, NULL},        {"region", MEMBER_LINE, 100, false, NULL},
    {"postal_code", MEMBER_LINE, 20, false, NULL}, {"country", MEMBER_LINE, 2, true, NULL},
};

static void shown(struct delivery_request *request)
{
    struct preferring *it = container_of(request, struct preferring, preference.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    for (unsigned i = 0; i < PREFERENCES_N; i++) {
        const struct preference_state *state = &it->preference.states[i];
        struct json_object *one = NULL;
        if (state->set) {
            one = json_object_new_object();
            out_time(one, "since", state->since);
            out_text(one, "source", state->source);
        }
        json_object_object_add(json, preference_name((enum preference_word)i), one);
    }
    call_reply_json(it->call, 200, json);
}

static void check_street(struct json_object *json, struct findings *findings)
{
    struct json_object *street = json_get(json, "address");
    if (street != NULL && json_object_is_type(street, json_type_object))
        json_check(street, "/address", MEMBER_RULES(address_members), findings);
}

/* Exactly one of them says whose it is. */
static void check_whose(struct json_object *json, struct findings *findings)
{
    unsigned n = 0;
    for (size_t i = 0; i < sizeof whose_members / sizeof *whose_members; i++)
        n += json_get(json, whose_members[i].name) != NULL;
    if (n != 1)
        findings_add(findings, "", "email",
                     "Name one of email, phone, address and account_id; a preference is of one.");
    const char *email = json_get_string(json, "email"), *phone = json_get_string(json, "phone");
    if (email && !address_check_email(email))
        findings_add(findings, "", "email", "It is no email address; correct it.");
    if (phone && !address_check_phone(phone))
        findings_add(findings, "", "phone", "It must be E.164 like +14155550123; correct it.");
    check_street(json, findings);
}

static void take_key(struct delivery *delivery, struct json_object *json,
                     struct preference_key *ret_key)
{
    static const char *const names[] = {"email", "phone", NULL, "account_id"};
    struct json_object *street = json_get(json, "address");
    if (street != NULL) {
        const struct postal_address address = {.line1 = json_get_string(street, "line1"),
                                               .line2 = json_get_string(street, "line2"),
                                               .city = json_get_string(street, "city"),
                                               .postal_code =
                                                   json_get_string(street, "postal_code"),
                                               .country = json_get_string(street, "country")};
        delivery_preference_street(delivery, &address, ret_key);
        return;
    }
    for (unsigned kind = 0; kind < 4; kind++) {
        const char *value = names[kind] == NULL ? NULL : json_get_string(json, names[kind]);
        if (value != NULL)
            delivery_preference_key(delivery, kind, value, ret_key);
    }
}

static int want(struct json_object *json, enum preference_word word)
{
    struct json_object *value = json_get(json, preference_name(word));
    return value == NULL ? -1 : json_object_get_boolean(value);
}

static void start(struct call *call, bool change)
{
    struct delivery *delivery = call->api->config.delivery;
    struct preferring *it = arena_new(call->arena, struct preferring);
    it->call = call;
    it->preference = (struct delivery_preference){
        .request = {.cb = shown, .arena = call->arena},
        .change = change,
        .source = call->roles & ROLE_APP ? "person" : "operator",
        .principal = call->principal,
    };
    for (unsigned i = 0; i < PREFERENCES_N; i++)
        it->preference.want[i] = want(call->json, (enum preference_word)i);
    take_key(delivery, call->json, &it->preference.key);
    delivery_preference(delivery, &it->preference);
}

void preferences_put(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(put_members), &findings);
    check_whose(call->json, &findings);
    if (want(call->json, PREFER_PAPER) < 0 && want(call->json, PREFER_DEAD) < 0 &&
        want(call->json, PREFER_STOP) < 0)
        findings_add(&findings, "", "paper",
                     "Nothing is said; name paper, dead or stop, each true or false.");
    if (json_get(call->json, "account_id") &&
        (want(call->json, PREFER_DEAD) > 0 || want(call->json, PREFER_STOP) > 0))
        findings_add(&findings, "", "account_id",
                     "An account has no address to be dead or stopped; name the address.");
    if (findings.total)
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
    else
        start(call, true);
}

void preferences_lookup(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(whose_members), &findings);
    check_whose(call->json, &findings);
    if (findings.total)
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
    else
        start(call, false);
}
