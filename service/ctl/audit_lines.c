/* audit_lines.c - receipts, openings, people and nodes, a line at a time. The leaf is hashed as the
 * bytes that stand there; a small scanner reads the few members that are counted, because a parser
 * that builds objects would take longer than the hashes. */
/* System. */
#include <inttypes.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/audit.h"

/* ---- A scanner of one flat, canonical object. ---- */

struct scan {
    const char *at, *end;
};

/* Behind the closing quote of a string that begins at `at`; NULL: cut. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return NULL;
}

/* Behind any value; NULL: cut. */
static const char *value_end(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = string_end(at, end);
            if (at == NULL)
                return NULL;
            if (depth == 0)
                return at;
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']') {
            if (depth == 0)
                return at;
            if (--depth == 0)
                return at + 1;
        } else if (*at == ',' && depth == 0) {
            return at;
        }
        at++;
    }
    return NULL;
}

struct member {
    struct slice key, value; /* value with its quotes */
};

/* The next member; false at the end. `*bad` when it is no object. */
static bool next_member(struct scan *scan, struct member *member, bool *bad)
{
    if (scan->at < scan->end && *scan->at == '}')
        return false;
    const char *key = scan->at + 1;
    const char *after = scan->at < scan->end && (*scan->at == '{' || *scan->at == ',') &&
                                key < scan->end && *key == '"'
                            ? string_end(key, scan->end)
                            : NULL;
    if (after == NULL || after >= scan->end || *after != ':') {
        *bad = !(key < scan->end && *scan->at == '{' && *key == '}');
        return false;
    }
    const char *value = after + 1, *end = value_end(value, scan->end);
    if (end == NULL || end == value) {
        *bad = true;
        return false;
    }
    member->key = (struct slice){key + 1, (size_t)(after - key) - 2};
    member->value = (struct slice){value, (size_t)(end - value)};
    scan->at = end;
    return true;
}

/* The text of a string without escapes, into `to`; "" otherwise. */
static void take_word(struct slice value, char to[64])
{
    to[0] = 0;
    if (value.length < 2 || value.data[0] != '"' || value.length - 2 >= 64 ||
        memchr(value.data, '\\', value.length) != NULL)
        return;
    memcpy(to, value.data + 1, value.length - 2);
    to[value.length - 2] = 0;
}

/* ---- Counting. ---- */

static void add_count(struct audit *audit, const char *group, const char *name, const char *column)
{
    struct json_object *to = json_get(audit->counts, group), *value;
    if (to == NULL) {
        to = json_object_new_object();
        json_object_object_add(audit->counts, group, to);
    }
    if (column != NULL) {
        struct json_object *row = json_get(to, name);
        if (row == NULL) {
            row = json_object_new_object();
            json_object_object_add(to, name, row);
        }
        to = row;
        name = column;
    }
    value = json_get(to, name);
    if (value == NULL)
        json_object_object_add(to, name, json_object_new_int64(1));
    else
        json_object_int_inc(value, 1);
}

/* ---- Receipts. ---- */

void audit_leaf_members(struct slice leaf, const char *const *names, size_t n, struct slice *values)
{
    struct scan scan = {leaf.data, leaf.data + leaf.length};
    struct member member;
    bool bad = false;
    while (next_member(&scan, &member, &bad))
        for (size_t i = 0; i < n; i++)
            if (names[i][0] == member.key.data[0] && slice_equal(member.key, names[i]))
                values[i] = member.value;
}

struct leaf {
    char kind[64], day[64], channel[64], outcome[64], evidence[64], incident[64];
    struct slice facts;
    bool committed;
    uint8_t commitment[DIGEST_SIZE];
};

static bool scan_leaf(struct slice text, struct leaf *leaf)
{
    const struct {
        const char *key;
        char *to;
    } words[] = {{"kind", leaf->kind},         {"day", leaf->day},
                 {"channel", leaf->channel},   {"outcome", leaf->outcome},
                 {"incident", leaf->incident}, {"evidence", leaf->evidence}};
    struct scan scan = {text.data, text.data + text.length};
    struct member member;
    bool bad = false;
    while (next_member(&scan, &member, &bad)) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (slice_equal(member.key, words[i].key))
                take_word(member.value, words[i].to);
        if (slice_equal(member.key, "facts"))
            leaf->facts = member.value;
        if ((slice_equal(member.key, "person") || slice_equal(member.key, "details")) &&
            member.value.length == 2 + 2 * (size_t)DIGEST_SIZE)
            leaf->committed = hex_decode(leaf->commitment, DIGEST_SIZE, member.value.data + 1,
                                         2 * (size_t)DIGEST_SIZE) == DIGEST_SIZE;
    }
    return !bad && scan.at + 1 == scan.end && leaf->kind[0] != 0 && leaf->day[0] != 0;
}

/* A whole upload counts by itself; parts count when they are committed, all that were stored since
 * the last time. */
static void count_roster(struct audit *audit, struct json_object *facts)
{
    const int64_t accepted = json_get_int(facts, "accepted", 0);
    audit->parts_named = audit->parts_named || json_get(facts, "part") != NULL;
    if (json_get(facts, "parts") != NULL) {
        audit->parts_committed = true;
        audit->rows_accepted += audit->rows_waiting;
        audit->rows_waiting = 0;
    } else if (json_get(facts, "part") != NULL) {
        audit->rows_waiting += accepted;
    } else {
        audit->rows_accepted += accepted;
    }
}

static void count_receipt(struct audit *audit, const struct leaf *leaf)
{
    add_count(audit, "receipts", leaf->kind, NULL);
    add_count(audit, "days", leaf->day, "receipts");
    if (str_equal(leaf->kind, "attempt")) {
        add_count(audit, "attempts", leaf->channel, leaf->outcome[0] ? leaf->outcome : "unknown");
        add_count(audit, "days", leaf->day, "attempts");
    }
    if (str_equal(leaf->kind, "told"))
        add_count(audit, "days", leaf->day, "told");
    if (str_equal(leaf->evidence, "failed") || str_equal(leaf->evidence, "bounced") ||
        str_equal(leaf->evidence, "returned"))
        add_count(audit, "days", leaf->day, "negative");
    if (str_equal(leaf->kind, "roster_accepted")) {
        struct json_object *facts = NULL;
        if (json_read(leaf->facts.data, leaf->facts.length, &facts, NULL) == RESULT_OK)
            count_roster(audit, facts);
        json_object_put(facts);
    }
    if (str_equal(leaf->kind,
                  "roster_discarded")) { /* its people went, some duplicates came back */
        struct json_object *facts = NULL;
        if (json_read(leaf->facts.data, leaf->facts.length, &facts, NULL) == RESULT_OK)
            audit->rows_accepted +=
                json_get_int(facts, "revived", 0) - json_get_int(facts, "accepted", 0);
        json_object_put(facts);
    }
}

void audit_keep_leaf(struct audit *audit, unsigned shard, uint64_t index, struct slice text)
{
    if (audit->n_leaves == audit->leaves_capacity) {
        audit->leaves_capacity = audit->leaves_capacity * 2 + 4096;
        audit->leaves = mem_resize(audit->leaves, audit->leaves_capacity, sizeof(*audit->leaves));
    }
    struct audit_leaf *leaf = &audit->leaves[audit->n_leaves++];
    leaf->index = index;
    leaf->shard = shard;
    merkle_leaf(&leaf->hash, text.data, text.length);
}

static void keep_commitment(struct audit *audit, const struct leaf *leaf)
{
    const size_t at = audit->receipts;
    if (at >= audit->commitments_capacity) {
        audit->commitments_capacity = audit->commitments_capacity * 2 + 4096;
        audit->commitments = mem_resize(audit->commitments, audit->commitments_capacity,
                                        sizeof(*audit->commitments));
    }
    if (leaf->committed)
        memcpy(audit->commitments[at].commitment, leaf->commitment, DIGEST_SIZE);
    else
        memset(audit->commitments[at].commitment, 0, DIGEST_SIZE);
    audit->commitments[at].told = str_equal(leaf->kind, "told");
}

/* Digits as they stand; false: another thing. */
static bool take_number(struct slice value, uint64_t *to)
{
    char digits[24];
    if (value.length == 0 || value.length >= sizeof(digits))
        return false;
    memcpy(digits, value.data, value.length);
    digits[value.length] = 0;
    return parse_u64(digits, to);
}

/* {"index":12,"leaf":{...},"receipt":"rct_..."}: where each part lies. */
static bool split_receipt(const char *line, size_t length, struct audit_row *row, uint64_t *shard)
{
    struct scan scan = {line, line + length};
    struct member member;
    bool bad = false, receipt = false;
    while (next_member(&scan, &member, &bad)) {
        if (slice_equal(member.key, "index"))
            row->index = member.value;
        else if (slice_equal(member.key, "leaf"))
            row->leaf = member.value;
        else if (slice_equal(member.key, "shard"))
            bad = bad || !take_number(member.value, shard) || *shard == 0 || *shard > UINT16_MAX;
        else
            receipt = slice_equal(member.key, "receipt");
        if (slice_equal(member.key, "receipt"))
            row->receipt = member.value;
    }
    return !bad && receipt && row->index.length > 0 && row->leaf.length > 1 &&
           row->leaf.data[0] == '{' && scan.at + 1 == scan.end;
}

static bool tell_line(struct audit *audit, const char *line, size_t length)
{
    audit->receipts++;
    if (audit->line_at < audit->n_lines && audit->lines[audit->line_at] == audit->receipts) {
        audit->line_at++;
        buf_add(&audit->told, line, length);
        buf_putc(&audit->told, '\n');
    }
    return true;
}

bool audit_receipt(struct audit *audit, const char *line, size_t length)
{
    struct audit_row row = {0};
    struct leaf leaf = {0};
    char digits[24];
    uint64_t at, shard = 0;
    if (audit->telling)
        return tell_line(audit, line, length);
    if (!split_receipt(line, length, &row, &shard) || !scan_leaf(row.leaf, &leaf))
        return audit_wrong(audit, "receipts.ndjson, line %" PRIu64 ": not a receipt",
                           audit->receipts + 1);
    const struct slice index = row.index;
    if (slice_equal(index, "null")) {
        audit->outside++;
    } else {
        if (index.length >= sizeof(digits))
            return audit_wrong(audit, "receipts.ndjson, line %" PRIu64 ": not an index",
                               audit->receipts + 1);
        memcpy(digits, index.data, index.length);
        digits[index.length] = 0;
        if (!parse_u64(digits, &at))
            return audit_wrong(audit, "receipts.ndjson, line %" PRIu64 ": not an index",
                               audit->receipts + 1);
        audit_keep_leaf(audit, (unsigned)shard, at, row.leaf);
    }
    keep_commitment(audit, &leaf);
    audit->commitments[audit->receipts].row = audit_csv_expect(audit, &row);
    audit->receipts++;
    count_receipt(audit, &leaf);
    return true;
}

/* ---- Openings: SHA-256(salt || details without the salt) is the leaf's commitment. ---- */

static bool hash_opening(struct slice details, struct slice salt, uint8_t digest[DIGEST_SIZE])
{
    uint8_t bytes[64];
    /* The salt is the last member: `,"salt":"..."}` or, alone, `"salt":"..."}`. */
    const char *start = salt.data - strlen("\"salt\":");
    const bool alone = start == details.data + 1;
    const long n =
        salt.length < 2 ? -1 : hex_decode(bytes, sizeof(bytes), salt.data + 1, salt.length - 2);
    if (n <= 0 || salt.data + salt.length + 1 != details.data + details.length)
        return false;
    struct sha256_stream *stream = sha256_begin();
    sha256_add(stream, bytes, (size_t)n);
    sha256_add(stream, details.data, (size_t)((alone ? start : start - 1) - details.data));
    sha256_add(stream, "}", 1);
    sha256_end(&stream, digest);
    return true;
}

struct details {
    struct slice salt, recipient, number;
};

static void note_told(struct audit *audit, struct slice number)
{
    uint64_t n;
    if (!take_number(number, &n) || n > UINT32_MAX)
        return;
    const size_t at = (size_t)n / 8;
    if (at >= audit->told_bytes) {
        const size_t size = at * 2 + 1024;
        audit->told_numbers = mem_resize(audit->told_numbers, size, 1);
        memset(audit->told_numbers + audit->told_bytes, 0, size - audit->told_bytes);
        audit->told_bytes = size;
    }
    audit->told_numbers[at] |= (uint8_t)(1 << (n % 8));
}

static bool is_told(const struct audit *audit, struct slice number)
{
    uint64_t n;
    return take_number(number, &n) && n / 8 < audit->told_bytes &&
           (audit->told_numbers[n / 8] >> (n % 8) & 1);
}

static bool scan_details(struct slice details, struct details *found)
{
    struct scan scan = {details.data, details.data + details.length};
    struct member member;
    bool bad = false;
    while (next_member(&scan, &member, &bad)) {
        if (slice_equal(member.key, "salt"))
            found->salt = member.value;
        if (slice_equal(member.key, "recipient_id"))
            found->recipient = member.value;
        if (slice_equal(member.key, "number"))
            found->number = member.value;
    }
    return !bad && scan.at + 1 == scan.end;
}

static bool is_recipient(const struct audit *audit, struct slice value)
{
    struct buf quoted;
    bool same;
    if (audit->recipient == NULL || value.length == 0)
        return false;
    buf_init(&quoted, SIZE_MAX);
    json_write_string(&quoted, audit->recipient, strlen(audit->recipient));
    same = quoted.length == value.length && memcmp(quoted.data, value.data, value.length) == 0;
    buf_free(&quoted);
    return same;
}

static void keep_opening(struct audit *audit, struct slice line_text, uint64_t line)
{
    if (audit->n_lines % 64 == 0)
        audit->lines = mem_resize(audit->lines, audit->n_lines + 64, sizeof(*audit->lines));
    audit->lines[audit->n_lines++] = line;
    buf_add(&audit->opened, line_text.data, line_text.length);
    buf_putc(&audit->opened, '\n');
}

/* Where the details of an opening lie, and the line of the receipt that it opens. */
static bool split_opening(const char *line, size_t length, struct slice *details, uint64_t *at)
{
    struct scan scan = {line, line + length};
    struct member member;
    struct slice number = {0};
    bool bad = false;
    while (next_member(&scan, &member, &bad)) {
        if (slice_equal(member.key, "details"))
            *details = member.value;
        if (slice_equal(member.key, "line"))
            number = member.value;
    }
    return !bad && scan.at + 1 == scan.end && details->length >= 2 && take_number(number, at) &&
           *at > 0;
}

bool audit_opening(struct audit *audit, const char *line, size_t length)
{
    static const uint8_t none[DIGEST_SIZE];
    struct slice text = {0};
    struct details details = {0};
    uint8_t digest[DIGEST_SIZE];
    uint64_t at = 0;
    audit->openings++;
    if (!split_opening(line, length, &text, &at) || at > audit->receipts ||
        !scan_details(text, &details))
        return audit_wrong(audit, "openings.ndjson, line %" PRIu64 ": not an opening",
                           audit->openings);
    const struct audit_line *receipt = &audit->commitments[at - 1];
    const bool committed = memcmp(receipt->commitment, none, DIGEST_SIZE) != 0;
    if (committed != (details.salt.length > 0) ||
        (committed && (!hash_opening(text, details.salt, digest) ||
                       memcmp(digest, receipt->commitment, DIGEST_SIZE) != 0)))
        return audit_wrong(audit,
                           "openings.ndjson, line %" PRIu64 ": it does not open what the receipt "
                           "in line %" PRIu64 " commits to",
                           audit->openings, at);
    if (receipt->told)
        note_told(audit, details.number);
    if (is_recipient(audit, details.recipient))
        keep_opening(audit, (struct slice){line, length}, at);
    return true;
}

/* ---- People. ---- */

bool audit_person(struct audit *audit, const char *line, size_t length)
{
    char channel[64] = "", says[64] = "", jurisdiction[64] = "", state[64] = "", reason[64] = "";
    char again[64] = "";
    const struct {
        const char *key;
        char *to;
    } words[] = {{"channel", channel}, {"evidence", says}, {"jurisdiction", jurisdiction},
                 {"state", state},     {"reason", reason}, {"rerendered", again}};
    struct scan scan = {line, line + length};
    struct member member;
    struct slice number = {0};
    bool bad = false, wanted = false;
    audit->people++;
    while (next_member(&scan, &member, &bad)) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (slice_equal(member.key, words[i].key))
                take_word(member.value, words[i].to);
        if (slice_equal(member.key, "recipient_id"))
            wanted = is_recipient(audit, member.value);
        if (slice_equal(member.key, "number"))
            number = member.value;
    }
    if (bad || scan.at + 1 != scan.end || state[0] == 0)
        return audit_wrong(audit, "people.ndjson, line %" PRIu64 ": not a person", audit->people);
    if (str_equal(state, "told") && audit->openings > 0 && !str_equal(jurisdiction, "erased") &&
        !is_told(audit, number))
        return audit_wrong(audit,
                           "people.ndjson, line %" PRIu64 ": counted as told, but no receipt that "
                           "is opened says so",
                           audit->people);
    add_count(audit, "people", state, NULL);
    add_count(audit, "jurisdictions", jurisdiction, state);
    if (str_equal(state, "told"))
        add_count(audit, "told_by", channel, says);
    else
        add_count(audit, "reasons", state, reason);
    if (again[0] != 0)
        add_count(audit, "rerendered", again, NULL);
    if (wanted) {
        buf_clear(&audit->person);
        buf_add(&audit->person, line, length);
    }
    return true;
}

/* ---- Nodes of the tree. ---- */

bool audit_tree_node(struct audit *audit, const char *line, size_t length)
{
    struct json_object *json = NULL;
    struct audit_node node = {0};
    const char *hash = NULL;
    int64_t level = -1, index = -1, shard = 0;
    if (json_read(line, length, &json, NULL) == RESULT_OK) {
        hash = json_get_string(json, "hash");
        level = json_get_int(json, "level", -1);
        index = json_get_int(json, "index", -1);
        shard = json_get_int(json, "shard", 0);
    }
    const bool good =
        hash != NULL && level >= 0 && level < 62 && index >= 0 && shard >= 0 &&
        shard < UINT16_MAX && index <= (INT64_MAX >> (level + 1)) &&
        base64_decode(node.hash.bytes, DIGEST_SIZE, hash, strlen(hash)) == DIGEST_SIZE;
    json_object_put(json);
    if (!good)
        return audit_wrong(audit, "log/nodes.ndjson, line %zu: not a node", audit->n_nodes + 1);
    node.level = (unsigned)level;
    node.shard = (unsigned)shard;
    node.from = (uint64_t)index << level;
    if (audit->n_nodes == audit->nodes_capacity) {
        audit->nodes_capacity = audit->nodes_capacity * 2 + 256;
        audit->nodes = mem_resize(audit->nodes, audit->nodes_capacity, sizeof(*audit->nodes));
    }
    audit->nodes[audit->n_nodes++] = node;
    return true;
}
