/* delivery.c - the words of a delivery, and which report changes what is known.
 * Pure; nothing here fails. */

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/delivery.h"

static const char *const outcome_names[OUTCOME_N] = {
    [OUTCOME_DELIVERED] = "delivered", [OUTCOME_ACCEPTED] = "accepted",
    [OUTCOME_DEFERRED] = "deferred",   [OUTCOME_REJECTED] = "rejected",
    [OUTCOME_UNCERTAIN] = "uncertain", [OUTCOME_CANCELED] = "canceled",
};

static const char *const evidence_names[EVIDENCE_N] = {
    [EVIDENCE_NONE] = "none",           [EVIDENCE_HANDED_OVER] = "handed_over",
    [EVIDENCE_ACCEPTED] = "accepted",   [EVIDENCE_DELIVERED] = "delivered",
    [EVIDENCE_DISPLAYED] = "displayed", [EVIDENCE_ACKNOWLEDGED] = "acknowledged",
    [EVIDENCE_FAILED] = "failed",       [EVIDENCE_BOUNCED] = "bounced",
    [EVIDENCE_RETURNED] = "returned",
};

static const char *const blame_names[BLAME_N] = {
    [BLAME_NONE] = "none",       [BLAME_ADDRESS] = "address",   [BLAME_RECIPIENT] = "recipient",
    [BLAME_CONTENT] = "content", [BLAME_PROVIDER] = "provider", [BLAME_STOPPED] = "stopped",
};

/* One total order, so that reports may come in any order, late and twice, and end at the same fact.
 * "failed" lies below "delivered": a provider that says both did hand the message over. A bounce or
 * a return comes after delivery by its nature. What the person did themselves is final. */
static const unsigned char evidence_rank[EVIDENCE_N] = {
    [EVIDENCE_NONE] = 0,    [EVIDENCE_HANDED_OVER] = 1, [EVIDENCE_ACCEPTED] = 2,
    [EVIDENCE_FAILED] = 3,  [EVIDENCE_DELIVERED] = 4,   [EVIDENCE_DISPLAYED] = 5,
    [EVIDENCE_BOUNCED] = 6, [EVIDENCE_RETURNED] = 7,    [EVIDENCE_ACKNOWLEDGED] = 8,
};

static const char *name_at(const char *const *names, unsigned n, unsigned index)
{
    return index < n ? names[index] : "unknown";
}

const char *outcome_name(enum outcome_kind kind)
{
    return name_at(outcome_names, OUTCOME_N, (unsigned)kind);
}

const char *evidence_name(enum evidence evidence)
{
    return name_at(evidence_names, EVIDENCE_N, (unsigned)evidence);
}

const char *blame_name(enum blame blame)
{
    return name_at(blame_names, BLAME_N, (unsigned)blame);
}

int evidence_find(const char *name)
{
    for (int i = 0; i < EVIDENCE_N; i++)
        if (str_equal(evidence_names[i], name))
            return i;
    return -1;
}

bool evidence_negative(enum evidence evidence)
{
    return evidence == EVIDENCE_FAILED || evidence == EVIDENCE_BOUNCED ||
           evidence == EVIDENCE_RETURNED;
}

bool evidence_supersedes(enum evidence known, enum evidence reported)
{
    if ((unsigned)known >= EVIDENCE_N || (unsigned)reported >= EVIDENCE_N)
        return false;
    return evidence_rank[reported] > evidence_rank[known];
}
