/* http_response.c - the answer: header lines, bounded body, and what it all means. Happy path:
 * RESULT_OK and a status. Failure modes: past a bound TOO_LARGE; no answer TIMEOUT or IO, with
 * `sent` telling whether the peer may have acted. */
/* System. */
#include <string.h>
#include <strings.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/loop/http_transfer.h"

void http_response_reset(struct http_transfer *transfer)
{
    buf_clear(&transfer->headers);
    buf_clear(&transfer->body);
    transfer->tries = 0;
}

/* One line of the head. A status line begins anew: what stood before was an interim answer (1xx).
 */
size_t http_response_on_header(char *bytes, size_t size, size_t n, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * n, name = 0;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        buf_clear(&transfer->headers);
        return length;
    }
    const char *colon = memchr(bytes, ':', length);
    if (colon == NULL || memchr(bytes, 0, length) != NULL)
        return length;
    name = (size_t)(colon - bytes);
    size_t from = name + 1, to = length;
    while (from < to && (bytes[from] == ' ' || bytes[from] == '\t'))
        from++;
    while (to > from && strchr(" \t\r\n", bytes[to - 1]) != NULL)
        to--;
    bool ok = buf_add(&transfer->headers, bytes, name) && buf_putc(&transfer->headers, 0) &&
              buf_add(&transfer->headers, bytes + from, to - from) &&
              buf_putc(&transfer->headers, 0);
    return ok ? length : 0;
}

size_t http_response_on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct http_transfer *transfer = context;
    return buf_add(&transfer->body, bytes, size * n) ? size * n : 0;
}

const char *http_response_header(const struct http_transfer *transfer, const char *name)
{
    const char *at = transfer->headers.data, *end = at + transfer->headers.length;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

/* Milliseconds from `now` until an instant in seconds since 1970; 0 when it is past. */
static int64_t until(int64_t epoch_s, time_ms now)
{
    int64_t ms = epoch_s * 1000 - now;
    return ms > 0 ? ms : 0;
}

/* Retry-After is seconds or a date (RFC 9110 section 10.2.3); a rate limit's reset is seconds to go
 * or, with some vendors, the instant in seconds since 1970, and means "wait" only in an answer that
 * refuses. */
static int64_t retry_after(const struct http_transfer *transfer, long status, time_ms now)
{
    static const char *const resets[] = {"ratelimit-reset", "x-ratelimit-reset",
                                         "x-rate-limit-reset"};
    const int64_t most = INT64_C(366) * 86400, epoch_least = INT64_C(1000000000);
    const char *value = http_response_header(transfer, "Retry-After");
    int64_t n;
    if (value != NULL && parse_i64(value, &n) && n >= 0)
        return (n < most ? n : most) * 1000;
    if (value != NULL) {
        time_t at = curl_getdate(value, NULL);
        if (at != (time_t)-1)
            return until(at, now);
    }
    if (status != 429 && status != 503)
        return -1;
    for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
        value = http_response_header(transfer, resets[i]);
        if (!parse_i64(value, &n) || n < 0 || n > INT64_MAX / 1000)
            continue;
        return n >= epoch_least ? until(n, now) : (n < most ? n : most) * 1000;
    }
    return -1;
}

/* Bytes left this machine on an established connection. */
static bool was_sent(const struct http_transfer *transfer)
{
    long bytes = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return transfer->tries > 0 && bytes > 0;
}

static enum result result_of(const struct http_transfer *transfer, CURLcode code, bool sent)
{
    if (code == CURLE_OK)
        return RESULT_OK;
    if (transfer->body.failed || transfer->headers.failed)
        return RESULT_TOO_LARGE;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return RESULT_TIMEOUT;
    if (!sent && (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL))
        return RESULT_INVALID;
    return RESULT_IO;
}

void http_response_fill(struct http_transfer *transfer, CURLcode code, time_ms now)
{
    struct http_fetch *fetch = transfer->fetch;
    fetch->sent = was_sent(transfer);
    fetch->result = result_of(transfer, code, fetch->sent);
    fetch->status = 0;
    fetch->retry_after_ms = -1;
    if (fetch->result == RESULT_OK || fetch->result == RESULT_TOO_LARGE) {
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &fetch->status);
        fetch->retry_after_ms = retry_after(transfer, fetch->status, now);
    }
    fetch->response = transfer->body.data;
    fetch->response_length = transfer->body.length;
}
