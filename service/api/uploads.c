/* uploads.c - rosters: POST .../recipients, PUT .../recipients/parts/{n}, POST
 * .../recipients/commit.
 *
 * The happy path: intake opens, the body streams through it with its backpressure (a pause there
 * stops the reading here, and TCP the client), it finishes with counts, they are the answer. When
 * the client goes away everything of this upload is forgotten. A part that is stored already, and a
 * request whose Idempotency-Key is known, are read to their end, compared by digest, and answered
 * as before. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/content_digest.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/api/upload_head.h"
#include "service/delivery/roster/intake.h"

struct upload {
    struct call *call;
    id incident;
    unsigned part; /* 0: whole */
    bool has_digest;
    uint8_t digest[DIGEST_SIZE]; /* expected */
    struct upload_head head;
    struct intake *intake;
    struct sha256_stream *hash;  /* reading to the end, to compare */
    struct intake_counts stored; /* of a part that is there already */
    bool gone;                   /* the body did not come to its end */
    const char *answer;
    size_t answer_length;
};

/* ---- The answer. ---- */

/* Of corrections: how many rows are settled, and which are wrong again. */
static void add_repairs(struct json_object *json, const struct intake_counts *counts)
{
    struct json_object *wrong = json_object_new_array();
    for (size_t i = 0; i < counts->n_wrong; i++) {
        struct json_object *row = json_object_new_object();
        out_int(row, "line", counts->wrong[i].line);
        out_text(row, "field", counts->wrong[i].field);
        out_text(row, "reason", counts->wrong[i].reason);
        json_object_array_add(wrong, row);
    }
    out_int(json, "repaired", counts->repaired);
    json_object_object_add(json, "still_wrong", wrong);
}

static bool make_answer(struct upload *upload, const struct intake_counts *counts)
{
    char id_text[ID_TEXT_SIZE], hex[DIGEST_TEXT_SIZE], path[96];
    struct json_object *json = json_object_new_object();
    id_format(id_text, "inc", upload->incident);
    hex_encode(hex, counts->digest, DIGEST_SIZE);
    snprintf(path, sizeof path, "/v1/incidents/%s/rejected", id_text);
    out_text(json, "incident", id_text);
    if (upload->part)
        out_int(json, "part", upload->part);
    out_int(json, "accepted", counts->accepted);
    out_int(json, "duplicates", counts->duplicates);
    out_int(json, "rejected", counts->rejected);
    out_int(json, "warnings", counts->warnings);
    out_text(json, "sha256", hex);
    out_text(json, "rejected_rows", path);
    snprintf(path, sizeof path, "/v1/incidents/%s/warnings", id_text);
    out_text(json, "warning_rows", path);
    if (counts->upload)
        out_id(json, "upload", "upl", counts->upload);
    if (counts->sheet)
        out_json(json, "sheet", counts->sheet);
    if (upload->head.mode == UPLOAD_REPAIR)
        add_repairs(json, counts);
    upload->answer = json_text_of(upload->call->arena, json, &upload->answer_length);
    return upload->answer != NULL;
}

static void reply_counts(struct upload *upload, int status, const struct intake_counts *counts)
{
    if (make_answer(upload, counts))
        call_reply(upload->call, &(struct call_reply){.status = status,
                                                      .type = "application/json",
                                                      .bytes = upload->answer,
                                                      .length = upload->answer_length});
    else
        call_problem(upload->call, HTTP_PROBLEM_INTERNAL, NULL,
                     "The answer could not be made; read the incident instead.");
}

static int status_of(const struct upload *upload)
{
    return upload->part ? 201 : 200;
}

static const struct idempotency *stored_answer(void *context, const struct intake_counts *counts)
{
    struct upload *upload = context;
    if (!make_answer(upload, counts))
        return NULL;
    return idempotency_record(upload->call, &(struct idempotency_reply){
                                                .status = status_of(upload),
                                                .body = upload->answer,
                                                .length = upload->answer_length,
                                                .digest = counts->digest,
                                            });
}

/* ---- The body through intake. ---- */

static enum http_flow chunk(void *context, const void *bytes, size_t length)
{
    struct upload *upload = context;
    return intake_write(upload->intake, bytes, length) ? HTTP_CONTINUE : HTTP_PAUSE;
}

static void body_end(void *context, bool complete)
{
    struct upload *upload = context;
    if (complete) {
        intake_end(upload->intake);
        return;
    }
    upload->gone = true;
    intake_abort(upload->intake);
}

static void drained(void *context)
{
    struct upload *upload = context;
    http_resume(upload->call->http);
}

static void finished(void *context, enum result result, const struct intake_counts *counts,
                     const struct error *error)
{
    struct upload *upload = context;
    upload->intake = NULL;
    if (result == RESULT_OK)
        reply_counts(upload, status_of(upload), counts);
    else if (upload->gone || result == RESULT_CANCELED)
        call_problem(upload->call, HTTP_PROBLEM_TIMEOUT, NULL,
                     "The body did not arrive whole, nothing of it was kept; send it again, in "
                     "parts if the line is bad.");
    else
        call_error(upload->call, error);
}

/* ---- The body read only to be compared. ---- */

static enum http_flow hash_chunk(void *context, const void *bytes, size_t length)
{
    struct upload *upload = context;
    sha256_add(upload->hash, bytes, length);
    return HTTP_CONTINUE;
}

static void compare_part(struct upload *upload, const uint8_t digest[DIGEST_SIZE])
{
    if (memcmp(digest, upload->digest, DIGEST_SIZE) == 0)
        reply_counts(upload, 200, &upload->stored);
    else
        call_problem(upload->call, HTTP_PROBLEM_INVALID_CONTENT, "Content-Digest",
                     "The body is not the one of Content-Digest; send the part again.");
}

static void hash_end(void *context, bool complete)
{
    struct upload *upload = context;
    uint8_t digest[DIGEST_SIZE];
    sha256_end(&upload->hash, digest);
    if (!complete)
        call_problem(upload->call, HTTP_PROBLEM_TIMEOUT, NULL,
                     "The body did not arrive whole; send it again.");
    else if (upload->call->idempotency.stored)
        idempotency_replay(upload->call, digest);
    else
        compare_part(upload, digest);
}

static void read_to_compare(struct upload *upload)
{
    upload->hash = sha256_begin();
    http_request_stream(
        upload->call->http,
        &(struct http_body_sink){.chunk = hash_chunk, .end = hash_end, .context = upload});
}

/* ---- The way in. ---- */

static void opened(void *context, enum result result, const struct intake_counts *counts,
                   const struct error *error)
{
    struct upload *upload = context;
    if (result == RESULT_OK) {
        http_request_stream(
            upload->call->http,
            &(struct http_body_sink){.chunk = chunk, .end = body_end, .context = upload});
        return;
    }
    upload->intake = NULL;
    if (result == RESULT_EXISTS && upload->part && counts) {
        upload->stored = *counts;
        memcpy(upload->stored.digest, upload->digest, DIGEST_SIZE);
        read_to_compare(upload);
        return;
    }
    call_error(upload->call, error);
}

static void begin(struct upload *upload)
{
    struct call *call = upload->call;
    upload->intake = intake_begin(
        call->api->config.delivery,
        &(struct intake_config){.incident = upload->incident,
                                .part = upload->part,
                                .format = upload->head.format,
                                .charset = upload->head.charset,
                                .mode = upload->head.mode,
                                .expected = upload->head.expected,
                                .early = true,
                                .digest = upload->has_digest ? upload->digest : NULL,
                                .principal = call->principal,
                                .opened = opened,
                                .drained = drained,
                                .idempotency = call->idempotency.used ? stored_answer : NULL,
                                .finished = finished,
                                .context = upload});
}

static bool read_digest(struct upload *upload)
{
    const char *header = http_request_header(upload->call->http, "Content-Digest");
    if (!header && !upload->part)
        return true;
    upload->has_digest = header && content_digest_parse(header, upload->digest);
    if (upload->has_digest)
        return true;
    call_problem(upload->call, HTTP_PROBLEM_INVALID_PARAMETER, "Content-Digest",
                 "Give the SHA-256 of the body as sha-256=:<base64>: (RFC 9530).");
    return false;
}

/* NULL: answered already. */
static struct upload *upload_make(struct call *call, unsigned part)
{
    id incident = call_path_id(call, "id", "inc");
    struct upload_head head;
    if (!incident || !upload_head_read(call, &head))
        return NULL;
    struct upload *upload = arena_new(call->arena, struct upload);
    upload->call = call;
    upload->incident = incident;
    upload->part = part;
    upload->head = head;
    return read_digest(upload) ? upload : NULL;
}

static void post_keyed(struct call *call)
{
    struct upload *upload = upload_make(call, 0);
    if (!upload)
        return;
    if (call->idempotency.stored)
        read_to_compare(upload);
    else
        begin(upload);
}

void recipients_post(struct call *call)
{
    idempotency_enter(call, post_keyed);
}

void recipients_part_put(struct call *call)
{
    enum { PARTS_MAX = 100000 };
    uint64_t part = 0;
    if (!parse_u64(str_or(http_request_param(call->http, "n"), ""), &part) || part < 1 ||
        part > PARTS_MAX) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "n",
                     "A part's number lies between 1 and 100000; correct the path.");
        return;
    }
    struct upload *upload = upload_make(call, (unsigned)part);
    if (upload)
        begin(upload);
}

/* ---- Commit. ---- */

struct commit {
    struct call *call;
    struct delivery_roster_commit commit;
};

static void committed(struct delivery_request *request)
{
    struct commit *it = container_of(request, struct commit, commit.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->commit.incident);
    out_int(json, "parts", it->commit.parts);
    out_int(json, "accepted", it->commit.counts.accepted);
    out_int(json, "duplicates", it->commit.counts.duplicates);
    out_int(json, "rejected", it->commit.counts.rejected);
    out_int(json, "warnings", it->commit.counts.warnings);
    call_reply_json(it->call, 200, json);
}

static const struct member_rule commit_members[] = {
    {"parts", MEMBER_INT, 100000, true, NULL},
    {"count", MEMBER_INT, UINT32_MAX, false, NULL},
    {"expected_people", MEMBER_INT, UINT32_MAX, false, NULL},
};

void recipients_commit(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(commit_members), &findings);
    int64_t parts = json_get_int(call->json, "parts", 0);
    if (!findings.total && parts < 1)
        findings_add(&findings, "", "parts", "At least one part is needed; upload it first.");
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct commit *it = arena_new(call->arena, struct commit);
    it->call = call;
    it->commit =
        (struct delivery_roster_commit){.request = {.cb = committed, .arena = call->arena},
                                        .incident = incident,
                                        .parts = (unsigned)parts,
                                        .count = json_get_int(call->json, "count", -1),
                                        .expected = json_get_int(call->json, "expected_people", 0),
                                        .principal = call->principal};
    delivery_roster_commit(call->api->config.delivery, &it->commit);
}
