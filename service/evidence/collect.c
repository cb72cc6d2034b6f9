/* collect.c - on the lane: a page of receipts becomes lines of receipts.ndjson, receipts.csv and
 * openings.ndjson, and is counted. Leaves are written as they are stored: they are what the log
 * hashed. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/csv.h"

/* This module. */
#include "service/evidence/evidence_private.h"

static const char *const leaf_columns[] = {
    "kind",     "event",  "day",  "incident", "wave",  "channel", "attempt", "outcome",
    "evidence", "status", "code", "reason",   "actor", "person",  "notice",  "facts"};
static const char *const detail_columns[] = {"at",       "recipient_id", "number",     "address",
                                             "provider", "provider_ref", "diagnostic", "note"};
enum {
    LEAF_N = sizeof leaf_columns / sizeof *leaf_columns,
    DETAIL_N = sizeof detail_columns / sizeof *detail_columns,
    COLUMNS_N = 2 + LEAF_N + DETAIL_N
};

struct collector {
    struct evidence_export *evidence;
    const struct receipt_row *row;
    uint64_t first; /* index of the row's first leaf */
    unsigned shard; /* in which log */
    struct seal_key seeds[ROSTER_BLOCK];
    int64_t seeds_block;
    struct buf line, details;
};

void collect_begin(struct evidence_export *evidence)
{
    const char *cells[COLUMNS_N] = {"receipt_id", "log_index"};
    struct buf line;
    struct bundle *bundle = &evidence->bundle;
    const bool openings = evidence->request.openings;
    buf_init(&line, SIZE_MAX);
    evidence->receipts = bundle_add(bundle, "receipts.ndjson");
    evidence->csv = bundle_add(bundle, "receipts.csv");
    if (openings)
        evidence->openings = bundle_add(bundle, "openings.ndjson");
    evidence->people = bundle_add(bundle, "people.ndjson");
    if (evidence->log.there)
        evidence->proofs = bundle_add(bundle, "log/nodes.ndjson");
    memcpy(cells + 2, leaf_columns, sizeof leaf_columns);
    memcpy(cells + 2 + LEAF_N, detail_columns, sizeof detail_columns);
    csv_write_row(&line, cells, openings ? COLUMNS_N : 2 + LEAF_N);
    spool_add(evidence->csv, line.data, line.length);
    buf_free(&line);
}

/* ---- 1: whom the page is about. ---- */

static void collect_number(void *context, const struct receipt_view *view)
{
    struct collector *collector = context;
    struct evidence_export *evidence = collector->evidence;
    uint32_t number = receipt_details_number(view, collector->row->batch, &evidence->dossier->key);
    if (number == UINT32_MAX)
        return;
    if (evidence->n_numbers % 1024 == 0)
        evidence->numbers =
            mem_resize(evidence->numbers, evidence->n_numbers + 1024, sizeof(*evidence->numbers));
    evidence->numbers[evidence->n_numbers++] = number;
}

static int number_compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

void collect_numbers(struct lane_job *job, unsigned thread)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    struct collector collector = {.evidence = evidence};
    (void)thread;
    evidence->n_numbers = 0;
    if (!evidence->request.openings || evidence->dossier == NULL)
        return;
    for (size_t i = 0; i < evidence->list.n; i++) {
        collector.row = &evidence->list.rows[i];
        receipt_batch_read(collector.row->leaves.data, collector.row->leaves.length,
                           collector.row->details.data, collector.row->details.length,
                           collect_number, &collector);
    }
    if (evidence->n_numbers > 0)
        qsort(evidence->numbers, evidence->n_numbers, sizeof(*evidence->numbers), number_compare);
}

/* ---- 2: lines. ---- */

static const struct seal_key *seed_of(struct collector *collector, uint32_t number)
{
    const struct evidence_export *evidence = collector->evidence;
    const int64_t block = number / ROSTER_BLOCK;
    if (number == UINT32_MAX)
        return NULL;
    for (size_t i = 0; collector->seeds_block != block && i < evidence->read.n; i++)
        if (evidence->read.blocks[i].block == block &&
            roster_open_seeds(&evidence->read.blocks[i], &evidence->dossier->key, collector->seeds))
            collector->seeds_block = block;
    return collector->seeds_block == block ? &collector->seeds[number % ROSTER_BLOCK] : NULL;
}

static void count(struct evidence_export *evidence, struct json_object *leaf)
{
    const char *kind = str_or(json_get_string(leaf, "kind"), "unknown");
    const char *day = str_or(json_get_string(leaf, "day"), "");
    const char *says = json_get_string(leaf, "evidence");
    struct tally *tally = evidence->tally;
    tally_add(tally, TALLY_RECEIPTS, kind, "", 1);
    tally_add(tally, TALLY_DAYS, day, "receipts", 1);
    if (str_equal(kind, "attempt")) {
        tally_add(tally, TALLY_ATTEMPTS, json_get_string(leaf, "channel"),
                  str_or(json_get_string(leaf, "outcome"), "unknown"), 1);
        tally_add(tally, TALLY_DAYS, day, "attempts", 1);
    }
    if (str_equal(kind, "told"))
        tally_add(tally, TALLY_DAYS, day, "told", 1);
    if (says != NULL && evidence_find(says) > 0 &&
        evidence_negative((enum evidence)evidence_find(says)))
        tally_add(tally, TALLY_DAYS, day, "negative", 1);
    if (evidence->first_day[0] == 0 || strcmp(day, evidence->first_day) < 0)
        (void)str_copy(evidence->first_day, sizeof(evidence->first_day), day);
    if (strcmp(day, evidence->last_day) > 0)
        (void)str_copy(evidence->last_day, sizeof(evidence->last_day), day);
}

static const char *cell_of(struct json_object *json, const char *name, char room[24])
{
    struct json_object *value = json_get(json, name);
    if (json_object_is_type(value, json_type_string))
        return json_object_get_string(value);
    if (json_object_is_type(value, json_type_object))
        return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
    if (!json_object_is_type(value, json_type_int))
        return NULL;
    snprintf(room, 24, "%" PRId64, json_object_get_int64(value));
    return room;
}

struct line {
    const char *receipt;
    char index[24]; /* "" outside the log */
    struct json_object *leaf, *details;
};

static void write_csv(struct collector *collector, const struct line *line)
{
    const char *cells[COLUMNS_N] = {line->receipt, line->index};
    char room[COLUMNS_N][24];
    const bool openings = collector->evidence->request.openings;
    for (size_t i = 0; i < LEAF_N; i++)
        cells[2 + i] = cell_of(line->leaf, leaf_columns[i], room[2 + i]);
    for (size_t i = 0; i < DETAIL_N && openings; i++)
        cells[2 + LEAF_N + i] = cell_of(line->details, detail_columns[i], room[2 + LEAF_N + i]);
    buf_clear(&collector->line);
    csv_write_row(&collector->line, cells, openings ? COLUMNS_N : 2 + LEAF_N);
    spool_add(collector->evidence->csv, collector->line.data, collector->line.length);
}

static void write_receipt(struct collector *collector, const struct receipt_view *view,
                          const struct line *line)
{
    buf_clear(&collector->line);
    buf_printf(&collector->line, "{\"index\":%s,\"leaf\":", line->index[0] ? line->index : "null");
    buf_add(&collector->line, view->leaf, view->leaf_length);
    buf_printf(&collector->line, ",\"receipt\":\"%s\"", line->receipt);
    if (line->index[0] && collector->shard != collector->evidence->log.shard)
        buf_printf(&collector->line, ",\"shard\":%u", collector->shard);
    buf_puts(&collector->line, "}\n");
    spool_add(collector->evidence->receipts, collector->line.data, collector->line.length);
}

/* Decisions of people about the whole incident: who, what, when. */
static void note_decision(struct evidence_export *evidence, const struct line *line)
{
    static const char *const kinds[] = {"incident_opened", "roster_accepted",  "approved",
                                        "approval_voided", "released",         "held",
                                        "resumed",         "canceled",         "settled",
                                        "erased",          "keeping",          "exported",
                                        "wave_opened",     "incident_changed", "hold_placed",
                                        "hold_lifted",     "resume_asked",     "regulator_told",
                                        "break_glass",     "reviewed",         "approval_refused",
                                        "seed_sent",       "brake_waiting",    "brake_stopped",
                                        "brake_resumed",   "roster_discarded", "row_repaired",
                                        "row_waived",      "plan_made",        "duty_done",
                                        "duty_overridden", "not_notified"};
    const char *kind = json_get_string(line->leaf, "kind");
    const char *actor = json_get_string(line->leaf, "actor"), *name = NULL;
    const char *at = json_get_string(line->details, "at");
    bool wanted = json_get_string(line->leaf, "person") == NULL;
    for (size_t i = 0; wanted && !str_equal(kind, kinds[i]); i++)
        wanted = i + 1 < sizeof(kinds) / sizeof(kinds[0]);
    if (!wanted || json_object_array_length(evidence->decisions) >= 10000)
        return;
    const id principal = actor == NULL ? 0 : id_parse(actor, "tok");
    for (size_t i = 0; i < evidence->tokens.n; i++)
        if (principal != 0 && evidence->tokens.tokens[i].id == principal)
            name = evidence->tokens.tokens[i].name;
    struct json_object *entry = json_object_new_object();
    json_object_object_add(entry, "action", json_object_new_string(kind));
    json_object_object_add(entry, "at", at ? json_object_new_string(at) : NULL);
    json_object_object_add(entry, "leaf", json_object_get(line->leaf));
    json_object_object_add(entry, "name", name ? json_object_new_string(name) : NULL);
    json_object_object_add(entry, "receipt", json_object_new_string(line->receipt));
    json_object_array_add(evidence->decisions, entry);
}

/* A person whom the plan left out stands in no chunk: kept for the people's page. */
static void note_left_out(struct collector *collector, const struct receipt_view *view,
                          struct json_object *leaf)
{
    struct evidence_export *evidence = collector->evidence;
    const char *kind = json_get_string(leaf, "kind");
    const bool withheld = str_equal(kind, "withheld");
    if (collector->row->chunk != 0 || evidence->dossier == NULL ||
        (!withheld && !str_equal(kind, "unreachable")))
        return;
    struct left_out out = {
        .withheld = withheld,
        .number = receipt_details_number(view, collector->row->batch, &evidence->dossier->key)};
    (void)str_copy(out.reason, sizeof(out.reason),
                   str_or(json_get_string(leaf, "reason"), "unknown"));
    if (out.number == UINT32_MAX)
        return;
    if (evidence->n_left_out == evidence->left_out_capacity) {
        evidence->left_out_capacity = evidence->left_out_capacity * 2 + 256;
        evidence->left_out = mem_resize(evidence->left_out, evidence->left_out_capacity,
                                        sizeof(*evidence->left_out));
    }
    evidence->left_out[evidence->n_left_out++] = out;
}

static bool open_details(struct collector *collector, const struct receipt_view *view)
{
    struct evidence_export *evidence = collector->evidence;
    const struct seal_key *key = evidence->dossier == NULL ? NULL : &evidence->dossier->key;
    const struct seal_key *seed = NULL;
    buf_clear(&collector->details);
    if (key != NULL && evidence->request.openings)
        seed = seed_of(collector, receipt_details_number(view, collector->row->batch, key));
    return receipt_details_open(&collector->details, view, collector->row->batch, key, seed);
}

static void write_opening(struct collector *collector, const struct line *line)
{
    struct evidence_export *evidence = collector->evidence;
    buf_clear(&collector->line);
    buf_puts(&collector->line, "{\"details\":");
    buf_add(&collector->line, collector->details.data, collector->details.length);
    buf_printf(&collector->line, ",\"line\":%" PRIu64 ",\"receipt\":\"%s\"}\n",
               evidence->n_receipts, line->receipt);
    spool_add(evidence->openings, collector->line.data, collector->line.length);
    evidence->n_openings++;
}

static void collect_one(void *context, const struct receipt_view *view)
{
    struct collector *collector = context;
    struct evidence_export *evidence = collector->evidence;
    char batch[ID_TEXT_SIZE], receipt[48];
    struct line line = {.receipt = receipt};
    snprintf(receipt, sizeof(receipt), "%s.%u", id_format(batch, "rct", collector->row->batch),
             view->slot);
    if (json_read(view->leaf, view->leaf_length, &line.leaf, NULL) != RESULT_OK) {
        evidence->failed = true;
        return;
    }
    if (collector->first != UINT64_MAX)
        snprintf(line.index, sizeof(line.index), "%" PRIu64, collector->first + view->slot);
    else
        evidence->outside_log++;
    const bool opened = open_details(collector, view);
    if (opened)
        (void)json_read(collector->details.data, collector->details.length, &line.details, NULL);
    evidence->n_receipts++;
    count(evidence, line.leaf);
    write_receipt(collector, view, &line);
    write_csv(collector, &line);
    if (opened && evidence->request.openings)
        write_opening(collector, &line);
    note_decision(evidence, &line);
    note_left_out(collector, view, line.leaf);
    json_object_put(line.details);
    json_object_put(line.leaf);
}

void collect_receipts(struct lane_job *job, unsigned thread)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    struct collector collector = {.evidence = evidence, .seeds_block = -1};
    (void)thread;
    buf_init(&collector.line, SIZE_MAX);
    buf_init(&collector.details, SIZE_MAX);
    for (size_t i = 0; i < evidence->list.n && !evidence->failed; i++) {
        collector.row = &evidence->list.rows[i];
        collector.first = evidence->indexes[i];
        collector.shard = evidence->shards[i];
        proof_span(evidence, collector.shard, collector.first, collector.row->n);
        if (receipt_batch_read(collector.row->leaves.data, collector.row->leaves.length,
                               collector.row->details.data, collector.row->details.length,
                               collect_one, &collector) != RESULT_OK)
            evidence->failed = true;
    }
    explicit_bzero(collector.seeds, sizeof(collector.seeds));
    buf_wipe(&collector.line);
    buf_wipe(&collector.details);
}
