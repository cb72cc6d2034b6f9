/* fake_report.h - a callback whose headers and query are plain tables. */
#pragma once
#include <string.h>
#include <strings.h>

#include "tocsin/channel.h"

struct fake_pairs {
    const char *headers[8][2], *query[8][2];
};

static inline const char *fake_find(const char *const pairs[8][2], const char *name)
{
    for (int i = 0; i < 8 && pairs[i][0]; i++)
        if (strcasecmp(pairs[i][0], name) == 0)
            return pairs[i][1];
    return NULL;
}
static inline const char *fake_header(void *context, const char *name)
{
    return fake_find(((struct fake_pairs *)context)->headers, name);
}
static inline const char *fake_query(void *context, const char *name)
{
    return fake_find(((struct fake_pairs *)context)->query, name);
}

#define FAKE_TOKEN "abcdefghijklmnopqrstuvwxyz"

static inline struct channel_report fake_report(struct fake_pairs *pairs, const char *body,
                                                time_ms now)
{
    return (struct channel_report){.method = "POST",
                                   .url = "https://n.example.org/v1/reports/x/y",
                                   .header = fake_header,
                                   .query = fake_query,
                                   .context = pairs,
                                   .body = body,
                                   .body_length = strlen(body),
                                   .now = now};
}
