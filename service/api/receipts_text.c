/* receipts_text.c - receipts as JSON, NDJSON and CSV. NDJSON is the form to keep: CSV guards cells
 * against spreadsheets, which changes bytes. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/csv.h"

/* This module. */
#include "service/api/receipts_text.h"

/* Members of the leaf, then of the details, as columns; the names are the same. */
static const char *const leaf_columns[] = {
    "kind",     "event",  "day",  "incident", "wave",  "channel", "attempt", "outcome",
    "evidence", "status", "code", "reason",   "actor", "person",  "notice",  "facts"};
static const char *const detail_columns[] = {"at",       "recipient_id", "number",     "address",
                                             "provider", "provider_ref", "diagnostic", "note"};
enum {
    LEAF_N = sizeof leaf_columns / sizeof *leaf_columns,
    DETAIL_N = sizeof detail_columns / sizeof *detail_columns,
    COLUMNS_N = 1 + LEAF_N + DETAIL_N
};

static bool csv_header(struct buf *to)
{
    const char *cells[COLUMNS_N] = {"receipt_id"};
    memcpy(cells + 1, leaf_columns, sizeof leaf_columns);
    memcpy(cells + 1 + LEAF_N, detail_columns, sizeof detail_columns);
    return csv_write_row(to, cells, COLUMNS_N);
}

static struct json_object *parse(const char *text)
{
    struct json_object *json = NULL;
    if (!text || json_read(text, strlen(text), &json, NULL) != RESULT_OK)
        return NULL;
    return json;
}

/* A number is written into `room`; an object is shown as JSON. */
static const char *cell_of(struct json_object *json, const char *name, char room[24])
{
    struct json_object *value = json ? json_get(json, name) : NULL;
    if (json_object_is_type(value, json_type_string))
        return json_object_get_string(value);
    if (json_object_is_type(value, json_type_object))
        return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
    if (!json_object_is_type(value, json_type_int))
        return NULL;
    snprintf(room, 24, "%" PRId64, json_object_get_int64(value));
    return room;
}

static bool csv_row(struct buf *to, const struct delivery_receipt_item *item)
{
    const char *cells[COLUMNS_N] = {item->receipt_id};
    char room[COLUMNS_N][24];
    struct json_object *leaf = parse(item->leaf), *details = parse(item->details);
    for (size_t i = 0; i < LEAF_N; i++)
        cells[1 + i] = cell_of(leaf, leaf_columns[i], room[1 + i]);
    for (size_t i = 0; i < DETAIL_N; i++)
        cells[1 + LEAF_N + i] = cell_of(details, detail_columns[i], room[1 + LEAF_N + i]);
    bool good = csv_write_row(to, cells, COLUMNS_N);
    json_object_put(leaf);
    json_object_put(details);
    return good;
}

static bool json_item(struct buf *to, const struct delivery_receipt_item *item)
{
    return buf_puts(to, "{\"details\":") && buf_puts(to, str_or(item->details, "null")) &&
           buf_puts(to, ",\"receipt\":") && buf_puts(to, item->leaf) &&
           buf_puts(to, ",\"receipt_id\":") &&
           json_write_string(to, item->receipt_id, strlen(item->receipt_id)) && buf_putc(to, '}');
}

bool receipts_text_begin(struct buf *to, enum accept_type type)
{
    if (type == ACCEPT_CSV)
        return csv_header(to);
    return type != ACCEPT_JSON || buf_puts(to, "{\"items\":[");
}

bool receipts_text_add(struct buf *to, enum accept_type type,
                       const struct delivery_receipt_item *item, bool first)
{
    if (type == ACCEPT_CSV)
        return csv_row(to, item);
    if (type == ACCEPT_JSON && !first)
        buf_putc(to, ',');
    return json_item(to, item) && (type == ACCEPT_JSON || buf_putc(to, '\n'));
}

bool receipts_text_end(struct buf *to, enum accept_type type, const char *next)
{
    if (type != ACCEPT_JSON)
        return true;
    buf_puts(to, "],\"next\":");
    if (next)
        json_write_string(to, next, strlen(next));
    else
        buf_puts(to, "null");
    return buf_puts(to, "}\n");
}
