/* notice_internal.h - what the files of a compiled notice share. Outside this folder:
 * tocsin/template.h. */
#pragma once
#include "base/arena.h"
#include "base/str.h"
#include "mustache.h"
#include "tocsin/template.h"

/* ---- Front matter (notice_source.c) ---- */

struct front_matter {
    /* In the arena; NULL = absent. */
    char *subject, *sms, *voice, *banner_title, *banner_line, *envelope;
    const struct letter_profile *letter;
    unsigned sms_parts;
    struct slice body;
};
enum result front_matter_read(const char *text, struct arena *arena, struct front_matter *ret,
                              struct error *error);

/* ---- The words of a locale (notice_words.c) ---- */

enum { TYPES_MAX = 64 };
struct type_word {
    const char *id, *name;
};
struct words {
    struct type_word types[TYPES_MAX];
    unsigned n_types;
    const char *months[12];
    const char *day_pattern, *month_pattern; /* "{month} {day}, {year}" */
    const char *comma, *conjunction;         /* ", " and " and " */
};
enum result words_read(struct json_object *json, struct arena *arena, struct words *ret,
                       struct error *error);
/* "2026-05-03" -> "May 3, 2026", "2026-05" -> "May 2026"; anything else as it is. Appends. */
void words_add_value(const struct words *words, struct buf *to, const char *value, size_t length);
bool locale_right_to_left(const char *locale);

/* ---- Values and where they land (notice_value.c) ---- */

/* Appends the value as one safe line: no controls, no bidi or invisible characters, nothing that a
 * mail program would turn into a link when `unlink`; `lines` keeps LF. */
void value_add_clean(struct buf *to, struct slice value, bool unlink, bool lines);
bool value_is_clean(struct slice value);
void html_add(struct buf *to, const char *text, size_t length);
/* Refuses what an author must not hide in a text: bidi overrides, our marks, bad UTF-8, controls
 * but LF and TAB. */
bool source_is_clean(const char *text, size_t length);

/* ---- Binding: the incident's part (notice_bind.c) ---- */

enum field_kind {
    FIELD_TEXT,
    FIELD_TYPES,     /* data_types */
    FIELD_TYPE_TEST, /* data_types.<id> */
    FIELD_ADDRESS
};
struct field {
    enum field_kind kind;
    const char *name;
    unsigned type; /* FIELD_TYPE_TEST: index in words.types */
};
struct literal {
    const char *text;
    size_t length;
};
enum { LITERALS_MAX = 512 };

/* Bound text holds marks, each U+E000 kind number U+E001:
 * v person value, l literal incident value, o section, i inverted section, c end of section
 * (number: the field). */
#define MARK_BEGIN "\xEE\x80\x80"
#define MARK_END   "\xEE\x80\x81"
struct mark {
    char kind;
    unsigned number;
};
/* Where does the next mark begin? Returns it (or end) and, when there, fills *mark and *ret_after.
 */
const char *mark_find(const char *text, const char *end, struct mark *mark, const char **ret_after);

/* ---- Programs: what rendering executes (program.c) ---- */

enum op_code {
    OP_LITERAL,    /* a = offset in literals, b = length */
    OP_VALUE,      /* field, escape */
    OP_TYPES,      /* field; a list of the data types: escape says how */
    OP_IF,         /* field; a = where to go on when false */
    OP_UNLESS,     /* field; a = where to go on when true */
    OP_MARK,       /* a literal (a, b) that is taken back when nothing follows before OP_KEEP */
    OP_KEEP,       /* a literal (a, b) closes what OP_MARK opened */
    OP_WRAP_BEGIN, /* a paragraph of plain text begins */
    OP_WRAP_END,   /* a = column where it began, b = indent of its other lines */
    OP_COUNT,      /* a numbered list begins; a = first number */
    OP_NUMBER,     /* "n. " */
    OP_COUNT_END
};
enum escape { ESCAPE_NONE, ESCAPE_HTML };
struct op {
    uint8_t code, escape;
    uint16_t field;
    uint32_t a, b;
};
struct program {
    struct op *ops;
    unsigned n, capacity;
    struct buf literals;
    unsigned floor; /* literals of ops before it must not grow: a jump lands there */
    bool has;       /* compiled at all */
};
void program_init(struct program *program);
void program_free(struct program *program);
void program_literal(struct program *program, const char *text, size_t length);
void program_puts(struct program *program, const char *text);
/* Returns the index of the op. */
unsigned program_op(struct program *program, struct op op);
unsigned program_op_literal(struct program *program, enum op_code code, const char *text);
/* The next op is where op `index` jumps to. */
void program_land(struct program *program, unsigned index);
/* Appends text with LF at 78 columns where the line breaks; `column` is where it begins. */
enum { TEXT_COLUMNS = 78 };
void text_add_wrapped(struct buf *to, struct slice text, unsigned column, unsigned indent);

/* ---- A notice ---- */

struct notice {
    struct arena *arena;
    const char *kind, *locale;
    struct words words;
    struct front_matter front;
    struct field fields[NOTICE_FIELDS_MAX];
    unsigned n_fields;
    struct literal literals[LITERALS_MAX]; /* incident values, cleaned */
    unsigned n_literals;
    struct program subject, banner_title, line, sms, voice, html, letter, text, plain, envelope;
    int large_print;        /* the field that makes a letter's print large; < 0: no room for it */
    const char *bound_body; /* for the linter, marks included */
    uint8_t digest[DIGEST_SIZE];
};

/* Index of the person's field, added when new; -1 when it is none, -2 when there are too many or
 * the data type is unknown. */
int notice_field(struct notice *notice, const char *name);

struct binder {
    struct notice *notice;
    struct json_object *facts;
    struct mustache_context context; /* values, and list items above them */
    bool body;                       /* Markdown: facts are allowed */
    bool in_fact;
    struct buf *to;
    struct buf absent; /* names that the incident lacks */
    struct error *error;
};
/* Binds facts and values; what is left are marks. `text` is a whole template. */
enum result bind_text(struct binder *binder, struct slice text, const char *where);

/* ---- Markdown (markdown.c builds blocks, emit_html.c and emit_text.c write programs) ---- */

struct cmark_node;
enum block_kind {
    BLOCK_HEADING,
    BLOCK_PARAGRAPH,
    BLOCK_TYPES, /* the person's data types as a list */
    BLOCK_LIST,
    BLOCK_ITEM,
    BLOCK_QUOTE,
    BLOCK_RULE,
    BLOCK_TABLE,
    BLOCK_SECTION
};
struct block {
    enum block_kind kind;
    struct cmark_node *node; /* where its inlines hang; NULL for sections */
    struct mark mark;        /* section, types */
    bool ordered;
    int start, level;
    struct block *child, *next;
};
struct document {
    struct cmark_node *root;
    struct block *blocks;
};
enum result document_parse(const struct notice *notice, const char *text, size_t length,
                           struct document *ret_document, struct error *error);
void document_free(struct document *document);
bool block_has_sections(const struct block *block);

enum inline_markup { INLINE_STRONG, INLINE_EMPHASIS, INLINE_CODE, INLINE_BREAK };
/* Inline content, told apart from its output. */
struct inline_sink {
    void (*literal)(void *context, const char *text, size_t length); /* to be escaped */
    void (*markup)(void *context, enum inline_markup markup, bool open);
    void (*link)(void *context, const char *url);
    void (*mark)(void *context, struct mark mark);
    void *context;
};
/* RESULT_INVALID with the line of the node. */
enum result markdown_refuse(struct error *error, struct cmark_node *node, const char *text);
enum result inlines_check(struct error *error, struct cmark_node *parent);
/* Walks the inlines below `node`; a link's words come first, then its address once, when they
 * differ. */
void inline_walk(struct cmark_node *node, const struct inline_sink *sink);

void emit_html(const struct notice *notice, const struct block *blocks, struct program *to);
void emit_text(const struct notice *notice, const struct block *blocks, bool wrap,
               struct program *to);
/* Strings of the front matter: marks only, no Markdown. */
void emit_line(const struct notice *notice, const char *bound, enum escape escape,
               struct program *to);
/* The op of a mark in running text; sections keep their open ops on a stack. */
struct emitter {
    const struct notice *notice;
    struct program *to;
    enum escape escape;
    unsigned open[MUSTACHE_DEPTH_MAX * 4];
    unsigned depth;
};
void emitter_mark(struct emitter *emitter, struct mark mark);

/* ---- Layout (notice_layout.c) ---- */

struct letter_profile {
    const char *name, *page, *margin, *body_top; /* CSS lengths */
};
const struct letter_profile *letter_profile_find(const char *name);
void layout_email(const struct notice *notice, const char *subject, const struct block *blocks,
                  struct program *to);
void layout_letter(const struct notice *notice, const char *subject, const struct block *blocks,
                   struct program *to);

/* ---- SMS (sms_segments.c) ---- */

/* Typographic characters become plain ones; when the text still needs UCS-2 and more than `parts`,
 * Latin letters lose their accents. In place. */
void sms_fold(struct buf *text, unsigned parts);
