/* accept.c - content negotiation among JSON, NDJSON and CSV. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/accept.h"

struct range {
    struct slice type; /* "text/csv", "text/<star>" */
    int q;             /* 0..1000 */
};

static const struct {
    enum accept_type type;
    const char *names[3];
} forms[] = {
    {ACCEPT_JSON, {"application/json", NULL, NULL}},
    {ACCEPT_NDJSON, {"application/x-ndjson", "application/jsonl", NULL}},
    {ACCEPT_CSV, {"text/csv", NULL, NULL}},
};
enum { FORMS_N = sizeof forms / sizeof *forms };

/* "0.75" -> 750; anything odd counts as 0: a range that says nonsense is not wanted. */
static int quality(const char *text)
{
    int q = 0, scale = 100;
    if (*text == '1')
        return 1000;
    if (*text++ != '0')
        return 0;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9' && scale; text++, scale /= 10)
            q += (*text - '0') * scale;
    return q;
}

static struct range read_range(struct slice text)
{
    struct range range = {{text.data, 0}, 1000};
    size_t n = 0;
    while (n < text.length && !strchr("; \t", text.data[n]))
        n++;
    range.type.length = n;
    for (; n + 2 < text.length; n++) {
        if ((text.data[n] == 'q' || text.data[n] == 'Q') && text.data[n + 1] == '=' &&
            strchr("; \t", text.data[n - 1]))
            range.q = quality(text.data + n + 2);
    }
    return range;
}

/* 3: exact, 2: the type's star, 1: any, 0: no match. */
static int specificity(struct slice range, const char *name)
{
    size_t slash = strcspn(name, "/");
    if (range.length == strlen(name) && strncasecmp(range.data, name, range.length) == 0)
        return 3;
    if (range.length == slash + 2 && strncasecmp(range.data, name, slash + 1) == 0 &&
        range.data[slash + 1] == '*')
        return 2;
    return slice_equal(range, "*/*") ? 1 : 0;
}

struct score {
    int q, specific;
};

static void score_range(struct score *score, struct range range, const char *const names[3])
{
    for (size_t i = 0; names[i]; i++) {
        int specific = specificity(range.type, names[i]);
        if (specific > score->specific)
            *score = (struct score){range.q, specific};
    }
}

static struct score score_form(const char *header, const char *const names[3])
{
    struct score score = {0, 0};
    while (*header) {
        header += strspn(header, ", \t");
        size_t n = strcspn(header, ",");
        if (n)
            score_range(&score, read_range((struct slice){header, n}), names);
        header += n;
    }
    return score;
}

enum accept_type accept_choose(const char *header, unsigned offered)
{
    enum accept_type best = ACCEPT_NONE;
    struct score best_score = {0, 0};
    if (str_empty(header))
        header = "*/*";
    for (size_t i = 0; i < FORMS_N; i++) {
        struct score score = score_form(header, forms[i].names);
        if (!(offered & forms[i].type) || score.q == 0)
            continue;
        if (score.q > best_score.q ||
            (score.q == best_score.q && score.specific > best_score.specific)) {
            best = forms[i].type;
            best_score = score;
        }
    }
    return best;
}
