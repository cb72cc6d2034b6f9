/* http_request.c - a struct http_fetch as options of an easy handle. Happy path: options that all
 * requests share are set once, the rest each time. Failure modes: anything curl would send as it
 * stands (it does not check header lines for line ends) is refused here. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/loop/http_transfer.h"

enum { METHOD_MAX = 16, HOST_MAX = 253, URL_MAX = 8192 };

/* curl silently sends a request once more when a kept connection turns out dead before the first
 * byte of an answer came, a POST too, though the peer may have acted on it. Only methods that may
 * be repeated are. */
static int on_request_ready(void *context, char *peer, char *local, int peer_port, int local_port)
{
    struct http_transfer *transfer = context;
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    transfer->tries++;
    return transfer->tries == 1 || transfer->repeatable ? CURL_PREREQFUNC_OK
                                                        : CURL_PREREQFUNC_ABORT;
}

void http_request_defaults(struct http_transfer *transfer, const char *ca_file)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
    if (ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request_ready);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_response_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_response_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

/* RFC 9110 section 5.6.2 */
static bool is_token(const char *text)
{
    if (str_empty(text))
        return false;
    for (; *text != 0; text++) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        if (!letter && !(*text >= '0' && *text <= '9') && strchr("!#$%&'*+-.^_`|~", *text) == NULL)
            return false;
    }
    return true;
}

static bool has_control(const char *text)
{
    for (; *text != 0; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

/* http: or https:, a host of a length DNS knows, no credentials in it, nothing that would end the
 * request line. */
static bool url_is_fit(const char *url)
{
    if (str_empty(url) || has_control(url) || strchr(url, ' ') != NULL || strlen(url) > URL_MAX)
        return false;
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return false;
    const char *host = strstr(url, "://") + 3;
    size_t length = strcspn(host, "/?#");
    if (memchr(host, '@', length) != NULL || memchr(host, '\\', length) != NULL)
        return false;
    size_t name = *host == '[' ? strcspn(host, "]") : strcspn(host, ":/?#");
    return name > 0 && name <= HOST_MAX && name <= length;
}

static bool add_line(struct http_transfer *transfer, const char *name, const char *value)
{
    struct buf line;
    buf_init(&line, SIZE_MAX);
    /* "Name;" is curl's word for a header without a value, "Name:" for one left out. */
    if (value == NULL)
        buf_printf(&line, "%s:", name);
    else if (*value == 0)
        buf_printf(&line, "%s;", name);
    else
        buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *lines = line.failed ? NULL : curl_slist_append(transfer->lines, line.data);
    buf_wipe(&line);
    if (lines != NULL)
        transfer->lines = lines;
    return lines != NULL;
}

static bool set_headers(struct http_transfer *transfer, const struct http_fetch *fetch)
{
    bool typed = false;
    for (size_t i = 0; i < fetch->n_headers; i++) {
        const struct http_header *header = &fetch->headers[i];
        if (!is_token(header->name) || header->value == NULL || has_control(header->value) ||
            !add_line(transfer, header->name, header->value))
            return false;
        typed |= str_equal_nocase(header->name, "Content-Type");
    }
    /* Not curl's own ideas: waiting for 100-continue, and calling every body a form. */
    if (fetch->body_length > 0 && (!add_line(transfer, "Expect", NULL) ||
                                   (!typed && !add_line(transfer, "Content-Type", NULL))))
        return false;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lines);
    return true;
}

static void set_method(struct http_transfer *transfer, const struct http_fetch *fetch)
{
    static const char *const repeatable[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
    CURL *easy = transfer->easy;
    bool post = str_equal(fetch->method, "POST"), head = str_equal(fetch->method, "HEAD");
    transfer->repeatable = false;
    for (size_t i = 0; i < sizeof(repeatable) / sizeof(repeatable[0]); i++)
        transfer->repeatable |= str_equal(fetch->method, repeatable[i]);
    curl_easy_setopt(easy, CURLOPT_NOBODY, head ? 1L : 0L);
    if (!head)
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (post || fetch->body_length > 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body_length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, fetch->body_length > 0 ? fetch->body : "");
    }
    bool curls_own = head || post || str_equal(fetch->method, "GET");
    bool custom = !curls_own || (!post && fetch->body_length > 0);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom ? fetch->method : NULL);
}

enum result http_request_set(struct http_transfer *transfer, const struct http_fetch *fetch)
{
    CURL *easy = transfer->easy;
    if (!is_token(fetch->method) || strlen(fetch->method) > METHOD_MAX || !url_is_fit(fetch->url) ||
        !set_headers(transfer, fetch))
        return RESULT_INVALID;
    if ((fetch->user != NULL && has_control(fetch->user)) ||
        (fetch->password != NULL && has_control(fetch->password)))
        return RESULT_INVALID;
    set_method(transfer, fetch);
    curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
    curl_easy_setopt(easy, CURLOPT_USERNAME, fetch->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, fetch->password);
    long timeout = fetch->timeout_ms > 0 ? (long)fetch->timeout_ms : 30000;
    long connect = fetch->connect_timeout_ms > 0 ? (long)fetch->connect_timeout_ms : 10000;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
    return RESULT_OK;
}
