/* json_gate.c - a strict scanner: the whole grammar of RFC 8259, and nothing that it does not
 * allow. json-c's strict mode still takes single quotes, NaN, raw control characters and lone
 * surrogates, saturates big integers and cuts keys at \u0000. Happy path: one pass, no allocation.
 * Failure modes: refusal with a place and a reason. */
/* System. */
#include <stdint.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/base/json_gate.h"

struct scan {
    const char *at, *end;
    const char *problem;
    size_t members;
};

/* Characters that may stand in a string as they are. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static bool refuse(struct scan *scan, const char *problem)
{
    if (scan->problem == NULL)
        scan->problem = problem;
    return false;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static bool next_is(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

/* Four hexadecimal digits; -1 when there are none. */
static int scan_hex4(struct scan *scan)
{
    uint8_t bytes[2];
    if (scan->end - scan->at < 4 || hex_decode(bytes, sizeof(bytes), scan->at, 4) != 2)
        return -1;
    scan->at += 4;
    return bytes[0] << 8 | bytes[1];
}

static bool scan_unicode_escape(struct scan *scan)
{
    int code = scan_hex4(scan);
    if (code < 0)
        return refuse(scan, "\\u needs four hexadecimal digits");
    if (code == 0)
        return refuse(scan, "\\u0000 is not accepted in strings");
    if (code < 0xd800 || code > 0xdfff)
        return true;
    if (code <= 0xdbff && next_is(scan, '\\') && next_is(scan, 'u')) {
        int low = scan_hex4(scan);
        if (low >= 0xdc00 && low <= 0xdfff)
            return true;
    }
    return refuse(scan, "half of a surrogate pair stands alone");
}

static bool scan_escape(struct scan *scan)
{
    if (next_is(scan, 'u'))
        return scan_unicode_escape(scan);
    if (scan->at == scan->end || *scan->at == 0 || strchr("\"\\/bfnrt", *scan->at) == NULL)
        return refuse(scan, "this escape does not exist");
    scan->at++;
    return true;
}

/* Behind the opening quote. */
static bool scan_string(struct scan *scan)
{
    for (;;) {
        while (scan->at < scan->end && is_plain((unsigned char)*scan->at))
            scan->at++;
        if (scan->at == scan->end)
            return refuse(scan, "a string is not closed");
        if (next_is(scan, '"'))
            return true;
        if (next_is(scan, '\\')) {
            if (!scan_escape(scan))
                return false;
        } else if ((unsigned char)*scan->at < 0x20) {
            return refuse(scan, "a control character in a string must be escaped");
        } else if (utf8_next(&scan->at, scan->end) < 0) {
            return refuse(scan, "the text is not UTF-8");
        }
    }
}

static size_t scan_digits(struct scan *scan)
{
    const char *from = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return (size_t)(scan->at - from);
}

static bool fits_int64(const char *digits, size_t n, bool minus)
{
    if (n != 19)
        return n < 19;
    return memcmp(digits, minus ? "9223372036854775808" : "9223372036854775807", 19) <= 0;
}

static bool scan_number(struct scan *scan)
{
    bool minus = next_is(scan, '-'), whole = true;
    const char *digits = scan->at;
    size_t n = scan_digits(scan);
    if (n == 0)
        return refuse(scan, "this is not a JSON value");
    if (n > 1 && digits[0] == '0')
        return refuse(scan, "a number may not begin with 0");
    if (next_is(scan, '.')) {
        whole = false;
        if (scan_digits(scan) == 0)
            return refuse(scan, "digits are missing behind the decimal point");
    }
    if (next_is(scan, 'e') || next_is(scan, 'E')) {
        whole = false;
        if (!next_is(scan, '+'))
            next_is(scan, '-');
        if (scan_digits(scan) == 0)
            return refuse(scan, "digits are missing in the exponent");
    }
    if (whole && !fits_int64(digits, n, minus))
        return refuse(scan, "the integer does not fit 64 bits");
    return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return refuse(scan, "this is not a JSON value");
    scan->at += length;
    return true;
}

static bool scan_scalar(struct scan *scan)
{
    switch (*scan->at) {
    case '"':
        scan->at++;
        return scan_string(scan);
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    default:
        return scan_number(scan);
    }
}

static bool scan_key(struct scan *scan)
{
    skip_blanks(scan);
    if (!next_is(scan, '"'))
        return refuse(scan, "a member name in double quotes is missing");
    if (!scan_string(scan))
        return false;
    skip_blanks(scan);
    scan->members++;
    return next_is(scan, ':') || refuse(scan, "the colon behind a member name is missing");
}

/* Behind a value: closes what ends here; `open` is the stack of closing brackets. True when another
 * value must follow, with *depth above 0; false when the text is complete (*depth 0) or refused. */
static bool scan_after_value(struct scan *scan, const char *open, int *depth)
{
    while (*depth > 0) {
        char close = open[*depth - 1];
        skip_blanks(scan);
        if (next_is(scan, close)) {
            --*depth;
        } else if (next_is(scan, ',')) {
            return close == ']' || scan_key(scan);
        } else {
            return refuse(scan, "a comma or a closing bracket is missing");
        }
    }
    return false;
}

/* Opens an object or list. True when a value must follow; otherwise it was empty, or refused. */
static bool scan_open(struct scan *scan, char *open, int *depth)
{
    if (*depth == JSON_DEPTH_MAX)
        return refuse(scan, "it is nested too deeply");
    char close = *scan->at++ == '{' ? '}' : ']';
    open[(*depth)++] = close;
    skip_blanks(scan);
    if (scan->at < scan->end && *scan->at == close)
        return false; /* scan_after_value closes it */
    return close == ']' || scan_key(scan);
}

static bool scan_value(struct scan *scan)
{
    char open[JSON_DEPTH_MAX];
    int depth = 0;
    bool more = true;
    while (more) {
        skip_blanks(scan);
        if (scan->at == scan->end)
            return refuse(scan, "a value is missing");
        if (*scan->at == '{' || *scan->at == '[') {
            more = scan_open(scan, open, &depth);
            if (more)
                continue;
        } else {
            scan_scalar(scan);
        }
        more = scan->problem == NULL && scan_after_value(scan, open, &depth);
    }
    return scan->problem == NULL;
}

bool json_gate_pass(const char *text, size_t length, struct json_gate *ret_gate)
{
    struct scan scan = {.at = text, .end = text + length};
    skip_blanks(&scan);
    ret_gate->start = (size_t)(scan.at - text);
    if (scan_value(&scan)) {
        ret_gate->end = (size_t)(scan.at - text);
        skip_blanks(&scan);
        if (scan.at < scan.end)
            refuse(&scan, "something follows behind the JSON value");
    }
    ret_gate->members = scan.members;
    ret_gate->problem = scan.problem;
    ret_gate->problem_at = (size_t)(scan.at - text);
    return scan.problem == NULL;
}
