/* capture.c - one connection at a time, HTTP/1.1 with Content-Length, closed after each answer.
 * Test code. */

/* System. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "capture.h"

enum { KEPT = 256, REQUEST_MAX = 256 * 1024 };
struct capture {
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t mutex;
    size_t n;
    struct captured kept[KEPT];
};

/* Reads head and body into `text`; the head's length, or 0 when the peer gave up. */
static size_t read_request(int fd, char *text, size_t *ret_length)
{
    size_t n = 0, head = 0, body = 0;

    while (!head || n < head + body) {
        ssize_t got = read(fd, text + n, REQUEST_MAX - n);
        if (got <= 0)
            return 0;
        n += (size_t)got;
        text[n] = '\0';
        char *end = head ? NULL : strstr(text, "\r\n\r\n");
        if (!end)
            continue;
        head = (size_t)(end - text) + 4;
        const char *length = strcasestr(text, "\r\nContent-Length:");
        body = length ? strtoul(length + 17, NULL, 10) : 0;
    }
    *ret_length = body;
    return head;
}

static void keep(struct capture *capture, const char *text, size_t head, size_t length)
{
    const char *space = strchr(text, ' '), *line = strstr(text, "\r\n");

    pthread_mutex_lock(&capture->mutex);
    if (capture->n < KEPT && space && line) {
        struct captured *captured = &capture->kept[capture->n];
        captured->target = mem_strndup(space + 1, strcspn(space + 1, " "));
        captured->head = mem_strndup(line, (size_t)(text + head - line));
        captured->body = mem_strndup(text + head, length);
        captured->length = length;
        capture->n++;
    }
    pthread_mutex_unlock(&capture->mutex);
}

static void *run(void *context)
{
    struct capture *capture = context;
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    char *text = mem_alloc(REQUEST_MAX + 1, 1);
    int fd;

    while ((fd = accept(capture->listener, NULL, NULL)) >= 0) {
        size_t length = 0, head = read_request(fd, text, &length);
        if (head) {
            keep(capture, text, head, length);
            if (write(fd, answer, sizeof answer - 1) < 0)
                head = 0;
        }
        close(fd);
    }
    mem_free(text);
    return NULL;
}

struct capture *capture_start(void)
{
    struct capture *capture = mem_new(struct capture);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;

    pthread_mutex_init(&capture->mutex, NULL);
    capture->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(bind(capture->listener, (struct sockaddr *)&address, size) == 0);
    require(listen(capture->listener, 64) == 0);
    require(getsockname(capture->listener, (struct sockaddr *)&address, &size) == 0);
    capture->port = ntohs(address.sin_port);
    require(pthread_create(&capture->thread, NULL, run, capture) == 0);
    return capture;
}

uint16_t capture_port(const struct capture *capture)
{
    return capture->port;
}

size_t capture_count(struct capture *capture)
{
    pthread_mutex_lock(&capture->mutex);
    size_t n = capture->n;
    pthread_mutex_unlock(&capture->mutex);
    return n;
}

const struct captured *capture_get(struct capture *capture, size_t i)
{
    return i < capture_count(capture) ? &capture->kept[i] : NULL;
}

void capture_stop(struct capture **pointer)
{
    struct capture *capture = *pointer;

    shutdown(capture->listener, SHUT_RDWR);
    pthread_join(capture->thread, NULL);
    close(capture->listener);
    for (size_t i = 0; i < capture->n; i++) {
        mem_free(capture->kept[i].target);
        mem_free(capture->kept[i].head);
        mem_free(capture->kept[i].body);
    }
    mem_free(capture);
    *pointer = NULL;
}

static const char *view_header(void *context, const char *name)
{
    struct capture_view *view = context;
    size_t length = strlen(name);

    for (const char *at = strstr(view->captured->head, "\r\n"); at; at = strstr(at + 2, "\r\n")) {
        const char *line = at + 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        line += length + 1;
        line += strspn(line, " ");
        size_t n = strcspn(line, "\r\n");
        return arena_strndup(view->arena, line, n);
    }
    return NULL;
}

static const char *view_query(void *context, const char *name)
{
    struct capture_view *view = context;
    return form_get(&view->query, name);
}

struct channel_report capture_report(struct capture_view *view, struct arena *arena,
                                     const char *public_url, time_ms now)
{
    const char *target = view->captured->target, *query = strchr(target, '?');

    view->arena = arena;
    view->query.n = 0;
    if (query)
        require(form_read(query + 1, strlen(query + 1), arena, &view->query) == RESULT_OK);
    return (struct channel_report){.method = "POST",
                                   .url = arena_printf(arena, "%s%s", public_url, target),
                                   .header = view_header,
                                   .query = view_query,
                                   .context = view,
                                   .body = view->captured->body,
                                   .body_length = view->captured->length,
                                   .now = now};
}
