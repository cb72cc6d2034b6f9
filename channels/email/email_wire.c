/* email_wire.c - one MIME message from a rendered notice.
 *
 * Happy path: the constant headers were made once (GMime encodes names and subjects, RFC 2047), the
 * subject's encoding is kept while it repeats, the two parts go through GMime's quoted-printable or
 * base64 encoder, and what comes out is checked once more. A whole GMime message costs 62 us, this
 * a quarter. Fails with RESULT_INVALID when the content cannot be sent. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <gmime/gmime.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "channels/email/email_wire.h"

/* "=_" occurs in neither encoding (RFC 2045 section 6.7), so it can be the same in all messages. */
#define BOUNDARY "=_notice"

struct email_composer {
    struct buf fixed;   /* From, Reply-To and the MIME headers */
    struct buf subject; /* "Subject: ..." as last encoded */
    struct buf scratch; /* a part as encoded, with LF */
    char *subject_text; /* what `subject` says */
    char *domain;       /* of the sender: right side of Message-ID */
};

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* GMime may only be initialised once, before other threads use it. */
static void gmime_start(void)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        g_mime_init();
        g_once_init_leave(&once, 1);
    }
}

/* GMime folds with LF; each LF becomes CRLF. */
static void add_folded(struct buf *to, const char *name, const char *encoded)
{
    char *line = g_strconcat(name, ": ", encoded, NULL);
    char *folded = g_mime_utils_unstructured_header_fold(NULL, NULL, line);
    for (const char *at = folded; *at; at++) {
        if (*at == '\n')
            buf_putc(to, '\r');
        if (*at != '\r')
            buf_putc(to, *at);
    }
    g_free(folded);
    g_free(line);
}

struct email_composer *email_composer_create(const char *from_name, const char *from_address,
                                             const char *reply_to)
{
    gmime_start();
    struct email_composer *composer = mem_new(struct email_composer);
    buf_init(&composer->fixed, 8192);
    buf_init(&composer->subject, 8192);
    buf_init(&composer->scratch, SIZE_MAX);
    composer->domain = mem_strdup(strchr(from_address, '@') + 1);
    char *phrase = g_mime_utils_header_encode_phrase(NULL, from_name, "UTF-8");
    char *from = g_strconcat(phrase, " <", from_address, ">", NULL);
    add_folded(&composer->fixed, "From", from);
    g_free(from);
    g_free(phrase);
    if (reply_to)
        buf_printf(&composer->fixed, "Reply-To: <%s>\r\n", reply_to);
    /* RFC 3834: no automatic answers. No List-Unsubscribe: a breach notice is no subscription. */
    buf_puts(&composer->fixed,
             "Auto-Submitted: auto-generated\r\n"
             "X-Auto-Response-Suppress: OOF, AutoReply\r\n"
             "MIME-Version: 1.0\r\n"
             "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n");
    return composer;
}

void email_composer_destroy(struct email_composer **composer)
{
    struct email_composer *c = *composer;
    if (!c)
        return;
    buf_free(&c->fixed);
    buf_wipe(&c->subject);
    buf_wipe(&c->scratch);
    mem_free(c->subject_text);
    mem_free(c->domain);
    mem_free(c);
    *composer = NULL;
}

/* Encodes a subject once while notices share it. */
static void subject_set(struct email_composer *composer, const char *subject)
{
    if (composer->subject_text && str_equal(composer->subject_text, subject))
        return;
    mem_free(composer->subject_text);
    composer->subject_text = mem_strdup(subject);
    buf_clear(&composer->subject);
    char *encoded = is_ascii(subject) ? g_strdup(subject)
                                      : g_mime_utils_header_encode_text(NULL, subject, "UTF-8");
    add_folded(&composer->subject, "Subject", encoded);
    g_free(encoded);
}

/* Quoted-printable stays readable; past one odd byte in six base64 is shorter. */
static GMimeContentEncoding choose_encoding(const char *text, size_t length)
{
    size_t odd = 0;
    for (size_t i = 0; i < length; i++)
        odd += (unsigned char)text[i] >= 0x80;
    return odd * 6 > length ? GMIME_CONTENT_ENCODING_BASE64
                            : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/* One encoded line: a leading dot becomes =2E; where that would pass 76 characters a soft break
 * follows it (RFC 2045 section 6.7). Encoders only put dots there in quoted-printable. */
static void add_line(struct buf *to, const char *line, size_t length)
{
    while (length > 0 && *line == '.') {
        buf_puts(to, "=2E");
        line++;
        if (--length > 73)
            buf_puts(to, "=\r\n");
        else
            break;
    }
    buf_add(to, line, length);
    buf_add(to, "\r\n", 2);
}

static void add_lines(struct buf *to, const char *at, size_t length)
{
    const char *end = at + length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        add_line(to, at, (size_t)(stop - at));
        at = stop + 1;
    }
}

/* CR before LF would be shown as =0D: text is canonical with LF only inside this program. */
static size_t drop_cr(char *to, const char *text, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        if (text[i] != '\r')
            to[n++] = text[i];
    return n;
}

static void encode_part(struct email_composer *composer, struct buf *to,
                        GMimeContentEncoding encoding, const struct slice *body)
{
    GMimeEncoding state;
    g_mime_encoding_init_encode(&state, encoding);
    size_t room = g_mime_encoding_outlen(&state, body->length) + 16;
    buf_clear(&composer->scratch);
    char *encoded = buf_reserve(&composer->scratch, room);
    if (!encoded) {
        to->failed = true;
        return;
    }
    size_t length = g_mime_encoding_flush(&state, body->data, body->length, encoded);
    add_lines(to, encoded, length);
}

static void add_part(struct email_composer *composer, struct buf *to, const char *type,
                     struct slice body)
{
    GMimeContentEncoding encoding = choose_encoding(body.data, body.length);
    buf_printf(to,
               "\r\n--" BOUNDARY "\r\nContent-Type: %s; charset=UTF-8\r\n"
               "Content-Transfer-Encoding: %s\r\n\r\n",
               type, g_mime_content_encoding_to_string(encoding));
    char *clean = NULL;
    if (memchr(body.data, '\r', body.length)) {
        clean = mem_alloc(body.length, 1);
        body = (struct slice){clean, drop_cr(clean, body.data, body.length)};
    }
    encode_part(composer, to, encoding, &body);
    mem_free(clean);
}

/* Letters, digits and a few signs: what may stand in Message-ID, a header of ours or a language. */
static bool word_ok(const char *text, size_t max)
{
    size_t length = strnlen(text, max + 1);
    return length > 0 && length <= max &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               length;
}

static bool body_ok(const char *text, size_t length)
{
    return text && length > 0 && length <= EMAIL_BODY_MAX && !memchr(text, 0, length);
}

static enum result send_check(const struct channel_send *send, struct error *error)
{
    const struct channel_notice *notice = &send->notice;
    if (!send->email || !email_address_ok(send->email))
        return error_set(error, RESULT_INVALID, "email",
                         "This is no address that can be sent to; correct it in the roster.");
    if (str_empty(notice->subject) || strlen(notice->subject) > EMAIL_SUBJECT_MAX ||
        !text_is_line(notice->subject, strlen(notice->subject)))
        return error_set(error, RESULT_INVALID, "subject",
                         "The subject must be one line of up to %d bytes; shorten the notice's.",
                         EMAIL_SUBJECT_MAX);
    if (!body_ok(notice->text, notice->text_length))
        return error_set(error, RESULT_INVALID, "text",
                         "The plain text is empty, too long or holds NUL; correct the notice.");
    if (notice->html && !body_ok(notice->html, notice->html_length))
        return error_set(error, RESULT_INVALID, "html",
                         "The HTML is empty, too long or holds NUL; correct the notice.");
    if (!send->token || !word_ok(send->token, 64) || !send->key || !word_ok(send->key, 64))
        return error_set(error, RESULT_INVALID, "token",
                         "The token or key is malformed; report this as a defect.");
    return RESULT_OK;
}

static void add_headers(struct email_composer *composer, struct buf *to,
                        const struct channel_send *send, time_ms now)
{
    char date[40];
    buf_puts(to, "Date: ");
    buf_puts(to, time_format_rfc5322(date, now));
    buf_puts(to, "\r\nMessage-ID: <");
    buf_puts(to, send->key);
    buf_putc(to, '@');
    buf_puts(to, composer->domain);
    buf_puts(to, ">\r\nTo: <");
    buf_puts(to, send->email);
    buf_puts(to, ">\r\nX-Tocsin-Ref: ");
    buf_puts(to, send->token);
    buf_puts(to, "\r\n");
    if (send->notice.locale && word_ok(send->notice.locale, 35)) {
        buf_puts(to, "Content-Language: ");
        buf_puts(to, send->notice.locale);
        buf_puts(to, "\r\n");
    }
    buf_add(to, composer->subject.data, composer->subject.length);
    buf_add(to, composer->fixed.data, composer->fixed.length);
}

enum result email_compose(struct email_composer *composer, struct buf *to,
                          const struct channel_send *send, time_ms now, struct error *error)
{
    enum result result = send_check(send, error);
    if (result != RESULT_OK)
        return result;
    subject_set(composer, send->notice.subject);
    buf_clear(to);
    add_headers(composer, to, send, now);
    add_part(composer, to, "text/plain",
             (struct slice){send->notice.text, send->notice.text_length});
    if (send->notice.html)
        add_part(composer, to, "text/html",
                 (struct slice){send->notice.html, send->notice.html_length});
    buf_puts(to, "\r\n--" BOUNDARY "--\r\n");
    if (to->failed || !email_wire_safe(to->data, to->length))
        return error_set(error, RESULT_INVALID, "",
                         "The message cannot be put on the wire; shorten the notice.");
    return RESULT_OK;
}

bool email_wire_safe(const char *data, size_t length)
{
    const char *at = data, *end = data + length;
    if (length < 2 || memchr(data, 0, length))
        return false;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline || newline == at || newline[-1] != '\r' || *at == '.')
            return false;
        size_t line = (size_t)(newline - at) - 1;
        if (line > EMAIL_LINE_MAX || memchr(at, '\r', line))
            return false;
        at = newline + 1;
    }
    return true;
}
