/* book.c - see the header. A hash table of scopes; the buckets of each are a short sorted array. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/book.h"

enum { CHAINS = 256 };

struct bucket {
    int64_t at, value;
};
struct scope {
    struct scope *next;
    char name[BOOK_SCOPE_SIZE];
    unsigned n;
    struct bucket buckets[BOOK_BUCKETS]; /* ascending */
};
struct book {
    struct scope *chains[CHAINS];
};

struct book *book_create(void)
{
    return mem_new(struct book);
}

void book_destroy(struct book **book)
{
    if (*book == NULL)
        return;
    book_drop(*book, "");
    mem_free(*book);
    *book = NULL;
}

/* FNV-1a. */
static unsigned chain_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != 0; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % CHAINS;
}

static struct scope *scope_find(const struct book *book, const char *name)
{
    struct scope *scope = book->chains[chain_of(name)];
    while (scope != NULL && strcmp(scope->name, name) != 0)
        scope = scope->next;
    return scope;
}

static struct scope *scope_make(struct book *book, const char *name)
{
    struct scope *scope = scope_find(book, name);
    if (scope != NULL)
        return scope;
    scope = mem_new(struct scope);
    str_copy(scope->name, sizeof(scope->name), name);
    scope->next = book->chains[chain_of(name)];
    book->chains[chain_of(name)] = scope;
    return scope;
}

/* NULL: older than all that are kept. */
static struct bucket *bucket_make(struct scope *scope, int64_t at)
{
    unsigned i = scope->n;
    while (i > 0 && scope->buckets[i - 1].at > at)
        i--;
    if (i > 0 && scope->buckets[i - 1].at == at)
        return &scope->buckets[i - 1];
    if (scope->n == BOOK_BUCKETS) {
        if (i == 0)
            return NULL;
        memmove(scope->buckets, scope->buckets + 1, (--scope->n) * sizeof(struct bucket));
        i--;
    }
    memmove(scope->buckets + i + 1, scope->buckets + i, (scope->n - i) * sizeof(struct bucket));
    scope->n++;
    scope->buckets[i] = (struct bucket){at, 0};
    return &scope->buckets[i];
}

void book_put(struct book *book, const char *scope, int64_t bucket, int64_t value)
{
    struct bucket *to = bucket_make(scope_make(book, scope), bucket);
    if (to != NULL)
        to->value = value;
}

void book_add(struct book *book, const char *scope, int64_t bucket, int64_t n)
{
    struct bucket *to = bucket_make(scope_make(book, scope), bucket);
    if (to != NULL)
        to->value += n;
}

int64_t book_sum(const struct book *book, const char *name, int64_t first, int64_t last)
{
    const struct scope *scope = scope_find(book, name);
    int64_t sum = 0;
    for (unsigned i = 0; scope != NULL && i < scope->n; i++)
        if (scope->buckets[i].at >= first && scope->buckets[i].at <= last)
            sum += scope->buckets[i].value;
    return sum;
}

static bool ends_so(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

int64_t book_total(const struct book *book, const char *prefix, const char *suffix)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < CHAINS; i++)
        for (const struct scope *scope = book->chains[i]; scope != NULL; scope = scope->next)
            if (str_starts(scope->name, prefix) && ends_so(scope->name, suffix))
                sum += book_sum(book, scope->name, 0, 0);
    return sum;
}

int64_t book_blocker(const struct book *book, const char *name, int64_t first, int64_t limit)
{
    const struct scope *scope = scope_find(book, name);
    int64_t left = book_sum(book, name, first, INT64_MAX);
    for (unsigned i = 0; scope != NULL && i < scope->n; i++) {
        if (scope->buckets[i].at < first)
            continue;
        left -= scope->buckets[i].value;
        if (left < limit)
            return scope->buckets[i].at;
    }
    return INT64_MIN;
}

void book_drop(struct book *book, const char *prefix)
{
    for (unsigned i = 0; i < CHAINS; i++) {
        struct scope **link = &book->chains[i];
        while (*link != NULL) {
            struct scope *scope = *link;
            if (!str_starts(scope->name, prefix)) {
                link = &scope->next;
                continue;
            }
            *link = scope->next;
            mem_free(scope);
        }
    }
}
