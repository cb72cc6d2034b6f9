/* notice_compile.c - from a source and an incident to a compiled notice: front matter, words,
 * binding, Markdown, one program per output, digest. Everything that can be wrong with a text is
 * found here, so that rendering can only miss a person's values.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "notice_internal.h"

enum { ARENA_LIMIT = 16 * 1024 * 1024, BOUND_MAX = 2 * NOTICE_SOURCE_MAX };

static const char *const format_names[NOTICE_FORMAT_N] = {
    [NOTICE_EMAIL] = "email",   [NOTICE_SMS] = "sms",       [NOTICE_VOICE] = "voice",
    [NOTICE_LETTER] = "letter", [NOTICE_BANNER] = "banner",
};

const char *notice_format_name(enum notice_format format)
{
    return format_names[format];
}

static bool locale_shape(const char *locale)
{
    size_t n =
        locale ? strspn(locale, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
               : 0;
    return n >= 2 && n <= 35 && !locale[n];
}

static const char *bound_copy(struct binder *b, const char *text, const char *where,
                              enum result *result)
{
    struct buf bound;
    buf_init(&bound, BOUND_MAX);
    b->to = &bound;
    *result = bind_text(b, slice_of(text), where);
    const char *copy = *result ? NULL : arena_strndup(b->notice->arena, bound.data, bound.length);
    if (!*result && !copy)
        *result = error_set(b->error, RESULT_TOO_LARGE, where, "The text is too long: shorten it.");
    buf_free(&bound);
    return copy;
}

/* Binds the strings of the front matter in place. */
static enum result bind_strings(struct binder *b)
{
    struct front_matter *front = &b->notice->front;
    struct {
        const char *name;
        char **text;
        struct program *to;
    } strings[] = {{"subject", &front->subject, &b->notice->subject},
                   {"sms", &front->sms, &b->notice->sms},
                   {"voice", &front->voice, &b->notice->voice},
                   {"banner_title", &front->banner_title, NULL},
                   {"banner_line", &front->banner_line, &b->notice->line},
                   {"envelope", &front->envelope, &b->notice->envelope}};
    enum result result = RESULT_OK;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0] && !result; i++) {
        if (!*strings[i].text)
            continue;
        const char *bound = bound_copy(b, *strings[i].text, strings[i].name, &result);
        if (result)
            break;
        *strings[i].text = arena_strdup(b->notice->arena, bound);
        if (strings[i].to) {
            program_init(strings[i].to);
            emit_line(b->notice, bound, ESCAPE_NONE, strings[i].to);
        }
    }
    return result;
}

static enum result absent_error(struct binder *b)
{
    char first[64] = "";
    const char *names = b->absent.data + 1;
    size_t n = strcspn(names, ",");
    memcpy(first, names, n < sizeof first ? n : sizeof first - 1);
    return error_set(b->error, RESULT_INVALID, first,
                     "The notice needs what the incident does not give:%.*s. Fill it in, or take "
                     "its placeholder out.",
                     (int)(b->absent.length - 1), b->absent.data);
}

static void emit_programs(struct notice *notice, const struct document *document)
{
    program_init(&notice->html);
    program_init(&notice->letter);
    notice->large_print = notice_field(notice, "large_print");
    program_init(&notice->text);
    program_init(&notice->plain);
    layout_email(notice, notice->front.subject, document->blocks, &notice->html);
    layout_letter(notice, notice->front.subject, document->blocks, &notice->letter);
    emit_text(notice, document->blocks, true, &notice->text);
    emit_text(notice, document->blocks, false, &notice->plain);
    const char *title = str_or(notice->front.banner_title, notice->front.subject);
    program_init(&notice->banner_title);
    emit_line(notice, title, ESCAPE_NONE, &notice->banner_title);
}

static bool programs_failed(const struct notice *notice)
{
    return notice->html.literals.failed || notice->letter.literals.failed ||
           notice->text.literals.failed || notice->plain.literals.failed;
}

static enum result compile_body(struct binder *b)
{
    struct notice *notice = b->notice;
    enum result result = RESULT_OK;
    char *body = mem_strndup(notice->front.body.data, notice->front.body.length);
    b->body = true;
    notice->bound_body = bound_copy(b, body, "body", &result);
    mem_free(body);
    if (!result && b->absent.length)
        result = absent_error(b);
    if (result)
        return result;
    struct document document = {0};
    result =
        document_parse(notice, notice->bound_body, strlen(notice->bound_body), &document, b->error);
    if (result)
        return result;
    emit_programs(notice, &document);
    document_free(&document);
    return programs_failed(notice) ? error_set(b->error, RESULT_TOO_LARGE, "body",
                                               "The notice is too long: shorten it.")
                                   : RESULT_OK;
}

/* Each part with its length in front, so that no two sources read the same. */
static void hash_part(struct sha256_stream *stream, const char *part, size_t length)
{
    char header[32];
    int n = snprintf(header, sizeof header, "%zu\n", length);
    sha256_add(stream, header, (size_t)n);
    sha256_add(stream, part, length);
}

static bool hash_json(struct sha256_stream *stream, struct json_object *json)
{
    struct buf text;
    buf_init(&text, (size_t)16 * NOTICE_SOURCE_MAX);
    bool written = !json || json_write(&text, json);
    hash_part(stream, text.data, text.length);
    buf_free(&text);
    return written;
}

static enum result compute_digest(struct notice *notice, const struct notice_source *source,
                                  struct error *error)
{
    struct sha256_stream *stream = sha256_begin();
    hash_part(stream, NOTICE_RENDERER_VERSION, strlen(NOTICE_RENDERER_VERSION));
    hash_part(stream, source->kind, strlen(source->kind));
    hash_part(stream, source->locale, strlen(source->locale));
    hash_part(stream, source->text, strlen(source->text));
    bool written = hash_json(stream, source->words);
    written = hash_json(stream, source->facts) && written;
    written = hash_json(stream, source->values) && written;
    sha256_end(&stream, notice->digest);
    return written
               ? RESULT_OK
               : error_set(error, RESULT_INVALID, "values",
                           "Facts or values are too long or hold fractions: write them as text.");
}

static enum result compile(struct notice *notice, const struct notice_source *source,
                           struct error *error)
{
    struct binder binder = {.notice = notice, .facts = source->facts, .error = error};
    enum result result = words_read(source->words, notice->arena, &notice->words, error);
    if (!result)
        result = front_matter_read(source->text, notice->arena, &notice->front, error);
    if (!result)
        result = compute_digest(notice, source, error);
    if (result)
        return result;
    buf_init(&binder.absent, 1024);
    binder.context.stack[binder.context.n++] = source->values;
    result = bind_strings(&binder);
    if (!result)
        result = compile_body(&binder);
    buf_free(&binder.absent);
    return result;
}

enum result notice_compile(const struct notice_source *source, struct notice **ret_notice,
                           struct error *error)
{
    if (str_empty(source->kind) || !locale_shape(source->locale))
        return error_set(error, RESULT_INVALID, "locale", "A notice needs a kind and a locale.");
    if (strlen(source->text) > NOTICE_SOURCE_MAX)
        return error_set(error, RESULT_TOO_LARGE, "text", "The notice is too long: shorten it.");
    struct notice *notice = mem_new(struct notice);
    notice->arena = arena_create(ARENA_LIMIT);
    notice->kind = arena_strdup(notice->arena, source->kind);
    notice->locale = arena_strdup(notice->arena, source->locale);
    enum result result = compile(notice, source, error);
    if (result)
        notice_destroy(&notice);
    else
        *ret_notice = notice;
    return result;
}

void notice_destroy(struct notice **pointer)
{
    struct notice *notice = *pointer;
    if (!notice)
        return;
    struct program *programs[] = {
        &notice->subject, &notice->line, &notice->sms,   &notice->voice,        &notice->html,
        &notice->letter,  &notice->text, &notice->plain, &notice->banner_title, &notice->envelope};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        program_free(programs[i]);
    arena_destroy(&notice->arena);
    mem_free(notice);
    *pointer = NULL;
}

const char *notice_locale(const struct notice *notice)
{
    return notice->locale;
}

const uint8_t *notice_digest(const struct notice *notice)
{
    return notice->digest;
}
