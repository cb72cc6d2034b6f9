/* routes.c - every door of the API in one place: method, path, who may, what body, which query. A
 * role that is not named gets 403; roles 0 is for everybody. openapi.yaml describes the same rows,
 * and a test holds the two together. */

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    /* Short names, for the table's sake. */
    RESP = ROLE_RESPONDER,
    APPR = ROLE_APPROVER,
    COMP = ROLE_COMPLIANCE,
    OPER = ROLE_OPERATOR,
    APP = ROLE_APP,
    ADMIN = ROLE_ADMIN,
    STAFF = RESP | APPR | COMP | OPER,
    ANYBODY = 0
};

#define HTTP_OF_BODY_NONE          HTTP_BODY_NONE
#define HTTP_OF_BODY_JSON          HTTP_BODY_WHOLE
#define HTTP_OF_BODY_JSON_OPTIONAL HTTP_BODY_WHOLE
#define HTTP_OF_BODY_MERGE_PATCH   HTTP_BODY_WHOLE
#define HTTP_OF_BODY_DOCUMENT      HTTP_BODY_STREAM
#define HTTP_OF_BODY_BYTES         HTTP_BODY_WHOLE
#define HTTP_OF_BODY_UPLOAD        HTTP_BODY_STREAM
#define ROUTE(verb, where, function, who, kind, max, names)                                        \
    {                                                                                              \
        .method = (verb), .path = (where), .handler = call_enter, .body = HTTP_OF_##kind,          \
        .body_max = (max), .data = &(const struct api_route)                                       \
        {                                                                                          \
            (function), (who), kind, (names), NULL                                                 \
        }                                                                                          \
    }

/* clang-format off */
static const struct http_route routes[] = {
    ROUTE("POST",   "/v1/incidents", incidents_post, RESP, BODY_DOCUMENT, 4 * MIB, ""),
    ROUTE("GET",    "/v1/incidents", incidents_list, STAFF | ADMIN, BODY_NONE, 0, "after,limit"),
    ROUTE("GET",    "/v1/incidents/{id}", incidents_get, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("PATCH",  "/v1/incidents/{id}", incidents_patch, RESP, BODY_MERGE_PATCH, 1 * MIB, ""),
    ROUTE("GET",    "/v1/incidents/{id}/notices", notices_list, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/incidents/{id}/notices/{version}", notice_get, STAFF | ADMIN, BODY_NONE, 0, ""),

    ROUTE("POST",   "/v1/incidents/{id}/waves", waves_post, RESP, BODY_JSON, 256 * KIB, ""),
    ROUTE("GET",    "/v1/incidents/{id}/waves", waves_list, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/incidents/{id}/waves/{ordinal}", wave_get, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/incidents/{id}/waves/{ordinal}/preview", preview_get, RESP | APPR | COMP, BODY_NONE, 0, "recipient,channel"),
    ROUTE("GET",    "/v1/incidents/{id}/waves/{ordinal}/rehearsal", rehearsal_get, RESP | APPR | COMP | OPER, BODY_NONE, 0, "limit"),
    ROUTE("GET",    "/v1/incidents/{id}/waves/{ordinal}/approvals", approvals_get, STAFF, BODY_NONE, 0, "people"),
    ROUTE("POST",   "/v1/incidents/{id}/waves/{ordinal}/approvals", approvals_post, APPR, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/waves/{ordinal}/release", release_post, RESP | APPR, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/waves/{ordinal}/hold", hold_post, STAFF, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/waves/{ordinal}/resume", resume_post, APPR | OPER, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/waves/{ordinal}/cancel", cancel_post, RESP | APPR | OPER, BODY_JSON_OPTIONAL, 4 * KIB, ""),

    ROUTE("GET",    "/v1/incidents/{id}/holds", holds_list, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/incidents/{id}/holds/{hold}/resume", hold_resume_post, APPR | OPER, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/facts", facts_post, RESP | APPR | COMP | OPER, BODY_JSON, 4 * KIB, ""),

    ROUTE("POST",   "/v1/incidents/{id}/recipients", recipients_post, RESP, BODY_UPLOAD, 0, "mode,expected_people"),
    ROUTE("PUT",    "/v1/incidents/{id}/recipients/parts/{n}", recipients_part_put, RESP, BODY_UPLOAD, 0, ""),
    ROUTE("POST",   "/v1/incidents/{id}/recipients/commit", recipients_commit, RESP, BODY_JSON, 4 * KIB, ""),
    ROUTE("GET",    "/v1/incidents/{id}/rejected", rejected_get, RESP | APPR | COMP | OPER, BODY_NONE, 0, "after,limit,undecided"),
    ROUTE("POST",   "/v1/incidents/{id}/rejected/decisions", rejected_decide, APPR, BODY_JSON, 16 * KIB, ""),
    ROUTE("GET",    "/v1/incidents/{id}/roster", roster_get, RESP | APPR | COMP | OPER, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/incidents/{id}/uploads/{upload}/discard", upload_discard_post, RESP, BODY_JSON, 4 * KIB, ""),
    ROUTE("GET",    "/v1/incidents/{id}/reconciliation", reconciliation_get, STAFF, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/incidents/{id}/warnings", warnings_get, RESP | APPR | COMP | OPER, BODY_NONE, 0, "after,limit"),
    ROUTE("GET",    "/v1/incidents/{id}/recipients/{recipient_id}", person_get, RESP | COMP | OPER, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/incidents/{id}/recipients/{recipient_id}/decision", person_decide, APPR | OPER, BODY_JSON, 4 * KIB, ""),

    ROUTE("GET",    "/v1/incidents/{id}/preview", preview_get, RESP | APPR | COMP, BODY_NONE, 0, "recipient,channel"),
    ROUTE("GET",    "/v1/incidents/{id}/rehearsal", rehearsal_get, RESP | APPR | COMP | OPER, BODY_NONE, 0, "limit"),
    ROUTE("GET",    "/v1/incidents/{id}/approvals", approvals_get, STAFF, BODY_NONE, 0, "wave,people"),
    ROUTE("GET",    "/v1/incidents/{id}/samples", samples_get, STAFF, BODY_NONE, 0, "wave,variant"),
    ROUTE("GET",    "/v1/incidents/{id}/progress", progress_route, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/incidents/{id}/approvals", approvals_post, APPR, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/release", release_post, RESP | APPR, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/hold", hold_post, STAFF, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/resume", resume_post, APPR | OPER, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/waves/{n}/continue", wave_continue_post, RESP | APPR, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/cancel", cancel_post, RESP | APPR | OPER, BODY_JSON_OPTIONAL, 4 * KIB, ""),

    ROUTE("POST",   "/v1/incidents/{id}/review", review_post, APPR, BODY_JSON_OPTIONAL, 4 * KIB, ""),

    ROUTE("PUT",    "/v1/preferences", preferences_put, OPER | COMP | APP, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/preferences/lookup", preferences_lookup, OPER | COMP | APP, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/recipients/erasures", erasures_post, COMP | ADMIN, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/backups", backups_post, OPER | ADMIN, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("GET",    "/v1/backups", backups_get_all, OPER | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/backups/{name}", backup_get, ADMIN, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/preflight", preflight_post, OPER | ADMIN, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("GET",    "/v1/preflight", preflight_get, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/restores", restores_get, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/restores/people", restore_people_get, APPR | COMP | OPER | ADMIN, BODY_NONE, 0, "after"),
    ROUTE("POST",   "/v1/restores/approve", restore_approve_post, APPR | ADMIN, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/erasure", incident_erasure_post, COMP | ADMIN, BODY_JSON, 4 * KIB, ""),
    ROUTE("GET",    "/v1/incidents/{id}/retention", retention_get, STAFF | ADMIN, BODY_NONE, 0, ""),
    ROUTE("PUT",    "/v1/incidents/{id}/retention", retention_put, COMP | ADMIN, BODY_JSON, 4 * KIB, ""),

    ROUTE("GET",    "/v1/incidents/{id}/evidence", evidence_get, RESP | COMP | OPER | ADMIN, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/incidents/{id}/plan", plan_post, STAFF, BODY_JSON_OPTIONAL, 4 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/duties/{key}", duty_post, STAFF, BODY_JSON, 8 * KIB, ""),
    ROUTE("POST",   "/v1/incidents/{id}/decisions-not-to-notify", not_notifying_post, APPR, BODY_JSON, 8 * KIB, ""),
    ROUTE("GET",    "/v1/obligations", obligations_get, STAFF | ADMIN, BODY_NONE, 0, "limit"),
    ROUTE("POST",   "/v1/law/evaluate", law_evaluate_post, STAFF | ADMIN, BODY_JSON, 256 * KIB, ""),

    ROUTE("GET",    "/v1/receipts", receipts_get, STAFF | ADMIN, BODY_NONE, 0, "incident,recipient,after,limit"),

    ROUTE("GET",    "/v1/receipts/{id}/proof", receipt_proof_get, STAFF | ADMIN, BODY_NONE, 0, ""),

    ROUTE("GET",    "/log/checkpoint", log_checkpoint_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/log/key", log_key_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/log/tile/{path...}", log_tile_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/log/tile/entries/{path...}", log_entries_get, COMP | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/log/consistency", log_consistency_get, ANYBODY, BODY_NONE, 0, "from,to,shard"),
    ROUTE("GET",    "/log/shards/{shard}/checkpoint", log_checkpoint_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/log/shards/{shard}/tile/{path...}", log_tile_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/log/shards/{shard}/tile/entries/{path...}", log_entries_get, COMP | ADMIN, BODY_NONE, 0, ""),
    ROUTE("GET",    "/v1/log/shards", log_shards_get, ANYBODY, BODY_NONE, 0, ""),

    ROUTE("POST",   "/v1/reports/{channel}/{provider}", report_post, ANYBODY, BODY_BYTES, 64 * KIB, NULL),
    ROUTE("GET",    "/v1/reports/{channel}/{provider}", report_post, ANYBODY, BODY_NONE, 0, NULL),

    ROUTE("GET",    "/v1/accounts/{account_id}/banners", banners_get, APP, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/banners/{id}/events", banner_event_post, APP, BODY_JSON, 4 * KIB, ""),

    ROUTE("POST",   "/v1/written-notice-requests", written_requests_post, RESP | COMP | OPER | APP, BODY_JSON, 16 * KIB, ""),
    ROUTE("GET",    "/v1/written-notice-requests", written_requests_list, RESP | COMP | OPER, BODY_NONE, 0, "incident,after,limit"),
    ROUTE("GET",    "/v1/written-notice-requests/{id}", written_request_get, RESP | COMP | OPER, BODY_NONE, 0, ""),
    ROUTE("POST",   "/v1/written-notice-requests/{id}/decision", written_request_decide, OPER, BODY_JSON, 4 * KIB, ""),

    ROUTE("POST",   "/v1/tokens", tokens_post, ADMIN, BODY_JSON, 4 * KIB, ""),
    ROUTE("POST",   "/v1/tokens/claim", token_claim_post, ANYBODY, BODY_JSON, 4 * KIB, ""),
    ROUTE("GET",    "/v1/tokens", tokens_list, ADMIN, BODY_NONE, 0, ""),
    ROUTE("DELETE", "/v1/tokens/{id}", token_delete, ADMIN, BODY_NONE, 0, ""),

    ROUTE("GET",    "/v1/openapi.yaml", openapi_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/problems/{slug}", problem_get, ANYBODY, BODY_NONE, 0, ""),
    ROUTE("GET",    "/healthz", healthz_get, ANYBODY, BODY_NONE, 0, NULL),
    ROUTE("GET",    "/readyz", readyz_get, ANYBODY, BODY_NONE, 0, NULL),
    ROUTE("GET",    "/metrics", metrics_get, ANYBODY, BODY_NONE, 0, NULL),
};
/* clang-format on */

const struct http_route *api_routes(size_t *ret_n)
{
    *ret_n = sizeof routes / sizeof *routes;
    return routes;
}
