/* work.c - what the parts of an evaluation share: growing lists in the arena, questions, looks at
 * the facts. Pure. */
/* System. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

enum { TEXT_MAX = 1024 };

/* Room for one more element; the array doubles, the old one stays in the arena. NULL: it is full.
 */
static void *grow(struct law_work *work, void *list, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return list;
    size_t wanted = *room == 0 ? 64 : *room * 2;
    void *more = arena_alloc(work->arena, wanted * size);
    if (more == NULL) {
        work->failed = true;
        return NULL;
    }
    if (n > 0)
        memcpy(more, list, n * size);
    *room = wanted;
    return more;
}

struct law_obligation *work_obligation(struct law_work *work)
{
    struct law_result *result = work->result;
    void *list = grow(work, result->obligations, result->n_obligations, &work->room_obligations,
                      sizeof(*result->obligations));
    if (list == NULL)
        return NULL;
    result->obligations = list;
    return &result->obligations[result->n_obligations++];
}

struct law_channel *work_channel(struct law_work *work)
{
    struct law_result *result = work->result;
    void *list = grow(work, result->channels, result->n_channels, &work->room_channels,
                      sizeof(*result->channels));
    if (list == NULL)
        return NULL;
    result->channels = list;
    return &result->channels[result->n_channels++];
}

const char *work_text(struct law_work *work, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    const char *copy = arena_strdup(work->arena, text);
    work->failed = work->failed || copy == NULL;
    return copy == NULL ? "" : copy;
}

static struct law_question *question_find(struct law_result *result, const char *fact)
{
    for (size_t i = 0; i < result->n_questions; i++)
        if (str_equal(result->questions[i].fact, fact))
            return &result->questions[i];
    return NULL;
}

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == 0 || at[length] == ','))
            return true;
    return false;
}

void work_ask(struct law_work *work, const char *fact, const char *text, const char *jurisdiction)
{
    struct law_result *result = work->result;
    struct law_question *question = question_find(result, fact);
    if (question == NULL) {
        void *list = grow(work, result->questions, result->n_questions, &work->room_questions,
                          sizeof(*result->questions));
        if (list == NULL)
            return;
        result->questions = list;
        result->questions[result->n_questions++] =
            (struct law_question){.fact = fact, .text = text, .jurisdictions = jurisdiction};
    } else if (!listed(question->jurisdictions, jurisdiction)) {
        question->jurisdictions = work_text(work, "%s, %s", question->jurisdictions, jurisdiction);
    }
}

bool facts_in_sector(const struct law_facts *facts, const char *sector)
{
    for (size_t i = 0; i < facts->n_sectors; i++)
        if (str_equal(facts->sectors[i], sector))
            return true;
    return false;
}

static uint64_t credential_bits(void)
{
    return law_data_bit("credentials") | law_data_bit("password_plaintext") |
           law_data_bit("password_hash") | law_data_bit("security_answers") |
           law_data_bit("third_party_credentials");
}

bool facts_credentials(const struct law_facts *facts)
{
    return (facts->data & credential_bits()) != 0;
}

bool facts_credentials_only(const struct law_facts *facts)
{
    uint64_t beside = law_data_bit("name") | law_data_bit("email") | law_data_bit("phone");
    return facts_credentials(facts) && (facts->data & ~(credential_bits() | beside)) == 0;
}

const struct law_event *facts_event(const struct law_facts *facts, const char *type,
                                    const char *jurisdiction)
{
    const struct law_event *first = NULL;
    for (size_t i = 0; i < facts->n_events; i++) {
        const struct law_event *event = &facts->events[i];
        bool about = event->jurisdiction == NULL || jurisdiction == NULL ||
                     str_equal(event->jurisdiction, jurisdiction);
        if (about && str_equal(event->type, type) &&
            (first == NULL || law_time_compare(&event->at, &first->at) < 0))
            first = event;
    }
    return first;
}
