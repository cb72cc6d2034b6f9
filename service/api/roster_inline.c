/* roster_inline.c - writes each element of recipients[] as a line of NDJSON into an intake. Lines
 * are written while the intake takes them; it says when to go on. */

/* Base. */
#include "base/buf.h"
#include "base/json.h"

/* This module. */
#include "service/api/roster_inline.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static bool write_line(struct roster_inline *it, struct json_object *person)
{
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    /* What canonical JSON cannot say (a fraction) becomes a row that intake refuses by its number.
     */
    if (!json_write(&line, person)) {
        buf_clear(&line);
        buf_puts(&line, "{\"number_with_fraction\":true}");
    }
    buf_putc(&line, '\n');
    bool more = intake_write(it->intake, line.data, line.length);
    buf_wipe(&line);
    return more;
}

static void feed(void *context)
{
    struct roster_inline *it = context;
    size_t n = json_object_array_length(it->recipients);
    while (it->next < n) {
        if (!write_line(it, json_object_array_get_idx(it->recipients, it->next++)))
            return;
    }
    intake_end(it->intake);
}

static void opened(void *context, enum result result, const struct intake_counts *counts,
                   const struct error *error)
{
    struct roster_inline *it = context;
    if (result != RESULT_OK) {
        it->done(it->context, result, counts, error);
        return;
    }
    feed(it);
}

static void finished(void *context, enum result result, const struct intake_counts *counts,
                     const struct error *error)
{
    struct roster_inline *it = context;
    it->done(it->context, result, counts, error);
}

static const struct idempotency *answer(void *context, const struct intake_counts *counts)
{
    struct roster_inline *it = context;
    return it->idempotency(it->context, counts);
}

void roster_inline_start(struct roster_inline *it)
{
    it->intake = intake_begin(it->delivery, &(struct intake_config){
                                                .incident = it->incident,
                                                .format = INTAKE_NDJSON,
                                                .principal = it->principal,
                                                .opened = opened,
                                                .drained = feed,
                                                .idempotency = it->idempotency ? answer : NULL,
                                                .finished = finished,
                                                .context = it,
                                            });
}
