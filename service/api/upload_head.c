/* upload_head.c - Content-Type with its charset, Content-Encoding and the query of an upload. A
 * charset that is not known is refused, never guessed at. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/upload_head.h"

static bool refuse_charset(struct call *call)
{
    call_problem(call, HTTP_PROBLEM_MEDIA_TYPE, "Content-Type",
                 "This charset is not read; it may be utf-8, windows-1252, utf-16, utf-16le or "
                 "utf-16be: say one of them, or save the file as CSV UTF-8.");
    return false;
}

/* ; charset=windows-1252 or ; charset="utf-8" */
static bool read_charset(struct call *call, const char *parameters, struct upload_head *head)
{
    char label[32];
    const char *at = strcasestr(parameters, "charset=");
    size_t n;
    if (!at)
        return true;
    at += strlen("charset=");
    at += *at == '"';
    n = strcspn(at, "\"; \t");
    if (n == 0 || n >= sizeof label)
        return refuse_charset(call);
    memcpy(label, at, n);
    label[n] = 0;
    if (!sheet_charset_find(label, &head->charset))
        return refuse_charset(call);
    if (head->format == INTAKE_CSV || head->charset == SHEET_UTF8)
        return true;
    call_problem(call, HTTP_PROBLEM_MEDIA_TYPE, "Content-Type",
                 "NDJSON is UTF-8; leave the charset out, or convert the file.");
    return false;
}

static bool read_format(struct call *call, struct upload_head *head)
{
    const char *type = http_request_header(call->http, "Content-Type");
    char word[48];
    size_t n = type ? strcspn(type, "; \t") : 0;
    if (n && n < sizeof word) {
        memcpy(word, type, n);
        word[n] = 0;
        str_lower(word);
        bool csv = str_equal(word, "text/csv");
        head->format = csv ? INTAKE_CSV : INTAKE_NDJSON;
        if (csv || str_equal(word, "application/x-ndjson") || str_equal(word, "application/jsonl"))
            return read_charset(call, type + n, head);
    }
    call_problem(call, HTTP_PROBLEM_MEDIA_TYPE, "Content-Type",
                 "A roster is application/x-ndjson or text/csv; say which.");
    return false;
}

/* Content-Encoding is not undone here: what is compressed would be read as rows. */
static bool check_coding(struct call *call)
{
    const char *coding = http_request_header(call->http, "Content-Encoding");
    if (!coding || str_equal_nocase(coding, "identity"))
        return true;
    call_problem(call, HTTP_PROBLEM_MEDIA_TYPE, "Content-Encoding",
                 "Compressed bodies are not taken; send the roster as it is.");
    return false;
}

static bool read_mode(struct call *call, struct upload_head *head)
{
    static const char *const modes[] = {
        [UPLOAD_APPEND] = "append", [UPLOAD_REPLACE] = "replace", [UPLOAD_REPAIR] = "repair"};
    const char *mode = http_request_query(call->http, "mode");
    for (int i = 0; mode && i < 3; i++) {
        if (str_equal(mode, modes[i])) {
            head->mode = (enum upload_mode)i;
            return true;
        }
    }
    if (!mode)
        return true;
    call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "mode",
                 "A mode is append, replace or repair; correct it.");
    return false;
}

bool upload_head_read(struct call *call, struct upload_head *ret_head)
{
    struct upload_head head = {.format = INTAKE_NDJSON};
    if (!check_coding(call) || !read_format(call, &head) || !read_mode(call, &head) ||
        !call_query_number(call, "expected_people", UINT32_MAX, &head.expected))
        return false;
    *ret_head = head;
    return true;
}
