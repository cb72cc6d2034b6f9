/* gate.c - the gate over request heads.
 *
 * Happy path: every field is a token and a printable value, there is one Host, and at most one of
 * Content-Length and Transfer-Encoding. All else is refused; the caller answers and closes, so that
 * no byte behind the head is ever taken for a second request. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/http/gate.h"

/* RFC 9110 section 5.6.2. */
static bool is_token_char(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_token_char((unsigned char)text[i]))
            return false;
    }
    return length > 0;
}

static bool is_value(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* A host and a port, not a list, a path or an address with a user. */
static bool is_host(const char *text)
{
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7f || strchr("/\\@,?#\"<>", c))
            return false;
    }
    return length <= 300;
}

static bool is_length(const char *text, int64_t *ret_value)
{
    size_t length = strlen(text);
    return length > 0 && length <= 18 && strspn(text, "0123456789") == length &&
           parse_i64(text, ret_value);
}

static struct gate_verdict refuse(int status, const char *text)
{
    return (struct gate_verdict){.status = status, .text = text};
}

struct framing {
    unsigned hosts, lengths, encodings;
    const char *host, *length, *encoding;
};

static void count(struct framing *framing, const struct gate_field *field)
{
    if (str_equal_nocase(field->name, "host")) {
        framing->hosts++;
        framing->host = field->value;
    } else if (str_equal_nocase(field->name, "content-length")) {
        framing->lengths++;
        framing->length = field->value;
    } else if (str_equal_nocase(field->name, "transfer-encoding")) {
        framing->encodings++;
        framing->encoding = field->value;
    }
}

static struct gate_verdict check_framing(const struct framing *framing, const char *version)
{
    struct gate_verdict verdict = {0};
    if (framing->hosts != 1 || !is_host(framing->host))
        return refuse(400, "The request must have exactly one valid Host field; send one.");
    if (framing->lengths > 1 || framing->encodings > 1 || (framing->lengths && framing->encodings))
        return refuse(400, "The length of the body is ambiguous; send either one Content-Length or "
                           "one Transfer-Encoding field.");
    if (framing->encodings) {
        if (!str_equal_nocase(framing->encoding, "chunked") || !str_equal(version, "HTTP/1.1"))
            return refuse(400, "Only \"Transfer-Encoding: chunked\" in HTTP/1.1 is taken; send the "
                               "body so or with a Content-Length.");
        verdict.chunked = true;
        verdict.content_length = -1;
    }
    if (framing->lengths && !is_length(framing->length, &verdict.content_length))
        return refuse(400, "Content-Length must be a decimal number; correct it.");
    return verdict;
}

struct gate_verdict gate_check(const struct gate_head *head)
{
    struct framing framing = {0};
    size_t method_length = strlen(head->method);
    if (!is_token(head->method, method_length) || method_length > 24)
        return refuse(400, "The method is not one; correct the request line.");
    if (!str_equal(head->version, "HTTP/1.1") && !str_equal(head->version, "HTTP/1.0"))
        return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here; use one of them.");
    if (head->target_length > GATE_TARGET_MAX)
        return refuse(414, "The target is longer than 2,048 bytes; shorten it.");
    if (head->size > GATE_HEAD_MAX || head->n_fields > GATE_FIELDS_MAX)
        return refuse(431,
                      "The head has more than 64 fields or 16 KiB; send fewer or shorter ones.");
    for (size_t i = 0; i < head->n_fields; i++) {
        const struct gate_field *field = &head->fields[i];
        if (!is_token(field->name, field->name_length))
            return refuse(400, "A field name has a character that is not allowed; correct it.");
        if (!is_value(field->value, field->value_length))
            return refuse(400, "A field value has a control character; remove it.");
        count(&framing, field);
    }
    return check_framing(&framing, head->version);
}

/* Only blanks between the colon (now a NUL) and the value. */
static bool value_follows(const struct gate_field *field)
{
    const char *at = field->name + field->name_length;
    if (*at != '\0')
        return false;
    for (at++; at < field->value; at++) {
        if (*at != ' ' && *at != '\t')
            return false;
    }
    return at == field->value;
}

bool gate_contiguous(const struct gate_head *head)
{
    const char *at = head->method + strlen(head->method) + 1;
    if (at != head->target)
        return false;
    at += head->target_length + 1;
    if (at != head->version)
        return false;
    at += strlen(head->version) + 2;
    for (size_t i = 0; i < head->n_fields && i < GATE_FIELDS_MAX; i++) {
        const struct gate_field *field = &head->fields[i];
        if (at != field->name || !value_follows(field))
            return false;
        at = field->value + field->value_length + 2;
    }
    return at + 2 == head->method + head->size;
}

bool gate_chunk_line(const char *base, const char *data)
{
    if (data - base < 2 || data[-1] != '\n')
        return true; /* the line came in an earlier round */
    if (data[-2] != '\r')
        return false;
    for (const char *at = data - 3; at >= base; at--) {
        if (*at == '\n')
            return at > base && at[-1] == '\r';
    }
    return true;
}
