/* notice_lint.c - reads a compiled notice as an editor would: title and order of headings, hedging,
 * reading grade, length of sentences and of text messages, addresses. Pure. Errors should stop an
 * approval, warnings are for people. Raw values never get here: the compiler refuses them.
 *
 * Sources: Cal. Civ. Code 1798.82(d)(1) (title, headings); Zou et al., CHI 2019 (hedge words,
 * grade); NCSC guidance on messages after a breach (addresses).
 */

/* System. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* This module. */
#include "notice_internal.h"

enum { GRADE_MAX = 8, SENTENCE_WORDS_MAX = 30, BODY_WORDS_MAX = 900, LINE_MAX_LENGTH = 160 };

static void report(struct lint_report *r, bool error, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void report(struct lint_report *r, bool error, const char *rule, const char *format, ...)
{
    r->errors += error;
    if (r->n == LINT_FINDINGS_MAX)
        return;
    struct lint_finding *finding = &r->findings[r->n++];
    finding->error = error;
    str_copy(finding->rule, sizeof finding->rule, rule);
    va_list args;
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
}

/* Texts for a few, which stand in the place of the usual ones: both at once is what nobody reads.
 */
static bool is_rare(const struct field *field)
{
    static const char *const names[] = {"discreet", "data_owner", "former_user", "represented"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_equal(field->name, names[i]))
            return true;
    return false;
}

/* Behind the section that `mark` opens. */
static const char *section_end(const char *at, const char *end, struct mark mark)
{
    unsigned depth = 1;
    while (at < end && depth > 0) {
        struct mark inner;
        const char *after = end;
        at = mark_find(at, end, &inner, &after) < end ? after : end;
        if (at < end && inner.number == mark.number && inner.kind != 'v' && inner.kind != 'l')
            depth += inner.kind == 'c' ? -1u : 1u;
    }
    return at;
}

/* All sections taken but those for a few, marks as "X", for reading. */
static void flatten(const struct notice *notice, const char *bound, struct buf *to)
{
    const char *end = bound + strlen(bound);
    while (bound < end) {
        struct mark mark;
        const char *after = end;
        const char *at = mark_find(bound, end, &mark, &after);
        buf_add(to, bound, (size_t)(at - bound));
        if (at < end && mark.kind == 'l')
            buf_add(to, notice->literals[mark.number].text, notice->literals[mark.number].length);
        else if (at < end && mark.kind == 'v')
            buf_putc(to, 'X');
        else if (at < end && mark.kind == 'o' && is_rare(&notice->fields[mark.number]))
            after = section_end(after, end, mark);
        bound = after;
    }
}

/* ---- Headings ---- */

static const char *const breach_headings[] = {
    "What Happened",
    "What Information Was Involved",
    "What This Could Mean For You",
    "What We Are Doing",
    "What You Can Do",
    "For More Information",
};
enum { HEADINGS = 6, OPTIONAL_HEADING = 2 };

static bool next_heading(const char **at, unsigned level, char to[128])
{
    while (**at) {
        const char *line = *at;
        size_t n = strcspn(line, "\n");
        *at += n + (line[n] == '\n');
        size_t hashes = strspn(line, "#");
        if (hashes != level || line[hashes] != ' ')
            continue;
        const char *text = line + hashes + 1;
        n -= hashes + 1;
        if (n > 127)
            n = 127;
        memcpy(to, text, n);
        to[n] = 0;
        str_trim(to);
        return true;
    }
    return false;
}

static void check_title(const struct notice *notice, const char *text, struct lint_report *r)
{
    char title[128];
    const char *at = text;
    if (!next_heading(&at, 1, title)) {
        report(r, true, "title", "The notice has no title: begin with a line \"# ...\".");
        return;
    }
    bool english = str_starts(notice->locale, "en");
    if (english && str_equal(notice->kind, "breach") && !str_equal(title, "Notice of Data Breach"))
        report(r, true, "title", "The title must be \"Notice of Data Breach\": correct it.");
    if (next_heading(&at, 1, title))
        report(r, true, "title", "The notice has two titles: make the second a \"##\" heading.");
}

/* English: the statute's words in the statute's order; elsewhere their number. */
static void check_headings(const struct notice *notice, const char *text, struct lint_report *r)
{
    if (!str_equal(notice->kind, "breach"))
        return;
    bool english = str_starts(notice->locale, "en");
    char heading[128];
    const char *at = text;
    unsigned wanted = 0, n = 0;
    for (; next_heading(&at, 2, heading); n++) {
        if (wanted == OPTIONAL_HEADING && !str_equal(heading, breach_headings[wanted]))
            wanted++;
        if (english && (wanted >= HEADINGS || !str_equal(heading, breach_headings[wanted])))
            report(r, true, "heading_order",
                   "The heading \"%.60s\" is not the one due here: use %s.", heading,
                   wanted < HEADINGS ? breach_headings[wanted] : "none");
        wanted++;
    }
    if (n < HEADINGS - 1 || n > HEADINGS)
        report(r, true, "heading_order",
               "A breach notice has the five headings (and one optional), this has %u: add them.",
               n);
}

/* ---- Words ---- */

struct hedge {
    const char *locale, *phrase;
};
static const struct hedge hedges[] = {
    {"en", "may have been"},
    {"en", "might have been"},
    {"en", "potentially"},
    {"en", "abundance of caution"},
    {"en", "no evidence"},
    {"en", "sophisticated"},
    {"en", "limited number"},
    {"en", "take your privacy seriously"},
    {"en", "take the security of"},
    {"en", "regret any inconvenience"},
    {"es", "podr\xC3\xAD"
           "an haber"},
    {"es", "podr\xC3\xAD"
           "a haber"},
    {"es", "potencialmente"},
    {"es", "ninguna evidencia"},
    {"es", "no tenemos pruebas"},
    {"fr", "pourraient avoir"},
    {"fr", "pourrait avoir"},
    {"fr", "potentiellement"},
    {"fr", "aucune preuve"},
    {"de", "m\xC3\xB6glicherweise"},
    {"de", "unter Umst\xC3\xA4nden"},
    {"de", "keine Hinweise"},
    {"de", "potenziell"},
};

static void check_hedges(const struct notice *notice, const char *text, struct lint_report *r)
{
    for (size_t i = 0; i < sizeof hedges / sizeof hedges[0]; i++)
        if (str_starts(notice->locale, hedges[i].locale) && strcasestr(text, hedges[i].phrase))
            report(r, false, "hedge",
                   "\"%s\" plays the breach down: say what is known, what is not, and when more "
                   "comes.",
                   hedges[i].phrase);
}

struct reading {
    unsigned words, sentences, syllables, in_sentence, longest;
};

static unsigned syllables_of(const char *word, size_t n)
{
    unsigned count = 0;
    bool vowel = false;
    for (size_t i = 0; i < n; i++) {
        bool now = word[i] && strchr("aeiouyAEIOUY", word[i]);
        count += now && !vowel;
        vowel = now;
    }
    if (n > 2 && (word[n - 1] | 0x20) == 'e' && (word[n - 2] | 0x20) != 'l' && count > 1)
        count--;
    return count ? count : 1;
}

static void end_sentence(struct reading *reading)
{
    if (!reading->in_sentence)
        return;
    reading->sentences++;
    if (reading->in_sentence > reading->longest)
        reading->longest = reading->in_sentence;
    reading->in_sentence = 0;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) || c == '\'' || c == '-';
}

/* Sentences end at . ! ? and at the end of a block (an empty line, a list item, a heading). */
static void read_text(const char *text, struct reading *reading)
{
    while (*text) {
        const char *word = text;
        while (*text && is_word(*text))
            text++;
        if (text > word && (isalpha((unsigned char)*word) || (*word & 0x80))) {
            reading->words++;
            reading->in_sentence++;
            reading->syllables += syllables_of(word, (size_t)(text - word));
        }
        if (!*text)
            break;
        bool stop = strchr(".!?:", *text) && (text[1] == ' ' || text[1] == '\n' || !text[1]);
        bool block = *text == '\n' && (text[1] == '\n' || strchr("#-*0123456789", text[1]) ||
                                       text[-(text > word)] == '\n');
        if (stop || block)
            end_sentence(reading);
        text++;
    }
    end_sentence(reading);
}

static void check_reading(const struct notice *notice, const char *text, struct lint_report *r)
{
    struct reading reading = {0};
    read_text(text, &reading);
    r->words = reading.words;
    if (reading.words > BODY_WORDS_MAX)
        report(r, false, "length", "The notice has %u words: bring it under %d.", reading.words,
               BODY_WORDS_MAX);
    if (reading.longest > SENTENCE_WORDS_MAX)
        report(r, false, "sentence", "A sentence has %u words: cut it in two.", reading.longest);
    if (!str_starts(notice->locale, "en") || !reading.sentences)
        return;
    /* Flesch-Kincaid grade. */
    r->grade =
        0.39 * reading.words / reading.sentences + 11.8 * reading.syllables / reading.words - 15.59;
    if (r->grade > GRADE_MAX)
        report(r, false, "grade", "The text reads at grade %.1f: use shorter words and sentences.",
               r->grade);
}

/* ---- Addresses, short texts ---- */

static void check_links(const char *text, struct lint_report *r)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, "://")); at += 3)
        n++;
    if (strstr(text, "http://"))
        report(r, true, "link", "An address is not https: correct it.");
    if (n > 1)
        report(r, false, "link", "There are %u addresses: give one, on the main domain.", n);
    static const char *const short_domains[] = {"bit.ly/", "tinyurl.com", "t.co/",
                                                "goo.gl",  "ow.ly/",      "lnkd.in"};
    for (size_t i = 0; i < sizeof short_domains / sizeof short_domains[0]; i++)
        if (strstr(text, short_domains[i]))
            report(r, true, "link", "A shortened address looks like phishing: write it out.");
}

static void check_sms(const struct notice *notice, struct lint_report *r)
{
    if (!notice->front.sms) {
        report(r, false, "sms",
               "There is no SMS text: add sms to the front matter, or do not "
               "use that channel.");
        return;
    }
    struct buf text;
    buf_init(&text, NOTICE_SOURCE_MAX);
    flatten(notice, notice->front.sms, &text);
    sms_fold(&text, notice->front.sms_parts);
    struct sms_count count = sms_count(text.data, text.length);
    if (count.parts > notice->front.sms_parts)
        report(r, true, "sms_length", "The SMS takes %u parts, %u are allowed: shorten it.",
               count.parts, notice->front.sms_parts);
    buf_free(&text);
}

static void check_strings(const struct notice *notice, struct lint_report *r)
{
    struct buf text;
    buf_init(&text, NOTICE_SOURCE_MAX);
    flatten(notice, notice->front.subject, &text);
    if (text.length > 120)
        report(r, false, "subject", "The subject is longer than 120 bytes: shorten it.");
    buf_clear(&text);
    if (notice->front.banner_line)
        flatten(notice, notice->front.banner_line, &text);
    else
        report(r, false, "banner", "There is no banner text: add banner_line to the front matter.");
    if (text.length > LINE_MAX_LENGTH)
        report(r, false, "banner", "The banner's line is longer than %d bytes: shorten it.",
               LINE_MAX_LENGTH);
    buf_free(&text);
}

static void check_reference(const struct notice *notice, struct lint_report *r)
{
    for (unsigned i = 0; i < notice->n_fields; i++)
        if (str_equal(notice->fields[i].name, "reference"))
            return;
    report(r, false, "reference",
           "The notice shows no {{reference}}: people need it to check that it is real.");
}

void notice_lint(const struct notice *notice, struct lint_report *ret_report)
{
    *ret_report = (struct lint_report){0};
    struct buf text;
    buf_init(&text, (size_t)4 * NOTICE_SOURCE_MAX);
    flatten(notice, notice->bound_body, &text);
    check_title(notice, text.data, ret_report);
    check_headings(notice, text.data, ret_report);
    check_hedges(notice, text.data, ret_report);
    check_reading(notice, text.data, ret_report);
    check_links(text.data, ret_report);
    check_sms(notice, ret_report);
    check_strings(notice, ret_report);
    check_reference(notice, ret_report);
    buf_free(&text);
}
