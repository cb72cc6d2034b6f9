/* records.c - what was accepted: in memory for the vendors' queries, and in the ledger for the
 * tests. Answer thread. */

/* System. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "channels/common/wire.h"
#include "tocsin/clock.h"

/* This module. */
#include "sim.h"

enum { KEPT = 200000, BUCKETS = 1 << 16 };
static struct record ring[KEPT]; /* by number % KEPT */
static struct record *buckets[BUCKETS];
static uint64_t numbers;

static unsigned bucket_of(char vendor, const char *key)
{
    uint32_t hash = 2166136261u ^ (uint32_t)(unsigned char)vendor; /* FNV-1a: test data only */

    for (; *key; key++)
        hash = (hash ^ (uint32_t)(unsigned char)*key) * 16777619u;
    return hash % BUCKETS;
}

static void record_forget(struct record *record)
{
    if (!record->key)
        return;
    struct record **at = &buckets[bucket_of(record->vendor, record->key)];
    while (*at && *at != record)
        at = &(*at)->chain;
    if (*at)
        *at = record->chain;
    mem_free(record->key);
    mem_free(record->json);
    memset(record, 0, sizeof *record);
}

uint64_t record_next_number(void)
{
    return numbers + 1;
}

struct record *record_add(char vendor, const char *key, char *json)
{
    uint64_t number = ++numbers;
    struct record *record = &ring[number % KEPT];
    struct record **bucket = &buckets[bucket_of(vendor, key)];

    record_forget(record);
    record->number = number;
    record->vendor = vendor;
    record->key = mem_strdup(key);
    record->json = json;
    record->chain = *bucket;
    *bucket = record;
    return record;
}

struct record *record_find(char vendor, const char *key, const struct record *after)
{
    struct record *record = after ? after->chain : buckets[bucket_of(vendor, key)];

    while (record && (record->vendor != vendor || !str_equal(record->key, key)))
        record = record->chain;
    return record;
}

struct record *record_get(char vendor, uint64_t number)
{
    struct record *record = &ring[number % KEPT];
    return number && record->number == number && record->vendor == vendor ? record : NULL;
}

struct record *record_last(void)
{
    return numbers ? &ring[numbers % KEPT] : NULL;
}

void ledger_add(const struct ledger_line *line)
{
    static int fd = -1;
    struct buf text;
    char at[TIME_TEXT_SIZE];

    stats.accepted++;
    if (!options.ledger)
        return;
    if (fd < 0)
        fd = open(options.ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    buf_init(&text, SIZE_MAX);
    buf_putc(&text, '{');
    wire_json_add(&text, "at", time_format(at, clock_now(clock_system())));
    wire_json_add(&text, "vendor", line->vendor);
    wire_json_add(&text, "ref", line->ref);
    wire_json_add(&text, "key", line->key);
    wire_json_add(&text, "token", line->token);
    wire_json_add(&text, "to", line->to);
    buf_puts(&text, "}\n");
    if (fd < 0 || write(fd, text.data, text.length) != (ssize_t)text.length ||
        (options.sync && fdatasync(fd) != 0))
        panic("the ledger can't be written");
    buf_free(&text);
}

void ledger_letter(const char *ref, const char *html, size_t length)
{
    char path[1024];

    if (!options.letters)
        return;
    snprintf(path, sizeof path, "%s/%s.html", options.letters, ref);
    FILE *file = fopen(path, "we");
    if (!file || fwrite(html, 1, length, file) != length || fclose(file) != 0)
        panic("a letter can't be written");
}
