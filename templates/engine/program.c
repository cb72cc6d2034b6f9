/* program.c - builds the list of operations that rendering executes: literals side by side become
 * one. Pure; memory of the program's own (bounded by the bound on notices). Also the wrapping of
 * plain text, used when compiling (paragraphs without a person's values) and when rendering.
 */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "notice_internal.h"

void program_init(struct program *program)
{
    *program = (struct program){.has = true};
    buf_init(&program->literals, (size_t)NOTICE_RENDERED_MAX * 4);
}

void program_free(struct program *program)
{
    if (!program->has)
        return;
    mem_free(program->ops);
    buf_free(&program->literals);
    *program = (struct program){0};
}

unsigned program_op(struct program *program, struct op op)
{
    if (program->n == program->capacity) {
        program->capacity = program->capacity ? program->capacity * 2 : 64;
        program->ops = mem_resize(program->ops, program->capacity, sizeof *program->ops);
    }
    program->ops[program->n] = op;
    return program->n++;
}

void program_literal(struct program *program, const char *text, size_t length)
{
    if (length == 0)
        return;
    uint32_t at = (uint32_t)program->literals.length;
    buf_add(&program->literals, text, length);
    struct op *last = program->n > program->floor ? &program->ops[program->n - 1] : NULL;
    if (last && last->code == OP_LITERAL && last->a + last->b == at)
        last->b += (uint32_t)length;
    else
        program_op(program, (struct op){.code = OP_LITERAL, .a = at, .b = (uint32_t)length});
}

void program_puts(struct program *program, const char *text)
{
    program_literal(program, text, strlen(text));
}

unsigned program_op_literal(struct program *program, enum op_code code, const char *text)
{
    uint32_t at = (uint32_t)program->literals.length;
    buf_puts(&program->literals, text);
    return program_op(program,
                      (struct op){.code = (uint8_t)code, .a = at, .b = (uint32_t)strlen(text)});
}

void program_land(struct program *program, unsigned index)
{
    program->ops[index].a = program->n;
    program->floor = program->n;
}

/* ---- Plain text ---- */

/* Columns of a character: East Asian wide ones take two (the blocks of Unicode TR11 that matter in
 * running text). */
static unsigned columns_of(int32_t c)
{
    if (c < 0x300)
        return 1;
    if (c <= 0x36F || c == 0x200C || c == 0x200D || c == 0x200E || c == 0x200F)
        return 0;
    bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) || c >= 0x1F000;
    return wide ? 2 : 1;
}

struct piece {
    const char *end;
    unsigned columns;
};

/* A piece that is not broken: a word, or one wide character (a line may break around those). */
static struct piece next_piece(const char *at, const char *end)
{
    struct piece piece = {at, 0};
    while (piece.end < end && *piece.end != ' ' && *piece.end != '\n') {
        const char *next = piece.end;
        unsigned columns = 1;
        if ((unsigned char)*next < 0x80)
            next++;
        else
            columns = columns_of(utf8_next(&next, end));
        if (columns == 2 && piece.columns)
            break;
        piece.end = next;
        piece.columns += columns;
        if (columns == 2)
            break;
    }
    return piece;
}

static void new_line(struct buf *to, unsigned indent)
{
    while (to->length && to->data[to->length - 1] == ' ')
        to->data[--to->length] = 0;
    buf_putc(to, '\n');
    for (unsigned i = 0; i < indent; i++)
        buf_putc(to, ' ');
}

void text_add_wrapped(struct buf *to, struct slice text, unsigned column, unsigned indent)
{
    const char *at = text.data, *end = text.data + text.length;
    bool fresh = true; /* nothing on the line yet */
    while (at < end) {
        unsigned blanks = 0;
        for (; at < end && *at == ' '; at++)
            blanks = 1;
        if (at < end && *at == '\n') {
            new_line(to, indent);
            column = indent;
            fresh = true;
            at++;
            continue;
        }
        struct piece piece = next_piece(at, end);
        if (!fresh && column + blanks + piece.columns > TEXT_COLUMNS) {
            new_line(to, indent);
            column = indent;
            blanks = 0;
        } else if (!fresh && blanks)
            buf_putc(to, ' ');
        buf_add(to, at, (size_t)(piece.end - at));
        column += (fresh ? 0 : blanks) + piece.columns;
        fresh = false;
        at = piece.end;
    }
}
