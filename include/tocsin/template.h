/* template.h - notices: one text in Markdown with Mustache placeholders, compiled once per version
 * and locale, rendered per person and channel. Pure but for notice_set_load; a compiled notice
 * never changes and may be used by any number of threads at once (each with a rendering of its
 * own).
 *
 *   notice_set_find(set, "breach", "fr-CA", &source);           the text, by kind and locale
 *   source.facts = ..., source.values = ...;                    what the incident says
 *   notice_compile(&source, &notice, &error);                   once
 *   notice_render(notice, NOTICE_EMAIL, &person, &rendering);   10,000 times a second
 *
 * Who says what, by placeholder name:
 *   person    name, reference, address, data_types, data_types.<id>, minor, deceased, fields.<x>:
 * bound by notice_render facts     what_happened, what_we_are_doing, ...: Markdown by the
 * responders, may hold person placeholders values    organisation.name, discovered_on, ...: plain
 * text; "2026-05-03" and "2026-05" are written as dates of the locale A name that is none of these
 * is a compile error, unless it only opens a section ({{#x}} {{^x}}: absent is false). A value can
 * never become markup, a link, a header line, template syntax or a change of writing direction.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"

/* Changes whenever the same source and values may give other bytes; part of every notice's digest.
 */
#define NOTICE_RENDERER_VERSION "tocsin-notice/1"

enum { NOTICE_FIELDS_MAX = 64, NOTICE_SOURCE_MAX = 65536, NOTICE_RENDERED_MAX = 262144 };

/* In the order of enum notice_form in channel.h, so that one converts to the other by value. */
enum notice_format {
    NOTICE_EMAIL,  /* subject, text (lines of at most 78 columns, LF), html */
    NOTICE_SMS,    /* text, sms */
    NOTICE_VOICE,  /* text to be spoken, one line */
    NOTICE_LETTER, /* subject, text (no address, a paragraph a line), html (self-contained, window
                      kept clear) */
    NOTICE_BANNER, /* subject (title), line, text (full notice, a paragraph a line); never HTML */
    NOTICE_FORMAT_N
};
/* "email", "sms", ...; static. */
const char *notice_format_name(enum notice_format format);

/* ---- Compile ---- */

/* What a notice is made from; everything is borrowed for the call. */
struct notice_source {
    const char *kind;   /* "breach", "policy_change" */
    const char *locale; /* BCP 47: "en", "fr-CA" */
    const char *text;   /* front matter and Markdown body: templates/notices/README.md */
    struct json_object
        *words; /* names of the data types and months in this locale (notice_set_words) */
    struct json_object *facts; /* {"what_happened": "<Markdown>", ...}; may be NULL */
    struct json_object
        *values; /* plain values of the incident, nested objects and lists; may be NULL */
};

struct notice;

/* RESULT_INVALID: error->field names the placeholder, fact or front matter key. Needed and absent
 * facts are all named in error->text. RESULT_TOO_LARGE past NOTICE_SOURCE_MAX. The caller owns
 * *ret_notice. */
enum result notice_compile(const struct notice_source *source, struct notice **ret_notice,
                           struct error *error);
/* Destroys and sets to NULL; *notice may be NULL. */
void notice_destroy(struct notice **notice);

/* As the source said it; owned by the notice. */
const char *notice_locale(const struct notice *notice);
/* May the notice be rendered so? SMS, voice and banner need their text in the front matter. */
bool notice_has(const struct notice *notice, enum notice_format format);
/* SHA-256 over renderer version, kind, locale, text, words, facts and values in canonical form:
 * what is approved. */
const uint8_t *notice_digest(const struct notice *notice);
/* Names of the person's fields that every rendering of this format needs (those inside sections are
 * found by notice_check). Fills up to `capacity` names, owned by the notice; returns how many there
 * are. */
size_t notice_fields(const struct notice *notice, enum notice_format format, const char **ret_names,
                     size_t capacity);

/* ---- Render ---- */

/* One value of a person. NULL or "" is a missing value; in a section, "false" and "0" are false
 * too. data_types: ids with commas ("ssn,email"), rendered by their human names; as a paragraph of
 * its own it becomes a list. address: lines with LF. Anything else is one line: control characters
 * become blanks, bidi controls vanish. */
struct notice_value {
    const char *name; /* without braces: "name", "fields.plan" */
    const char *value;
};
struct notice_person {
    const struct notice_value *values;
    size_t n;
};

struct notice_missing {
    const char *names[NOTICE_FIELDS_MAX]; /* owned by the notice */
    size_t n;
};

struct sms_count {
    bool gsm7;      /* else UCS-2 */
    unsigned units; /* septets or UTF-16 units */
    unsigned parts;
};

/* Buffers are reused from call to call; wiped when freed. Which are filled: enum notice_format. */
struct notice_rendering {
    struct buf subject, line, text, html;
    struct buf scratch; /* private */
    struct sms_count sms;
    uint8_t digest[DIGEST_SIZE];   /* over subject NUL line NUL text NUL html */
    struct notice_missing missing; /* filled on RESULT_INVALID */
};
void notice_rendering_init(struct notice_rendering *rendering);
void notice_rendering_free(struct notice_rendering *rendering);

/* RESULT_INVALID: values are missing, see rendering->missing (all of them). RESULT_NOT_FOUND:
 * !notice_has(). RESULT_TOO_LARGE: the SMS needs more parts than allowed, or a bound of the
 * rendering is passed. The buffers hold a notice only after RESULT_OK. */
enum result notice_render(const struct notice *notice, enum notice_format format,
                          const struct notice_person *person, struct notice_rendering *rendering);
/* As notice_render, without writing a byte: is anything missing for this person? */
enum result notice_check(const struct notice *notice, enum notice_format format,
                         const struct notice_person *person, struct notice_missing *ret_missing);

/* ---- SMS ---- */

/* Parts, as 3GPP TS 23.038/23.040 cut them: extension characters and surrogate pairs are never
 * split. */
struct sms_count sms_count(const char *text, size_t length);

/* ---- Lint ---- */

enum { LINT_FINDINGS_MAX = 32 };
struct lint_finding {
    bool error;     /* else a warning */
    char rule[24];  /* "heading_order", "hedge", "grade", "link", "sms_length", ... */
    char text[200]; /* a sentence that ends in what to do; quotes the text, no person's data */
};
struct lint_report {
    struct lint_finding findings[LINT_FINDINGS_MAX];
    size_t n, errors;
    double grade; /* reading grade estimate (Flesch-Kincaid), English only; else 0 */
    unsigned words;
};
/* Reads a compiled notice as an editor would; thread-safe. */
void notice_lint(const struct notice *notice, struct lint_report *ret_report);

/* ---- The notices on disk: the one part that does I/O ---- */

struct notice_set;
/* Reads <dir>/<kind>/<locale>.md and <dir>/words/<locale>.json; at start. The caller owns *ret_set.
 */
enum result notice_set_load(const char *dir, struct notice_set **ret_set, struct error *error);
void notice_set_destroy(struct notice_set **set);
/* The texts and words of one kind as bytes to be kept (appended): equal texts give equal bytes. */
bool notice_set_pack(const struct notice_set *set, const char *kind, struct buf *to);
/* A set of that one kind again. INVALID: the bytes are no such pack. */
enum result notice_set_unpack(const void *bytes, size_t length, struct notice_set **ret_set);
/* Fills kind, locale (the one found: "fr-CA", else "fr", else "en"), text and words, owned by the
 * set; clears facts and values. RESULT_NOT_FOUND when there is no such kind. Thread-safe for
 * compiling in turn: json-c objects are read only. */
enum result notice_set_find(const struct notice_set *set, const char *kind, const char *locale,
                            struct notice_source *ret_source);
/* The i-th locale of a kind in the order of their names; NULL past the end. Owned by the set. */
const char *notice_set_locale(const struct notice_set *set, const char *kind, size_t i);
/* The words of a locale with the same fallback, owned by the set; for texts that do not come from
 * the set. */
struct json_object *notice_set_words(const struct notice_set *set, const char *locale);
