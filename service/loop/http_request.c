/* http_request.c - a struct http_fetch as options of an easy handle. Happy path: options that all
 * requests share are set once, the rest each time. Failure modes: anything curl would send as it
 * stands (it does not check header lines for line ends) is refused here. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
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
    buf_init(&transfer->text, SIZE_MAX);
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

/* Not curl's own ideas: waiting for 100-continue, and calling every body a form. */
static const struct http_header no_expect = {"Expect", NULL}, no_type = {"Content-Type", NULL};

static void url_forget(struct http_transfer *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_CURLU, NULL);
    mem_free(transfer->url);
    transfer->url = NULL;
}

/* Most requests go where the one before went: that is taken apart once (a tenth of what curl does
 * for a request). A query may hold personal data: it is not kept. */
static bool set_url(struct http_transfer *transfer, const char *url)
{
    CURL *easy = transfer->easy;
    if (transfer->url != NULL && str_equal(transfer->url, url))
        return true;
    url_forget(transfer);
    if (!url_is_fit(url))
        return false;
    if (strchr(url, '?') != NULL)
        return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
    if (transfer->url_parts == NULL)
        transfer->url_parts = curl_url();
    if (transfer->url_parts == NULL ||
        curl_url_set(transfer->url_parts, CURLUPART_URL, url, 0) != CURLUE_OK)
        return false;
    curl_easy_setopt(easy, CURLOPT_URL, NULL); /* it would go before */
    curl_easy_setopt(easy, CURLOPT_CURLU, transfer->url_parts);
    transfer->url = mem_strdup(url);
    return true;
}

static size_t line_size(const struct http_header *header)
{
    return strlen(header->name) + strlen(": ") + strlen(str_or(header->value, "")) + 1;
}

/* Room was made for it. "Name;" is curl's word for a header without a value, "Name:" for one left
 * out. */
static void add_line(struct http_transfer *transfer, size_t i, const struct http_header *header)
{
    const char *value = header->value;
    struct curl_slist *line = &transfer->lines[i];
    line->data = transfer->text.data + transfer->text.length;
    line->next = NULL;
    if (i > 0)
        transfer->lines[i - 1].next = line;
    buf_puts(&transfer->text, header->name);
    buf_puts(&transfer->text, value == NULL ? ":" : *value == 0 ? ";" : ": ");
    buf_add(&transfer->text, str_or(value, ""), strlen(str_or(value, "")) + 1);
}

static bool make_room(struct http_transfer *transfer, size_t n, size_t bytes)
{
    if (n > transfer->lines_room) {
        transfer->lines = mem_resize(transfer->lines, n, sizeof(*transfer->lines));
        transfer->lines_room = n;
    }
    return buf_reserve(&transfer->text, bytes) != NULL;
}

static bool set_headers(struct http_transfer *transfer, const struct http_fetch *fetch)
{
    bool typed = false;
    size_t n = 0, bytes = line_size(&no_expect) + line_size(&no_type);
    for (size_t i = 0; i < fetch->n_headers; i++) {
        const struct http_header *header = &fetch->headers[i];
        if (!is_token(header->name) || header->value == NULL || has_control(header->value))
            return false;
        bytes += line_size(header);
        typed |= str_equal_nocase(header->name, "Content-Type");
    }
    if (!make_room(transfer, fetch->n_headers + 2, bytes))
        return false;
    while (n < fetch->n_headers) {
        add_line(transfer, n, &fetch->headers[n]);
        n++;
    }
    if (fetch->body_length > 0)
        add_line(transfer, n++, &no_expect);
    if (fetch->body_length > 0 && !typed)
        add_line(transfer, n++, &no_type);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, n > 0 ? transfer->lines : NULL);
    return true;
}

void http_request_clear(struct http_transfer *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, NULL);
    explicit_bzero(transfer->text.data, transfer->text.length);
    buf_clear(&transfer->text);
}

void http_request_free(struct http_transfer *transfer)
{
    buf_wipe(&transfer->text);
    mem_free(transfer->lines);
    mem_free(transfer->url);
    curl_url_cleanup(transfer->url_parts);
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
    if (!is_token(fetch->method) || strlen(fetch->method) > METHOD_MAX ||
        !set_url(transfer, fetch->url) || !set_headers(transfer, fetch))
        return RESULT_INVALID;
    if ((fetch->user != NULL && has_control(fetch->user)) ||
        (fetch->password != NULL && has_control(fetch->password)))
        return RESULT_INVALID;
    set_method(transfer, fetch);
    curl_easy_setopt(easy, CURLOPT_USERNAME, fetch->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, fetch->password);
    long timeout = fetch->timeout_ms > 0 ? (long)fetch->timeout_ms : 30000;
    long connect = fetch->connect_timeout_ms > 0 ? (long)fetch->connect_timeout_ms : 10000;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
    return RESULT_OK;
}
