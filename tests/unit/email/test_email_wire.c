/* test_email_wire.c - the MIME message: properties over awkward content, read back by others. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

#include <gmime/gmime.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "channels/email/email_wire.h"

static struct channel_send send_of(const char *subject, const char *text, const char *html)
{
    return (struct channel_send){.token = "abcdefghijklmnopqrstuv2345",
                                 .key = "zyxwvutsrqponmlkjihgfe5432",
                                 .email = "ada@example.com",
                                 .notice = {.locale = "en",
                                            .subject = subject,
                                            .text = text,
                                            .text_length = strlen(text),
                                            .html = html,
                                            .html_length = html ? strlen(html) : 0}};
}

static GMimeMessage *parse(const struct buf *mail)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail->data, mail->length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

/* The decoded text of part `i`, LF line ends; the caller frees with g_free. */
static char *part_text(GMimeMessage *message, int i)
{
    GMimeMultipart *all = GMIME_MULTIPART(g_mime_message_get_mime_part(message));
    GMimeDataWrapper *content =
        g_mime_part_get_content(GMIME_PART(g_mime_multipart_get_part(all, i)));
    GMimeStream *to = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, to);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(to));
    char *text = g_malloc(bytes->len + 1);
    size_t n = 0;
    for (guint k = 0; k < bytes->len; k++)
        if (bytes->data[k] != '\r')
            text[n++] = (char)bytes->data[k];
    text[n] = 0;
    g_object_unref(to);
    return text;
}

/* Quoted-printable ends a text that does not end in a line break with one (RFC 2045 knows lines).
 */
static void assert_body(const char *back, const char *text)
{
    size_t n = strlen(text);
    assert_memory_equal(back, text, n);
    if (n > 0 && text[n - 1] != '\n' && back[n] == '\n')
        n++;
    assert_int_equal(back[n], 0);
}

static const char *const bodies[] = {
    "plain\n",
    "no newline at the end",
    ".\n..\n.a\n\n.\n",
    "From here on\nFrom there\n",
    "trailing blank \n\ttab\t\n",
    "=3D = =\n",
    "Größe, naïve, “quotes” — dash\n",
    "\xe4\xb8\xad\xe6\x96\x87\xe9\x80\x9a\xe7\x9f\xa5\n\xe4\xb8\xad.\n",
    ".............................................................................................."
    ".........................."
    ".............................................................................................."
    "..........................\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b.c\n",
    "--=_notice\nContent-Type: text/evil\n\n--=_notice--\n",
    "\n\n\n",
    "x\n.\nQUIT\n"};

static struct email_composer *composer_new(void)
{
    return email_composer_create("Müller \"x\", Inc.", "notices@example.org", "help@example.org");
}

/* Breaks when a body arrives changed, or a raw line is long, begins with a dot, or lacks its CRLF.
 */
static void test_bodies(void **state)
{
    struct email_composer *composer = composer_new();
    struct buf mail;
    struct error error;
    (void)state;
    buf_init(&mail, 1 << 20);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct channel_send send = send_of("Notice", bodies[i], "<p>x</p>\n");
        assert_int_equal(email_compose(composer, &mail, &send, 0, &error), RESULT_OK);
        assert_true(email_wire_safe(mail.data, mail.length));
        for (const char *at = mail.data; *at;) {
            size_t line = strcspn(at, "\r");
            assert_true(line <= 78);
            at += line + 2;
        }
        GMimeMessage *message = parse(&mail);
        char *text = part_text(message, 0), *html = part_text(message, 1);
        assert_body(text, bodies[i]);
        assert_string_equal(html, "<p>x</p>\n");
        g_free(text);
        g_free(html);
        g_object_unref(message);
    }
    buf_free(&mail);
    email_composer_destroy(&composer);
}

/* Breaks when random bytes of text (every dot and equals sign place) do not survive. */
static void test_random(void **state)
{
    struct email_composer *composer = composer_new();
    struct buf mail;
    struct error error;
    (void)state;
    buf_init(&mail, 1 << 20);
    srand(7);
    for (int i = 0; i < 500; i++) {
        char text[700];
        size_t n = (size_t)rand() % (sizeof(text) - 1);
        for (size_t k = 0; k < n; k++)
            text[k] = "..==ab \n-"[rand() % 9];
        text[n] = 0;
        if (n == 0)
            continue;
        struct channel_send send = send_of("Notice", text, NULL);
        assert_int_equal(email_compose(composer, &mail, &send, 0, &error), RESULT_OK);
        GMimeMessage *message = parse(&mail);
        char *back = part_text(message, 0);
        assert_body(back, text);
        g_free(back);
        g_object_unref(message);
    }
    buf_free(&mail);
    email_composer_destroy(&composer);
}

/* Breaks when a header can be injected, or one of ours is missing or there twice. */
static void test_headers(void **state)
{
    static const char *const subjects[] = {
        "Notice of Data Breach: Müller & Söhne GmbH, einer Firma mit einem langen Namen, der nicht "
        "aufhört, November 2026",
        "Notice of Data Breach: Example, Inc., a company with a long name that goes on and on and "
        "on, November 2026",
        "\xe4\xb8\xad\xe6\x96\x87"};
    struct email_composer *composer = composer_new();
    struct buf mail;
    struct error error;
    (void)state;
    buf_init(&mail, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        struct channel_send send = send_of(subjects[i], "x\n", NULL);
        assert_int_equal(email_compose(composer, &mail, &send, 1795452300000, &error), RESULT_OK);
        GMimeMessage *message = parse(&mail);
        assert_string_equal(g_mime_message_get_subject(message), subjects[i]);
        assert_string_equal(g_mime_message_get_message_id(message),
                            "zyxwvutsrqponmlkjihgfe5432@example.org");
        InternetAddress *from =
            internet_address_list_get_address(g_mime_message_get_from(message), 0);
        assert_string_equal(internet_address_get_name(from), "Müller \"x\", Inc.");
        GMimeObject *object = GMIME_OBJECT(message);
        assert_string_equal(g_mime_object_get_header(object, "Auto-Submitted"), "auto-generated");
        assert_string_equal(g_mime_object_get_header(object, "X-Tocsin-Ref"),
                            "abcdefghijklmnopqrstuv2345");
        assert_null(g_mime_object_get_header(object, "List-Unsubscribe"));
        assert_null(g_mime_object_get_header(object, "Bcc"));
        for (const char *at = mail.data; at < mail.data + mail.length; at++)
            assert_true((unsigned char)*at < 0x80);
        g_object_unref(message);
    }
    buf_free(&mail);
    email_composer_destroy(&composer);
}

/* Breaks when content that would forge headers or commands is sent. */
static void test_refused(void **state)
{
    struct email_composer *composer = composer_new();
    struct buf mail;
    (void)state;
    buf_init(&mail, 1 << 20);
    struct channel_send sends[] = {send_of("a\r\nBcc: x@y.z", "x\n", NULL),
                                   send_of("a\nb", "x\n", NULL),
                                   send_of("", "x\n", NULL),
                                   send_of("a\tb", "x\n", NULL),
                                   send_of("bad \xff utf-8", "x\n", NULL),
                                   send_of("s", "", NULL),
                                   send_of("s", "x\n", NULL),
                                   send_of("s", "x\n", NULL),
                                   send_of("s", "x\n", NULL),
                                   send_of("s", "a", NULL)};
    sends[6].email = "a@b.c>\r\nDATA";
    sends[7].key = "key\r\nX: y";
    sends[8].token = "tok en";
    sends[9].notice.text_length = 2; /* its NUL */
    static const char *const fields[] = {"subject", "subject", "subject", "subject", "subject",
                                         "text",    "email",   "token",   "token",   "text"};
    for (size_t i = 0; i < sizeof(sends) / sizeof(sends[0]); i++) {
        struct error error = {0};
        assert_int_equal(email_compose(composer, &mail, &sends[i], 0, &error), RESULT_INVALID);
        assert_string_equal(error.field, fields[i]);
    }
    /* A locale of odd shape is left out rather than sent. */
    struct channel_send send = send_of("s", "x\n", NULL);
    struct error error;
    send.notice.locale = "en\r\nX: y";
    assert_int_equal(email_compose(composer, &mail, &send, 0, &error), RESULT_OK);
    assert_null(strstr(mail.data, "Content-Language"));
    buf_free(&mail);
    email_composer_destroy(&composer);
}

/* Breaks when the last gate lets a smuggled end of data or an overlong line pass. */
static void test_wire_safe(void **state)
{
    static const char *const bad[] = {"",         "\n",         "a",      "a\n",
                                      "a\r",      "a\r\n.\r\n", ".a\r\n", "a\n.\r\nb\r\n",
                                      "a\rb\r\n", "a\r\r\n",    "a\r\nb"};
    char line[1100];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(email_wire_safe(bad[i], strlen(bad[i])));
    assert_false(email_wire_safe("a\0b\r\n", 5));
    assert_true(email_wire_safe("a\r\n\r\nb\r\n", 8));
    memset(line, 'a', sizeof(line));
    memcpy(line + 998, "\r\n", 2);
    assert_true(email_wire_safe(line, 1000));
    memcpy(line + 998, "a\r\n", 3);
    assert_false(email_wire_safe(line, 1001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bodies), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_headers),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_wire_safe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
