/* notice_render.c - a compiled notice and a person's values in, bytes out. Pure, reentrant, no
 * cmark, no JSON: the values are cleaned once, then each program is a loop over literals and
 * escaped values. Missing values are all collected before anything is returned.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* This module. */
#include "notice_internal.h"

enum { NEST_MAX = 32 };

struct bound_value {
    struct slice text;
    size_t offset; /* in scratch (which may move) when text.data is NULL */
    bool set, yes;
};

struct render {
    const struct notice *notice;
    struct notice_missing *missing;
    struct buf *scratch;
    struct bound_value values[NOTICE_FIELDS_MAX];
    uint64_t types; /* bits of words.types */
    bool missed[NOTICE_FIELDS_MAX];
    bool bad_type; /* a data type without a name */

    /* While a program runs. */
    struct buf *to;
    struct {
        size_t before, after;
    } marks[NEST_MAX];
    unsigned n_marks;
    int counts[NEST_MAX];
    unsigned n_counts;
    size_t wrap;
};

/* ---- Values ---- */

static const char *find_value(const struct notice_person *person, const char *name)
{
    for (size_t i = 0; i < person->n; i++)
        if (!strcmp(person->values[i].name, name))
            return person->values[i].value;
    return NULL;
}

static bool is_false(const char *value)
{
    return str_empty(value) || !strcmp(value, "false") || !strcmp(value, "0");
}

static void read_types(struct render *r, const char *value)
{
    while (value && *value) {
        size_t n = strcspn(value, ",");
        unsigned i = 0;
        const struct words *words = &r->notice->words;
        while (i < words->n_types &&
               !(strlen(words->types[i].id) == n && !strncmp(words->types[i].id, value, n)))
            i++;
        if (i < words->n_types)
            r->types |= UINT64_C(1) << i;
        else if (n)
            r->bad_type = true;
        value += n + (value[n] == ',');
    }
}

/* "a, b and c" into scratch. */
static void join_types(struct render *r)
{
    const struct words *words = &r->notice->words;
    unsigned left = (unsigned)__builtin_popcountll(r->types);
    bool first = true;
    for (unsigned i = 0; i < words->n_types; i++) {
        if (!(r->types >> i & 1))
            continue;
        if (!first)
            buf_puts(r->scratch, left == 1 ? words->conjunction : words->comma);
        buf_puts(r->scratch, words->types[i].name);
        first = false;
        left--;
    }
}

static void add_address(struct buf *to, const char *value)
{
    while (*value) {
        size_t n = strcspn(value, "\n");
        if (n && to->length && to->data[to->length - 1])
            buf_puts(to, ", ");
        value_add_clean(to, (struct slice){value, n}, true, false);
        value += n + (value[n] == '\n');
    }
}

static void bind_value(struct render *r, const struct field *field, const char *value,
                       struct bound_value *bound)
{
    if (field->kind == FIELD_TYPE_TEST) {
        bound->set = true;
        bound->yes = r->types >> field->type & 1;
        return;
    }
    bound->yes = !is_false(value);
    if (str_empty(value))
        return;
    struct slice text = slice_of(value);
    if (field->kind == FIELD_TEXT && value_is_clean(text)) {
        bound->text = text;
        bound->set = true;
        return;
    }
    buf_putc(r->scratch, 0); /* a value never sees the one before it */
    bound->offset = r->scratch->length;
    if (field->kind == FIELD_TYPES)
        join_types(r);
    else if (field->kind == FIELD_ADDRESS)
        add_address(r->scratch, value);
    else
        value_add_clean(r->scratch, text, true, false);
    bound->text.length = r->scratch->length - bound->offset;
    bound->set = bound->text.length > 0;
    bound->yes = bound->yes && bound->set;
}

static void bind_values(struct render *r, const struct notice_person *person)
{
    const struct notice *notice = r->notice;
    read_types(r, find_value(person, "data_types"));
    for (unsigned i = 0; i < notice->n_fields; i++) {
        const struct field *field = &notice->fields[i];
        const char *value = field->kind == FIELD_TYPE_TEST ? NULL : find_value(person, field->name);
        bind_value(r, field, value, &r->values[i]);
    }
}

static void note_missing(struct render *r, unsigned field)
{
    if (r->missed[field])
        return;
    r->missed[field] = true;
    r->missing->names[r->missing->n++] = r->notice->fields[field].name;
}

/* ---- Operations ---- */

static void add_value(struct render *r, const struct op *op)
{
    const struct bound_value *value = &r->values[op->field];
    const char *text = value->text.data ? value->text.data : r->scratch->data + value->offset;
    if (op->escape == ESCAPE_HTML)
        html_add(r->to, text, value->text.length);
    else
        buf_add(r->to, text, value->text.length);
}

static void add_types(struct render *r, const struct op *op)
{
    const struct words *words = &r->notice->words;
    bool html = op->escape == ESCAPE_HTML;
    buf_puts(r->to, html ? "<ul>\n" : "");
    for (unsigned i = 0; i < words->n_types; i++) {
        if (!(r->types >> i & 1))
            continue;
        buf_puts(r->to, html ? "<li>" : "- ");
        if (html)
            html_add(r->to, words->types[i].name, strlen(words->types[i].name));
        else
            buf_puts(r->to, words->types[i].name);
        buf_puts(r->to, html ? "</li>\n" : "\n");
    }
    buf_puts(r->to, html ? "</ul>\n" : "\n");
}

static void truncate_to(struct buf *to, size_t length)
{
    to->length = length;
    to->data[length] = 0;
}

static void keep(struct render *r, const char *literal, size_t length)
{
    r->n_marks--;
    if (r->to->length == r->marks[r->n_marks].after)
        truncate_to(r->to, r->marks[r->n_marks].before);
    else
        buf_add(r->to, literal, length);
}

static void end_wrap(struct render *r, const struct op *op)
{
    size_t length = r->to->length - r->wrap;
    size_t at = r->scratch->length;
    if (op->a + length <= TEXT_COLUMNS && !memchr(r->to->data + r->wrap, '\n', length))
        return;
    buf_add(r->scratch, r->to->data + r->wrap, length);
    truncate_to(r->to, r->wrap);
    text_add_wrapped(r->to, (struct slice){r->scratch->data + at, length}, op->a, op->b);
    truncate_to(r->scratch, at);
}

static void run_op(struct render *r, const struct program *program, const struct op *op)
{
    const char *literal = program->literals.data + op->a;
    switch ((enum op_code)op->code) {
    case OP_LITERAL:
        buf_add(r->to, literal, op->b);
        break;
    case OP_VALUE:
        add_value(r, op);
        break;
    case OP_TYPES:
        add_types(r, op);
        break;
    case OP_MARK:
        require(r->n_marks < NEST_MAX);
        r->marks[r->n_marks].before = r->to->length;
        buf_add(r->to, literal, op->b);
        r->marks[r->n_marks++].after = r->to->length;
        break;
    case OP_KEEP:
        keep(r, literal, op->b);
        break;
    case OP_WRAP_BEGIN:
        r->wrap = r->to->length;
        break;
    case OP_WRAP_END:
        end_wrap(r, op);
        break;
    case OP_COUNT:
        require(r->n_counts < NEST_MAX);
        r->counts[r->n_counts++] = (int)op->a;
        break;
    case OP_NUMBER:
        buf_printf(r->to, "%d. ", r->counts[r->n_counts - 1]++);
        break;
    case OP_COUNT_END:
        r->n_counts--;
        break;
    case OP_IF:
    case OP_UNLESS:
        break; /* in run() */
    }
}

/* With `to` NULL only looks for missing values. */
static void run(struct render *r, const struct program *program, struct buf *to)
{
    r->to = to;
    unsigned i = 0;
    while (i < program->n) {
        const struct op *op = &program->ops[i++];
        if (op->code == OP_IF || op->code == OP_UNLESS) {
            if (r->values[op->field].yes != (op->code == OP_IF))
                i = op->a;
            continue;
        }
        if (op->code == OP_VALUE || op->code == OP_TYPES) {
            if (!r->values[op->field].set ||
                (r->bad_type && r->notice->fields[op->field].kind == FIELD_TYPES)) {
                note_missing(r, op->field);
                continue;
            }
        }
        if (to)
            run_op(r, program, op);
    }
}

/* ---- Formats ---- */

struct output {
    const struct program *program;
    struct buf *to;
};
enum { OUTPUTS_MAX = 4 };

/* Which programs make a format, and where each goes. */
static unsigned outputs_of(const struct notice *n, enum notice_format format,
                           struct notice_rendering *r, struct output outputs[OUTPUTS_MAX])
{
    struct buf *subject = r ? &r->subject : NULL, *line = r ? &r->line : NULL;
    struct buf *text = r ? &r->text : NULL, *html = r ? &r->html : NULL;
    const struct output all[NOTICE_FORMAT_N][OUTPUTS_MAX] = {
        [NOTICE_EMAIL] = {{&n->subject, subject}, {&n->text, text}, {&n->html, html}},
        [NOTICE_SMS] = {{&n->sms, text}},
        [NOTICE_VOICE] = {{&n->voice, text}},
        [NOTICE_LETTER] = {{&n->subject, subject},
                           {&n->plain, text},
                           {&n->letter, html},
                           {&n->envelope, line}},
        [NOTICE_BANNER] = {{&n->banner_title, subject}, {&n->line, line}, {&n->plain, text}},
    };
    unsigned count = 0;
    for (unsigned i = 0; i < OUTPUTS_MAX && all[format][i].program; i++)
        if (all[format][i].program != &n->envelope || n->envelope.has) /* may be absent */
            outputs[count++] = all[format][i];
    return count;
}

bool notice_has(const struct notice *notice, enum notice_format format)
{
    struct output outputs[OUTPUTS_MAX];
    unsigned n = outputs_of(notice, format, NULL, outputs);
    for (unsigned i = 0; i < n; i++)
        if (!outputs[i].program->has)
            return false;
    return true;
}

size_t notice_fields(const struct notice *notice, enum notice_format format, const char **ret_names,
                     size_t capacity)
{
    struct output outputs[OUTPUTS_MAX];
    unsigned n_outputs = outputs_of(notice, format, NULL, outputs);
    bool seen[NOTICE_FIELDS_MAX] = {0};
    size_t n = 0;
    for (unsigned p = 0; p < n_outputs; p++) {
        const struct program *program = outputs[p].program;
        for (unsigned i = 0; i < program->n; i++) {
            const struct op *op = &program->ops[i];
            if (op->code == OP_IF || op->code == OP_UNLESS)
                i = op->a - 1; /* what is inside depends on the person */
            if ((op->code != OP_VALUE && op->code != OP_TYPES) || seen[op->field])
                continue;
            seen[op->field] = true;
            if (n < capacity)
                ret_names[n] = notice->fields[op->field].name;
            n++;
        }
    }
    return n;
}

static void finish_text(struct buf *text)
{
    while (text->length && text->data[text->length - 1] == '\n')
        text->data[--text->length] = 0;
    buf_putc(text, '\n');
}

static void compute_digest(struct notice_rendering *r)
{
    const struct buf *parts[] = {&r->subject, &r->line, &r->text, &r->html};
    struct sha256_stream *stream = sha256_begin();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        sha256_add(stream, parts[i]->data, parts[i]->length + (i < 3));
    sha256_end(&stream, r->digest);
}

void notice_rendering_init(struct notice_rendering *rendering)
{
    *rendering = (struct notice_rendering){0};
    buf_init(&rendering->subject, 2048);
    buf_init(&rendering->line, 4096);
    buf_init(&rendering->text, NOTICE_RENDERED_MAX);
    buf_init(&rendering->html, NOTICE_RENDERED_MAX);
    buf_init(&rendering->scratch, (size_t)4 * NOTICE_RENDERED_MAX);
}

void notice_rendering_free(struct notice_rendering *rendering)
{
    buf_wipe(&rendering->subject);
    buf_wipe(&rendering->line);
    buf_wipe(&rendering->text);
    buf_wipe(&rendering->html);
    buf_wipe(&rendering->scratch);
}

static void clear(struct notice_rendering *r)
{
    buf_clear(&r->subject);
    buf_clear(&r->line);
    buf_clear(&r->text);
    buf_clear(&r->html);
    buf_clear(&r->scratch);
    r->sms = (struct sms_count){0};
    r->missing.n = 0;
}

static enum result finish(const struct notice *notice, enum notice_format format,
                          struct notice_rendering *r)
{
    if (format == NOTICE_SMS) {
        sms_fold(&r->text, notice->front.sms_parts);
        r->sms = sms_count(r->text.data, r->text.length);
        if (r->sms.parts > notice->front.sms_parts)
            return RESULT_TOO_LARGE;
    } else if (format != NOTICE_VOICE)
        finish_text(&r->text);
    if (r->subject.failed || r->line.failed || r->text.failed || r->html.failed ||
        r->scratch.failed)
        return RESULT_TOO_LARGE;
    compute_digest(r);
    return RESULT_OK;
}

enum result notice_render(const struct notice *notice, enum notice_format format,
                          const struct notice_person *person, struct notice_rendering *rendering)
{
    struct output outputs[OUTPUTS_MAX];
    if (!notice_has(notice, format))
        return RESULT_NOT_FOUND;
    clear(rendering);
    struct render render = {
        .notice = notice, .missing = &rendering->missing, .scratch = &rendering->scratch};
    unsigned n = outputs_of(notice, format, rendering, outputs);
    bind_values(&render, person);
    for (unsigned i = 0; i < n; i++)
        run(&render, outputs[i].program, outputs[i].to);
    return rendering->missing.n ? RESULT_INVALID : finish(notice, format, rendering);
}

enum result notice_check(const struct notice *notice, enum notice_format format,
                         const struct notice_person *person, struct notice_missing *ret_missing)
{
    struct output outputs[OUTPUTS_MAX];
    if (!notice_has(notice, format))
        return RESULT_NOT_FOUND;
    struct buf scratch;
    buf_init(&scratch, (size_t)4 * NOTICE_RENDERED_MAX);
    ret_missing->n = 0;
    struct render render = {.notice = notice, .missing = ret_missing, .scratch = &scratch};
    unsigned n = outputs_of(notice, format, NULL, outputs);
    bind_values(&render, person);
    for (unsigned i = 0; i < n; i++)
        run(&render, outputs[i].program, NULL);
    buf_wipe(&scratch);
    return ret_missing->n ? RESULT_INVALID : RESULT_OK;
}
