/* api_client.c - requests to the service, one at a time, over one kept connection.
 * Happy path: set up the easy handle, perform, read status, type and Link. Failure: no answer is a
 * struct error; an answer of any status is an answer. curl.h stays in this file (for the command
 * line) and in service/loop/ (for the daemon). */

/* System. */
#include <string.h>
#include <strings.h>

/* Libraries. */
#include <curl/curl.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/api_client.h"

enum {
    REPLY_MAX = 64 << 20,
    LINK_MAX = 4096,
    CONNECT_SECONDS = 10,
    STALL_SECONDS = 120,
    PATIENT_SECONDS = 3600
};

struct api_client {
    CURL *curl;
    char *origin; /* "http://host:port", no slash at the end */
    char *socket; /* path of a Unix socket, or NULL */
    char *bearer; /* header line, or NULL */
};

/* One call under way. */
struct call {
    struct api_client *client;
    const struct api_request *request;
    struct api_reply *reply;
    bool first_line; /* still to be skipped */
    bool sink_failed, too_large;
};

static bool token_check(const char *token)
{
    size_t n = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789-._~+/=");

    return n > 0 && n <= 512 && token[n] == '\0';
}

static enum result set_url(struct api_client *client, const char *url, struct error *error)
{
    size_t n = strlen(url);

    if (str_starts(url, "unix:/")) {
        client->socket = mem_strdup(url + strlen("unix:"));
        client->origin = mem_strdup("http://localhost");
        return RESULT_OK;
    }
    if (!str_starts(url, "http://") && !str_starts(url, "https://"))
        return error_set(error, RESULT_INVALID, "url",
                         "The URL must begin with http://, https:// or unix:/ - set --url or "
                         "TOCSIN_URL.");
    while (n > 0 && url[n - 1] == '/')
        n--;
    client->origin = mem_strndup(url, n);
    return RESULT_OK;
}

static enum result set_token(struct api_client *client, const char *token, struct error *error)
{
    struct buf line;

    if (token == NULL)
        return RESULT_OK;
    if (!token_check(token))
        return error_set(error, RESULT_INVALID, "token",
                         "The token has characters that no token has: copy it again, as one line.");
    buf_init(&line, SIZE_MAX);
    (void)buf_printf(&line, "Authorization: Bearer %s", token);
    client->bearer = buf_take(&line);
    return RESULT_OK;
}

enum result api_client_create(const char *url, const char *token, struct api_client **ret_client,
                              struct error *error)
{
    struct api_client *client = mem_new(struct api_client);
    enum result result = set_url(client, url, error);

    if (result == RESULT_OK)
        result = set_token(client, token, error);
    if (result == RESULT_OK) {
        require(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
        client->curl = curl_easy_init();
        require(client->curl != NULL);
        *ret_client = client;
    } else {
        api_client_destroy(&client);
    }
    return result;
}

void api_client_destroy(struct api_client **client)
{
    struct api_client *c = *client;

    if (c == NULL)
        return;
    curl_easy_cleanup(c->curl);
    if (c->bearer != NULL)
        mem_wipe_free(c->bearer, strlen(c->bearer));
    mem_free(c->socket);
    mem_free(c->origin);
    mem_free(c);
    *client = NULL;
}

void api_reply_init(struct api_reply *reply)
{
    *reply = (struct api_reply){.retry_after_ms = -1};
    buf_init(&reply->body, REPLY_MAX);
    buf_init(&reply->next, LINK_MAX);
}

void api_reply_free(struct api_reply *reply)
{
    buf_wipe(&reply->body);
    buf_free(&reply->next);
}

static bool status_good(struct call *call)
{
    long status = 0;

    (void)curl_easy_getinfo(call->client->curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static bool sink_write(struct call *call, const char *bytes, size_t length)
{
    if (call->first_line) {
        const char *end = memchr(bytes, '\n', length);
        size_t skip = end == NULL ? length : (size_t)(end - bytes) + 1;

        call->first_line = end == NULL;
        bytes += skip;
        length -= skip;
    }
    return fwrite(bytes, 1, length, call->request->sink) == length;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct call *call = context;
    size_t length = size * n;

    if (call->request->sink != NULL && status_good(call)) {
        call->sink_failed = !sink_write(call, bytes, length);
        return call->sink_failed ? 0 : length;
    }
    call->too_large = !buf_add(&call->reply->body, bytes, length);
    return call->too_large ? 0 : length;
}

/* Link: <...>; rel="next" (RFC 8288). Only path and query are kept: the token goes nowhere else. */
static void read_link(struct api_reply *reply, const char *value, size_t length)
{
    const char *rel = memmem(value, length, "rel=\"next\"", 10);
    const char *open = rel == NULL ? NULL : memrchr(value, '<', (size_t)(rel - value));
    const char *close = open == NULL ? NULL : memchr(open, '>', (size_t)(rel - open));
    const char *slashes;

    if (close == NULL)
        return;
    open++;
    slashes = memmem(open, (size_t)(close - open), "://", 3);
    if (slashes != NULL)
        open = memchr(slashes + 3, '/', (size_t)(close - slashes - 3));
    if (open == NULL || *open != '/')
        return;
    buf_clear(&reply->next);
    (void)buf_add(&reply->next, open, (size_t)(close - open));
}

static void read_retry_after(struct api_reply *reply, const char *value, size_t length)
{
    char text[16] = "";
    int64_t seconds;

    if (length >= sizeof(text))
        return;
    memcpy(text, value, length);
    if (parse_i64(str_trim(text), &seconds) && seconds >= 0 && seconds < 86400)
        reply->retry_after_ms = seconds * 1000;
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
    struct call *call = context;
    size_t length = size * n;

    if (length > 5 && strncasecmp(line, "link:", 5) == 0)
        read_link(call->reply, line + 5, length - 5);
    if (length > 12 && strncasecmp(line, "retry-after:", 12) == 0)
        read_retry_after(call->reply, line + 12, length - 12);
    return length;
}

static size_t on_read(char *to, size_t size, size_t n, void *context)
{
    struct call *call = context;
    size_t got = fread(to, size, n, call->request->file);

    return got == 0 && ferror(call->request->file) ? CURL_READFUNC_ABORT : got * size;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct call *call = context;

    (void)down_total;
    (void)down;
    call->request->progress(call->request->context, up, up_total);
    return 0;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    struct curl_slist *longer;
    struct buf line;

    buf_init(&line, SIZE_MAX);
    (void)buf_puts(&line, name);
    (void)buf_puts(&line, value);
    longer = curl_slist_append(list, line.data);
    require(longer != NULL);
    buf_free(&line);
    return longer;
}

static struct curl_slist *headers_for(const struct api_client *client,
                                      const struct api_request *request)
{
    struct curl_slist *list = NULL;
    const char *type = str_or(request->type, "application/json");

    list = add_header(
        list, "Accept: ", str_or(request->accept, "application/json, application/problem+json"));
    list = add_header(list, "User-Agent: tocsin/", TOCSIN_VERSION);
    list = add_header(list, "Expect:", "");
    if (client->bearer != NULL)
        list = add_header(list, client->bearer, "");
    if (request->body != NULL || request->file != NULL)
        list = add_header(list, "Content-Type: ", type);
    if (request->file != NULL && request->file_size < 0)
        list = add_header(list, "Transfer-Encoding: chunked", "");
    for (size_t i = 0; i < API_HEADERS_MAX && request->headers[i] != NULL; i++)
        list = add_header(list, request->headers[i], "");
    return list;
}

static void set_body(CURL *curl, struct call *call)
{
    const struct api_request *request = call->request;

    if (request->file != NULL) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, call);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->file_size);
    } else if (request->body != NULL || strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                         request->body == NULL ? "" : (const char *)request->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    }
    if (request->progress != NULL) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, call);
    }
}

static void set_up(CURL *curl, struct call *call)
{
    const struct api_client *client = call->client;

    curl_easy_reset(curl); /* the connection stays */
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L); /* no byte for two minutes: give up */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     call->request->patient ? (long)PATIENT_SECONDS : (long)STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
    if (client->socket != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    set_body(curl, call);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->request->method);
}

static void read_type(CURL *curl, struct api_reply *reply)
{
    char *type = NULL;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL)
        return;
    (void)snprintf(reply->type, sizeof(reply->type), "%.*s", (int)strcspn(type, "; "), type);
    str_lower(reply->type);
}

static enum result no_answer(const struct call *call, CURLcode code, struct error *error)
{
    const char *origin = call->client->socket ? call->client->socket : call->client->origin;
    const char *words = curl_easy_strerror(code);

    if (call->sink_failed)
        return error_set(error, RESULT_IO, "",
                         "The output cannot be written: look whether the disk is full, or its "
                         "reader has gone.");
    if (call->too_large)
        return error_set(error, RESULT_TOO_LARGE, "",
                         "The answer is larger than 64 MiB: ask for less at once.");
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(error, RESULT_IO, "file", "The file cannot be read to its end.");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(error, RESULT_TIMEOUT, "",
                         "%s gave no answer in time: look whether it is well, then try again.",
                         origin);
    return error_set(error, RESULT_UNAVAILABLE, "",
                     "Cannot talk to %s (%s): check --url or TOCSIN_URL, and that tocsind runs.",
                     origin, words);
}

enum result api_call(struct api_client *client, const struct api_request *request,
                     struct api_reply *reply, struct error *error)
{
    struct call call = {client, request, reply, request->skip_line, false, false};
    struct curl_slist *headers = headers_for(client, request);
    struct buf url;
    CURLcode code;

    buf_init(&url, SIZE_MAX);
    (void)buf_printf(&url, "%s%s", client->origin, request->path);
    buf_clear(&reply->body);
    buf_clear(&reply->next);
    reply->status = 0;
    reply->type[0] = '\0';
    reply->retry_after_ms = -1;
    set_up(client->curl, &call);
    curl_easy_setopt(client->curl, CURLOPT_URL, url.data);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    code = curl_easy_perform(client->curl);
    read_type(client->curl, reply);
    curl_slist_free_all(headers);
    buf_free(&url);
    return code == CURLE_OK ? RESULT_OK : no_answer(&call, code, error);
}
