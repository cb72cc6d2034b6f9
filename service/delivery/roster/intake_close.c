/* intake_close.c - the end of an upload: its counts, what was found in the file and its receipts
 * become durable in one transaction, or nothing of it is kept.
 *
 * Failure modes: the digest is not the one announced, the store refuses, the client went away. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/roster/intake_private.h"

void intake_finished(struct intake *intake)
{
    const struct intake_config config = intake->config;
    struct intake_counts counts = intake->counts;
    const struct error error = intake->error;
    enum result result = intake->result;
    counts.sheet = intake->shape_text.length > 0 ? intake->shape_text.data : NULL;
    counts.wrong = intake->wrong;
    counts.n_wrong = intake->n_wrong;
    config.finished(config.context, result, &counts, &error);
    intake_free(intake);
}

static void on_upload_closed(struct store_request *request)
{
    struct store_upload *upload = container_of(request, struct store_upload, request);
    struct intake *intake = container_of(upload, struct intake, upload);
    intake_fail(intake, request->result, &request->error);
    if (request->result == RESULT_OK && upload->commit) /* parts count when they are committed */
        intake->delivery->stats.recipients_accepted += (uint64_t)intake->counts.accepted;
    intake_finished(intake);
}

static void on_upload_aborted(struct store_request *request)
{
    struct store_upload *upload = container_of(request, struct store_upload, request);
    intake_finished(container_of(upload, struct intake, upload));
}

/* A correction that is wrong too leaves the row it would correct open, and is none of its own. */
static int64_t kept_rejects(const struct intake *intake)
{
    return intake->config.mode == UPLOAD_REPAIR ? 0 : intake->counts.rejected;
}

static void add_accepted_receipt(struct intake *intake)
{
    char digest[DIGEST_TEXT_SIZE], actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    hex_encode(digest, intake->counts.digest, DIGEST_SIZE);
    json_object_object_add(facts, "accepted", json_object_new_int64(intake->counts.accepted));
    json_object_object_add(facts, "duplicates", json_object_new_int64(intake->counts.duplicates));
    json_object_object_add(facts, "manifest", json_object_new_string(digest));
    if (intake->config.part > 0) /* counts when the parts are committed */
        json_object_object_add(facts, "part", json_object_new_int64(intake->config.part));
    json_object_object_add(facts, "rejected", json_object_new_int64(kept_rejects(intake)));
    json_object_object_add(facts, "warnings", json_object_new_int64(intake->counts.warnings));
    const struct receipt receipt = {.kind = RECEIPT_ROSTER_ACCEPTED,
                                    .at = delivery_now(intake->delivery),
                                    .incident = intake->config.incident,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, intake->config.principal),
                                    .facts = facts};
    receipt_batch_add(&intake->receipts, &intake->dossier->key, &receipt);
    json_object_put(facts);
}

static void add_facts(struct intake *intake, enum receipt_kind kind, const char *reason,
                      struct json_object *facts)
{
    char actor[ID_TEXT_SIZE];
    const struct receipt receipt = {.kind = kind,
                                    .at = delivery_now(intake->delivery),
                                    .incident = intake->config.incident,
                                    .outcome = -1,
                                    .reason = reason,
                                    .actor = delivery_principal(actor, intake->config.principal),
                                    .facts = facts};
    receipt_batch_add(&intake->receipts, &intake->dossier->key, &receipt);
    json_object_put(facts);
}

/* One for what a replacement takes out, one for every row that was corrected. */
static void add_consequences(struct intake *intake)
{
    char upload[ID_TEXT_SIZE];
    int64_t accepted = 0, uploads = 0;
    for (size_t i = 0; i < intake->others.n; i++) {
        const struct upload_info *other = &intake->others.uploads[i];
        uploads += other->state != UPLOAD_DISCARDED;
        accepted += other->state != UPLOAD_DISCARDED ? other->accepted : 0;
    }
    if (uploads > 0) {
        struct json_object *facts = json_object_new_object();
        json_object_object_add(facts, "accepted", json_object_new_int64(accepted));
        json_object_object_add(facts, "uploads", json_object_new_int64(uploads));
        add_facts(intake, RECEIPT_ROSTER_DISCARDED, "replaced", facts);
    }
    id_format(upload, "upl", intake->upload.upload);
    for (size_t i = 0; i < intake->n_repairs; i++) {
        struct json_object *facts = json_object_new_object();
        json_object_object_add(facts, "row", json_object_new_int64(intake->repairs[i]));
        json_object_object_add(facts, "upload", json_object_new_string(upload));
        add_facts(intake, RECEIPT_ROW_REPAIRED, NULL, facts);
    }
}

/* ---- What was found in the file. ---- */

static struct json_object *columns_json(const struct recipient_columns *columns)
{
    struct json_object *list = json_object_new_array();
    struct sheet_column column;
    for (unsigned i = 0; recipient_columns_get(columns, i, &column); i++) {
        struct json_object *item = json_object_new_object();
        json_object_object_add(item, "alias", json_object_new_boolean(column.alias));
        json_object_object_add(item, "column", json_object_new_string(column.column));
        json_object_object_add(item, "header", json_object_new_string(column.header));
        json_object_array_add(list, item);
    }
    return list;
}

static const char *delimiter_name(char delimiter)
{
    return delimiter == ','    ? "comma"
           : delimiter == ';'  ? "semicolon"
           : delimiter == '\t' ? "tab"
                               : "bar";
}

/* NDJSON has no shape: it is UTF-8 by its definition. */
static void write_shape(struct intake *intake)
{
    if (intake->reader == NULL)
        return;
    const struct sheet_report report = sheet_reader_report(intake->reader);
    struct json_object *json = json_object_new_object();
    json_object_object_add(json, "columns", columns_json(intake->columns));
    json_object_object_add(json, "delimiter",
                           json_object_new_string(delimiter_name(report.delimiter)));
    json_object_object_add(json, "delimiter_evidence",
                           json_object_new_string(report.delimiter_evidence));
    json_object_object_add(json, "encoding",
                           json_object_new_string(sheet_charset_name(report.charset)));
    json_object_object_add(json, "encoding_evidence",
                           json_object_new_string(report.charset_evidence));
    json_write(&intake->shape_text, json);
    json_object_put(json);
    seal_add(&intake->shape_sealed, &intake->dossier->key, UPLOAD_SHAPE_BOUND,
             intake->shape_text.data, intake->shape_text.length);
    intake->upload.shape = (struct blob){intake->shape_sealed.data, intake->shape_sealed.length};
}

static void check_digest(struct intake *intake)
{
    sha256_end(&intake->sha, intake->counts.digest);
    if (intake->config.digest != NULL &&
        memcmp(intake->config.digest, intake->counts.digest, DIGEST_SIZE) != 0) {
        intake->result = error_set(&intake->error, RESULT_INVALID, "Content-Digest",
                                   "The bytes that arrived do not have this digest; send the part "
                                   "again.");
    }
}

static void keep_upload(struct intake *intake)
{
    struct store_upload *upload = &intake->upload;
    upload->request.cb = on_upload_closed;
    upload->repairs = intake->repairs;
    upload->n_repairs = intake->n_repairs;
    write_shape(intake);
    add_accepted_receipt(intake);
    add_consequences(intake);
    receipt_batch_finish(&intake->receipts);
    memcpy(upload->digest, intake->counts.digest, DIGEST_SIZE);
    upload->accepted = intake->counts.accepted;
    upload->duplicates = intake->counts.duplicates;
    upload->rejected = intake->counts.rejected;
    upload->warnings = intake->counts.warnings;
    upload->expected = intake->config.expected;
    upload->commit = intake->config.part == 0;
    upload->at = delivery_now(intake->delivery);
    upload->receipts = &intake->receipts;
    intake->counts.upload = upload->upload;
    intake->counts.repaired = (int64_t)upload->n_repairs;
    intake->counts.wrong = intake->wrong;
    intake->counts.n_wrong = intake->n_wrong;
    intake->counts.sheet = intake->shape_text.length > 0 ? intake->shape_text.data : NULL;
    if (intake->config.idempotency != NULL)
        upload->idempotency = intake->config.idempotency(intake->config.context, &intake->counts);
    store_upload_close(intake->delivery->config.store, upload);
}

/* A replacement says which uploads go. */
static void on_others(struct store_request *request)
{
    struct store_upload_list *list = container_of(request, struct store_upload_list, request);
    struct intake *intake = container_of(list, struct intake, others);
    keep_upload(intake);
}

void intake_close(struct intake *intake)
{
    struct store_upload *upload = &intake->upload;
    intake->closing = true;
    if (intake->result == RESULT_OK)
        check_digest(intake);
    upload->request.result = RESULT_OK;
    if (intake->result != RESULT_OK) {
        upload->request.cb = on_upload_aborted;
        store_upload_abort(intake->delivery->config.store, upload);
        return;
    }
    if (intake->config.mode != UPLOAD_REPLACE) {
        keep_upload(intake);
        return;
    }
    intake->list_arena = arena_create(64 << 20);
    intake->others =
        (struct store_upload_list){.request = {.cb = on_others, .arena = intake->list_arena},
                                   .incident = intake->config.incident};
    store_upload_list(intake->delivery->config.store, &intake->others);
}
