/* http_peer.c - one thread, poll(2), up to 128 connections, each with a buffer. Happy path: a whole
 * request is answered as its path says. Failure modes: what does not fit is closed; a client that
 * goes away is forgotten. */
/* System. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Base. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "tests/support/http_peer.h"

enum { MOST = 128, INPUT_MAX = 4 << 20, BIG = 1000000 };

struct connection {
    int fd; /* -1 = free */
    unsigned requests;
    struct buf in;
};
struct http_peer {
    int listener, stop_pipe[2];
    uint16_t port;
    pthread_t thread;
    atomic_uint connections, requests;
    struct connection at[MOST];
};

static int listen_local(uint16_t *ret_port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0 && bind(fd, (struct sockaddr *)&name, size) == 0 && listen(fd, 256) == 0 &&
            getsockname(fd, (struct sockaddr *)&name, &size) == 0);
    *ret_port = ntohs(name.sin_port);
    return fd;
}

static void drop(struct connection *connection, bool reset)
{
    const struct linger now = {1, 0};
    if (reset)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(connection->fd);
    connection->fd = -1;
    connection->requests = 0;
    buf_free(&connection->in);
}

static void reply(struct connection *connection, const char *head, const void *body, size_t length)
{
    struct buf out;
    buf_init(&out, SIZE_MAX);
    buf_printf(&out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, length);
    buf_add(&out, body, length);
    for (size_t at = 0; at < out.length;) {
        ssize_t n = send(connection->fd, out.data + at, out.length - at, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    buf_free(&out);
}

static bool path_is(const struct connection *connection, const char *path)
{
    const char *at = strchr(connection->in.data, ' ');
    return at != NULL && strncmp(at + 1, path, strlen(path)) == 0 && at[1 + strlen(path)] == ' ';
}

static bool path_is_below(const struct connection *connection, const char *path)
{
    const char *at = strchr(connection->in.data, ' ');
    return at != NULL && strncmp(at + 1, path, strlen(path)) == 0 &&
           strchr("/?", at[1 + strlen(path)]) != NULL;
}

static void answer(struct connection *connection, size_t head, size_t body)
{
    connection->requests++;
    if (path_is(connection, "/limit"))
        reply(connection, "429 Too Many\r\nRetry-After: 7", "slow", 4);
    else if (path_is(connection, "/reset-at"))
        reply(connection, "429 Too Many\r\nRateLimit-Reset: 3", "slow", 4);
    else if (path_is(connection, "/past"))
        reply(connection, "503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", "busy", 4);
    else if (path_is(connection, "/head") || path_is_below(connection, "/head"))
        reply(connection, "200 OK", connection->in.data, head);
    else if (path_is(connection, "/reset") ||
             (path_is(connection, "/second") && connection->requests > 1))
        drop(connection, true);
    else if (path_is(connection, "/second-end") && connection->requests > 1)
        drop(connection, false);
    else if (path_is(connection, "/parting")) {
        reply(connection, "200 OK\r\nConnection: close", "bye", 3);
        drop(connection, true);
    } else if (path_is(connection, "/late-end")) {
        reply(connection, "200 OK", "bye", 3);
        drop(connection, false);
    } else if (path_is(connection, "/half")) {
        static const char part[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789";
        (void)!write(connection->fd, part, sizeof(part) - 1);
        drop(connection, false);
    } else if (path_is(connection, "/big")) {
        char *big = mem_alloc(BIG, 1);
        memset(big, 'x', BIG);
        reply(connection, "200 OK", big, BIG);
        mem_free(big);
    } else if (!path_is(connection, "/hang"))
        reply(connection, "200 OK\r\nX-Answer: yes", connection->in.data + head, body);
}

/* Answers the whole requests among what was read. */
static void serve(struct http_peer *peer, struct connection *connection)
{
    const char *end;
    while (connection->fd >= 0 && connection->in.length > 0 &&
           (end = strstr(connection->in.data, "\r\n\r\n")) != NULL) {
        size_t head = (size_t)(end + 4 - connection->in.data), body = 0;
        const char *length = strcasestr(connection->in.data, "\r\nContent-Length:");
        if (length != NULL && length < end)
            body = strtoul(length + 17, NULL, 10);
        if (connection->in.length < head + body)
            return;
        atomic_fetch_add(&peer->requests, 1);
        answer(connection, head, body);
        if (connection->fd < 0)
            return;
        size_t left = connection->in.length - head - body;
        memmove(connection->in.data, connection->in.data + head + body, left + 1);
        connection->in.length = left;
    }
}

static void take(struct http_peer *peer)
{
    const int on = 1;
    int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    atomic_fetch_add(&peer->connections, 1);
    for (int i = 0; i < MOST; i++) {
        if (peer->at[i].fd < 0) {
            peer->at[i].fd = fd;
            return;
        }
    }
    close(fd);
}

static void hear(struct http_peer *peer, struct connection *connection)
{
    char *space = buf_reserve(&connection->in, 16384);
    ssize_t n = space != NULL ? recv(connection->fd, space, 16384, 0) : -1;
    if (n <= 0) {
        drop(connection, false);
        return;
    }
    connection->in.length += (size_t)n;
    serve(peer, connection);
}

static void *peer_main(void *context)
{
    struct http_peer *peer = context;
    struct pollfd fds[MOST + 2];
    for (;;) {
        fds[MOST] = (struct pollfd){peer->listener, POLLIN, 0};
        fds[MOST + 1] = (struct pollfd){peer->stop_pipe[0], POLLIN, 0};
        for (int i = 0; i < MOST; i++)
            fds[i] = (struct pollfd){peer->at[i].fd, POLLIN, 0};
        if (poll(fds, MOST + 2, -1) <= 0)
            continue;
        if (fds[MOST + 1].revents != 0)
            return NULL;
        for (int i = 0; i < MOST; i++) {
            if (fds[i].revents != 0)
                hear(peer, &peer->at[i]);
        }
        if (fds[MOST].revents != 0)
            take(peer);
    }
}

struct http_peer *http_peer_start(void)
{
    struct http_peer *peer = mem_new(struct http_peer);
    for (int i = 0; i < MOST; i++) {
        peer->at[i].fd = -1;
        buf_init(&peer->at[i].in, INPUT_MAX);
    }
    peer->listener = listen_local(&peer->port);
    require(pipe(peer->stop_pipe) == 0);
    require(pthread_create(&peer->thread, NULL, peer_main, peer) == 0);
    return peer;
}

uint16_t http_peer_port(const struct http_peer *peer)
{
    return peer->port;
}

unsigned http_peer_connections(const struct http_peer *peer)
{
    return atomic_load(&peer->connections);
}

unsigned http_peer_requests(const struct http_peer *peer)
{
    return atomic_load(&peer->requests);
}

void http_peer_stop(struct http_peer **peer)
{
    struct http_peer *it = *peer;
    if (it == NULL)
        return;
    require(write(it->stop_pipe[1], "x", 1) == 1);
    pthread_join(it->thread, NULL);
    for (int i = 0; i < MOST; i++) {
        if (it->at[i].fd >= 0)
            drop(&it->at[i], false);
    }
    close(it->listener);
    close(it->stop_pipe[0]);
    close(it->stop_pipe[1]);
    mem_free(it);
    *peer = NULL;
}

uint16_t http_peer_dead_port(void)
{
    uint16_t port;
    close(listen_local(&port));
    return port;
}
