/* tally.h - the arithmetic of an incident: counts by group, name and column, and whether they add
 * up line by line from the rows that were uploaded to what became of every person. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

/* What is counted. */
enum tally_group {
    TALLY_ROWS,         /* accepted, duplicates, rejected */
    TALLY_PEOPLE,       /* by state */
    TALLY_TOLD_BY,      /* told people by channel, column: the strongest evidence */
    TALLY_REASONS,      /* people not told by state, column: why */
    TALLY_JURISDICTION, /* people by jurisdiction, column: state */
    TALLY_RECEIPTS,     /* receipts by kind */
    TALLY_ATTEMPTS,     /* receipts of kind attempt by channel, column: outcome */
    TALLY_DAYS,         /* by day, column: receipts, attempts, told, negative */
    TALLY_RERENDERED,   /* told people: same, different, erased, unknown */
    TALLY_GROUPS_N
};
/* "people", "told_by", ...: the members of summary.json. */
const char *tally_group_name(enum tally_group group);

struct tally;
struct tally *tally_create(void);
void tally_destroy(struct tally **tally);
/* `column` "" where the group has none. Names are cut at 47 bytes. */
void tally_add(struct tally *tally, enum tally_group group, const char *name, const char *column,
               int64_t n);
/* A NULL name or column stands for all of them. */
int64_t tally_sum(const struct tally *tally, enum tally_group group, const char *name,
                  const char *column);
/* Names of a group in ascending order, each once; columns likewise (of one name, or of all when it
 * is NULL). Fills up to `capacity`, returns how many there are. Borrowed. */
size_t tally_names(const struct tally *tally, enum tally_group group, const char **names,
                   size_t capacity);
size_t tally_columns(const struct tally *tally, enum tally_group group, const char *name,
                     const char **columns, size_t capacity);

/* One line of the sum: "accepted" is what the parts must come to. */
struct tally_line {
    const char *what;   /* "People accepted" */
    const char *parts;  /* "told + waiting + ..." */
    int64_t total, sum; /* equal when it adds up */
};
enum { TALLY_LINES = 6 };
/* All lines; false: one of them does not add up. */
bool tally_lines(const struct tally *tally, struct tally_line lines[TALLY_LINES]);

/* {"people":{"told":3},"told_by":{"email":{"accepted":3}},...}; the caller puts it. */
struct json_object *tally_json(const struct tally *tally);
