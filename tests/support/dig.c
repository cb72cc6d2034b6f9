/* dig.c - see the header. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <sodium.h>
#include <sqlite3.h>

/* Base. */
#include "base/arena.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/roster/roster_codec.h"
#include "tests/support/dig.h"
#include "tocsin/receipt.h"

enum { NONCE = 24, TAG = 16, WRAPPED = SEAL_KEY_SIZE + SEAL_OVERHEAD };

/* Which keys may open a thing. */
enum whose { OF_INCIDENT, OF_SERVICE, OF_SEED_RECEIPT, OF_SEEDS, OF_PERSON };
struct thing { /* sealed, seen once */
    enum whose whose;
    size_t length;
    uint8_t nonce[NONCE];
    struct buf whole; /* a person: as it was seen */
};
struct keys {
    struct seal_key *at;
    size_t n;
};
struct dig {
    struct seal_key master;
    struct thing *things;
    size_t n_things;
    struct keys incidents, services, seeds;
    struct buf bytes; /* database, then log */
    struct buf plain; /* all that was opened */
    unsigned people;
    struct roster_codec *codec;
};

struct dig *dig_create(const struct seal_key *master)
{
    struct dig *dig = mem_new(struct dig);
    dig->master = *master;
    buf_init(&dig->bytes, SIZE_MAX);
    buf_init(&dig->plain, SIZE_MAX);
    dig->codec = roster_codec_create();
    return dig;
}

static void keys_clear(struct keys *keys)
{
    mem_free(keys->at);
    *keys = (struct keys){NULL, 0};
}

void dig_destroy(struct dig **dig)
{
    struct dig *d = *dig;
    for (size_t i = 0; i < d->n_things; i++)
        buf_free(&d->things[i].whole);
    mem_free(d->things);
    keys_clear(&d->incidents);
    keys_clear(&d->services);
    keys_clear(&d->seeds);
    buf_free(&d->bytes);
    buf_free(&d->plain);
    roster_codec_destroy(&d->codec);
    mem_free(d);
    *dig = NULL;
}

static void keys_add(struct keys *keys, const void *bytes)
{
    struct seal_key key;
    memcpy(key.bytes, bytes, SEAL_KEY_SIZE);
    for (size_t i = 0; i < keys->n; i++)
        if (memcmp(&keys->at[i], &key, sizeof(key)) == 0)
            return;
    keys->at = mem_resize(keys->at, keys->n + 1, sizeof(*keys->at));
    keys->at[keys->n++] = key;
}

/* ---- Learning. ---- */

static void learn(struct dig *dig, enum whose whose, const uint8_t *sealed, size_t length)
{
    if (length < SEAL_OVERHEAD)
        return;
    for (size_t i = 0; i < dig->n_things; i++)
        if (memcmp(dig->things[i].nonce, sealed, NONCE) == 0)
            return;
    dig->things = mem_resize(dig->things, dig->n_things + 1, sizeof(*dig->things));
    struct thing *thing = &dig->things[dig->n_things++];
    thing->whose = whose;
    thing->length = length;
    memcpy(thing->nonce, sealed, NONCE);
    buf_init(&thing->whole, SIZE_MAX);
    buf_add(&thing->whole, sealed, length);
}

static void learn_column(struct dig *dig, sqlite3 *db, const char *text, enum whose whose)
{
    sqlite3_stmt *stmt;
    require(sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        learn(dig, whose, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    sqlite3_finalize(stmt);
}

static void learn_people(struct dig *dig, sqlite3 *db)
{
    sqlite3_stmt *stmt;
    require(sqlite3_prepare_v2(db, "SELECT body FROM roster_block", -1, &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        struct bytes_reader reader;
        reader_init(&reader, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
        while (reader.at < reader.end) {
            uint16_t length = read_u16(&reader);
            const uint8_t *sealed = read_bytes(&reader, length);
            require(sealed != NULL);
            learn(dig, OF_PERSON, sealed, length);
        }
    }
    sqlite3_finalize(stmt);
}

/* Details begin with their form; those of a person (2) with a masked number behind it. */
static void learn_receipt(void *context, const struct receipt_view *view)
{
    size_t head = view->details_length > 5 ? 5 : 0;
    if (head > 0)
        learn(context, OF_SEED_RECEIPT, view->details + head, view->details_length - head);
    if (view->details_length > 1)
        learn(context, OF_SEED_RECEIPT, view->details + 1, view->details_length - 1);
}

static void learn_receipts(struct dig *dig, sqlite3 *db)
{
    sqlite3_stmt *stmt;
    require(sqlite3_prepare_v2(db, "SELECT leaves, details FROM receipt_batch", -1, &stmt, NULL) ==
            SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        require(
            receipt_batch_read(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                               sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
                               learn_receipt, dig) == RESULT_OK);
    sqlite3_finalize(stmt);
}

void dig_learn(struct dig *dig, const char *database)
{
    sqlite3 *db;
    require(sqlite3_open_v2(database, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    learn_column(dig, db, "SELECT document FROM incident", OF_INCIDENT);
    learn_column(dig, db, "SELECT title FROM incident", OF_INCIDENT);
    learn_column(dig, db, "SELECT body FROM banner", OF_INCIDENT);
    learn_column(dig, db, "SELECT body FROM written_request", OF_INCIDENT);
    learn_column(dig, db, "SELECT body FROM preference", OF_SERVICE);
    learn_column(dig, db, "SELECT reply FROM idempotency", OF_SERVICE);
    learn_column(dig, db, "SELECT seeds FROM roster_seed", OF_SEEDS);
    learn_people(dig, db);
    learn_receipts(dig, db);
    sqlite3_close(db);
}

/* ---- Digging. ---- */

static void read_file(struct dig *dig, const char *database, const char *suffix)
{
    char path[4096], block[65536];
    size_t n;
    snprintf(path, sizeof(path), "%s%s", database, suffix);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        buf_add(&dig->bytes, block, n);
    fclose(file);
}

/* Nonces are random: free space is not tried. */
static bool is_empty(const uint8_t *at)
{
    unsigned zeros = 0;
    for (unsigned i = 0; i < NONCE; i++)
        zeros += at[i] == 0;
    return zeros > 6;
}

/* A wrapped key may lie anywhere. */
static void find_keys(struct dig *dig)
{
    struct buf plain;
    buf_init(&plain, SIZE_MAX);
    for (size_t i = 0; i + WRAPPED <= dig->bytes.length; i++) {
        const uint8_t *at = (const uint8_t *)dig->bytes.data + i;
        if (is_empty(at))
            continue;
        buf_clear(&plain);
        if (seal_open(&plain, &dig->master, "incident-key/1", at, WRAPPED))
            keys_add(&dig->incidents, plain.data);
        else if (seal_open(&plain, &dig->master, "service-key/1", at, WRAPPED))
            keys_add(&dig->services, plain.data);
    }
    buf_free(&plain);
}

/* Opens without asking the tag: RFC 8439 (and XChaCha20 of libsodium) begin the text at block 1. */
static void unmask(struct buf *to, const struct seal_key *key, const uint8_t *at, size_t length)
{
    buf_clear(to);
    char *space = buf_reserve(to, length + 1);
    crypto_stream_xchacha20_xor_ic((unsigned char *)space, at + NONCE, length, at, 1, key->bytes);
    to->length = length;
}

struct place {
    const uint8_t *at;
    size_t length; /* of the text that is still there */
};

/* The next place where this thing lies, whole or cut by the end of the bytes. */
static bool next_place(const struct dig *dig, const struct thing *thing, struct place *place)
{
    const uint8_t *end = (const uint8_t *)dig->bytes.data + dig->bytes.length;
    const uint8_t *from = place->at == NULL ? (const uint8_t *)dig->bytes.data : place->at + 1;
    const uint8_t *at = memmem(from, (size_t)(end - from), thing->nonce, NONCE);
    if (at == NULL)
        return false;
    size_t text = thing->length - SEAL_OVERHEAD, left = (size_t)(end - at) - NONCE;
    *place = (struct place){at, text < left ? text : left};
    return true;
}

static void open_with(struct dig *dig, const struct thing *thing, const struct seal_key *key)
{
    struct place place = {NULL, 0};
    struct buf plain;
    buf_init(&plain, SIZE_MAX);
    while (next_place(dig, thing, &place)) {
        unmask(&plain, key, place.at, place.length);
        for (size_t i = 0; thing->whose == OF_SEEDS && i + SEAL_KEY_SIZE <= plain.length;
             i += SEAL_KEY_SIZE)
            keys_add(&dig->seeds, plain.data + i);
        buf_add(&dig->plain, plain.data, plain.length);
    }
    buf_free(&plain);
}

/* A person is deflated: only whole. */
static void open_person(struct dig *dig, const struct thing *thing, const struct seal_key *seed)
{
    struct place place = {NULL, 0};
    struct roster_block block = {.n = 1};
    struct recipient r;
    struct buf body;
    struct seal_key seeds[ROSTER_BLOCK] = {*seed};
    if (!next_place(dig, thing, &place))
        return;
    struct arena *arena = arena_create(1 << 20);
    buf_init(&body, SIZE_MAX);
    buf_add_u16(&body, (uint16_t)thing->length);
    buf_add(&body, place.at, thing->length);
    block.body = (struct blob){body.data, body.length};
    if (roster_open_person(dig->codec, &block, seeds, 0, arena, &r) == RESULT_OK) {
        require(recipient_write(&dig->plain, &r));
        dig->people++;
    }
    buf_free(&body);
    arena_destroy(&arena);
}

static void open_derived(struct dig *dig, const struct thing *thing, const struct keys *keys,
                         const char *purpose)
{
    for (size_t i = 0; i < keys->n; i++) {
        struct seal_key key;
        seal_derive(&key, &keys->at[i], purpose, NULL, 0);
        open_with(dig, thing, &key);
    }
}

static void open_thing(struct dig *dig, const struct thing *thing)
{
    switch (thing->whose) {
    case OF_INCIDENT:
    case OF_SEEDS:
        for (size_t i = 0; i < dig->incidents.n; i++)
            open_with(dig, thing, &dig->incidents.at[i]);
        break;
    case OF_SERVICE:
        open_derived(dig, thing, &dig->services, "idempotency");
        open_derived(dig, thing, &dig->services, "preference-body");
        break;
    case OF_SEED_RECEIPT:
        open_derived(dig, thing, &dig->seeds, "receipt details");
        open_derived(dig, thing, &dig->incidents, "receipt details");
        open_derived(dig, thing, &dig->services, "receipt details");
        break;
    case OF_PERSON:
        for (size_t i = 0; i < dig->seeds.n; i++)
            open_person(dig, thing, &dig->seeds.at[i]);
        break;
    }
}

void dig_open(struct dig *dig, const char *database)
{
    buf_clear(&dig->bytes);
    buf_clear(&dig->plain);
    keys_clear(&dig->incidents);
    keys_clear(&dig->services);
    keys_clear(&dig->seeds);
    dig->people = 0;
    read_file(dig, database, "");
    read_file(dig, database, "-wal");
    require(dig->bytes.length > 0);
    find_keys(dig);
    for (size_t i = 0; i < dig->n_things; i++) /* first what gives keys */
        if (dig->things[i].whose <= OF_SERVICE || dig->things[i].whose == OF_SEEDS)
            open_thing(dig, &dig->things[i]);
    for (size_t i = 0; i < dig->n_things; i++)
        if (dig->things[i].whose == OF_SEED_RECEIPT || dig->things[i].whose == OF_PERSON)
            open_thing(dig, &dig->things[i]);
}

/* ---- Looking. ---- */

bool dig_finds(const struct dig *dig, const char *text)
{
    return memmem(dig->plain.data, dig->plain.length, text, strlen(text)) != NULL ||
           memmem(dig->bytes.data, dig->bytes.length, text, strlen(text)) != NULL;
}

static bool lies(const struct dig *dig, const struct seal_key *from, const char *purpose,
                 const char *kind, const char *value)
{
    struct seal_key key;
    uint8_t blind[BLIND_SIZE];
    seal_derive(&key, from, purpose, NULL, 0);
    seal_blind(blind, &key, kind, value, strlen(value));
    return memmem(dig->bytes.data, dig->bytes.length, blind, sizeof(blind)) != NULL;
}

bool dig_guesses(const struct dig *dig, const char *kind, const char *value)
{
    for (size_t i = 0; i < dig->incidents.n; i++)
        if (lies(dig, &dig->incidents.at[i], "blind", kind, value))
            return true;
    for (size_t i = 0; i < dig->services.n; i++)
        if (lies(dig, &dig->services.at[i], "account", "account", value) ||
            lies(dig, &dig->services.at[i], "preference", kind, value))
            return true;
    return false;
}

unsigned dig_seeds(const struct dig *dig)
{
    return (unsigned)dig->seeds.n;
}

unsigned dig_people(const struct dig *dig)
{
    return dig->people;
}
