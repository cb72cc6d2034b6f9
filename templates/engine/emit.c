/* emit.c - what both emitters share: marks and the strings of the front matter become operations.
 * Pure. */

/* System. */
#include <string.h>

/* This module. */
#include "notice_internal.h"

static void add_literal(struct emitter *emitter, const struct literal *literal)
{
    if (emitter->escape == ESCAPE_NONE) {
        program_literal(emitter->to, literal->text, literal->length);
        return;
    }
    struct buf escaped;
    buf_init(&escaped, SIZE_MAX);
    html_add(&escaped, literal->text, literal->length);
    program_literal(emitter->to, escaped.data, escaped.length);
    buf_free(&escaped);
}

void emitter_mark(struct emitter *emitter, struct mark mark)
{
    struct op op = {.escape = (uint8_t)emitter->escape, .field = (uint16_t)mark.number};
    switch (mark.kind) {
    case 'l':
        add_literal(emitter, &emitter->notice->literals[mark.number]);
        break;
    case 'v':
        op.code = OP_VALUE;
        program_op(emitter->to, op);
        break;
    case 'o':
    case 'i':
        op.code = mark.kind == 'o' ? OP_IF : OP_UNLESS;
        require(emitter->depth < sizeof emitter->open / sizeof emitter->open[0]);
        emitter->open[emitter->depth++] = program_op(emitter->to, op);
        break;
    default:
        require(emitter->depth > 0); /* the builder has balanced them */
        program_land(emitter->to, emitter->open[--emitter->depth]);
    }
}

void emit_line(const struct notice *notice, const char *bound, enum escape escape,
               struct program *to)
{
    struct emitter emitter = {.notice = notice, .to = to, .escape = escape};
    const char *end = bound + strlen(bound);
    while (bound < end) {
        struct mark mark;
        const char *after = end;
        const char *at = mark_find(bound, end, &mark, &after);
        struct literal literal = {bound, (size_t)(at - bound)};
        add_literal(&emitter, &literal);
        if (at < end)
            emitter_mark(&emitter, mark);
        bound = after;
    }
}
