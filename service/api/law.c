/* law.c - POST /v1/law/evaluate: facts and counts of any scenario -> duties, channels, content.
 * Pure work of some milliseconds; nothing is stored, no incident is touched. */

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"
#include "service/law/law.h"

void law_evaluate_post(struct call *call)
{
    const struct law_rules *rules = call->api->config.rules;
    struct law_facts facts;
    struct law_result result;
    struct error error = {0};
    if (rules == NULL) {
        error_set(&error, RESULT_UNAVAILABLE, NULL,
                  "No rules are configured; ask the operator to set `rules`.");
        call_error(call, &error);
        return;
    }
    if (law_facts_read(call->json, call->arena, &facts, &error) != RESULT_OK) {
        call_error(call, &error);
        return;
    }
    if (!law_evaluate(rules, &facts, call->arena, &result)) {
        error_set(&error, RESULT_TOO_LARGE, NULL,
                  "The scenario is too large for one answer; ask for fewer places at once.");
        call_error(call, &error);
        return;
    }
    call_reply_json(call, 200, law_result_json(rules, &result));
    law_result_free(&result);
}
