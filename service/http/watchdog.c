/* watchdog.c - the deadlines that libmicrohttpd does not have: its own timeout only counts silence,
 * and while a connection is suspended it neither times out nor sees that the client has gone.
 *
 * Happy path: twice a second all connections are looked at; a slow head is cut, a slow body gets
 * 408, a silent handler 503, and the application learns of clients that vanished. */

/* System. */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* This module. */
#include "service/http/http_internal.h"

enum { TICK_MS = 500, RATE_WINDOW_MS = 5000 };

void conn_cut(struct http_conn *conn)
{
    conn->cut = true;
    shutdown(conn->fd, SHUT_RDWR);
    if (conn->request)
        exchange_resume(conn->request);
}

/* A client that half-closes counts as gone, as with most servers; not while bytes of its body are
 * still unread. */
static bool is_gone(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};
    int unread = 0;
    if (poll(&poll_fd, 1, 0) <= 0)
        return false;
    if (poll_fd.revents & POLLERR)
        return true;
    return (poll_fd.revents & (POLLRDHUP | POLLHUP)) && ioctl(fd, FIONREAD, &unread) == 0 &&
           unread == 0;
}

static void watch_suspended(struct http_request *request, int64_t now)
{
    const struct http_limits *limits = &request->server->config.limits;
    if (is_gone(request->conn->fd)) {
        conn_cut(request->conn);
        return;
    }
    if (request->state != REQUEST_SENDING && now - request->since > limits->reply_deadline_ms)
        exchange_fail(request, HTTP_PROBLEM_UNAVAILABLE,
                      "The service did not answer in time; try again later.");
}

static void watch_body(struct http_request *request, int64_t now)
{
    const struct http_limits *limits = &request->server->config.limits;
    int64_t elapsed = now - request->since;
    if (elapsed < RATE_WINDOW_MS)
        return;
    if ((int64_t)request->in_window * 1000 >= limits->min_body_rate * elapsed) {
        request->since = now;
        request->in_window = 0;
        return;
    }
    request->server->stats.refused_deadline++;
    if (request->reply.ready)
        conn_cut(request->conn);
    else
        exchange_fail(request, HTTP_PROBLEM_TIMEOUT, "The body came too slowly; send it again.");
}

/* A client that reads its reply by drops. The kernel's buffer hides a slow but honest one for some
 * time, so the window is long; a reply that is wholly with libmicrohttpd has as long as its length
 * allows. */
static void watch_send(struct http_request *request, int64_t now)
{
    const struct http_limits *limits = &request->server->config.limits;
    const struct reply_made *reply = &request->reply;
    int64_t elapsed = now - request->since;
    bool pulled = reply->streamed && !request->source_ended;
    int64_t window = pulled ? 2 * limits->idle_ms : limits->reply_deadline_ms;
    int64_t bytes = (int64_t)(pulled ? request->in_window : 0);
    if (!pulled && !reply->streamed)
        window += (int64_t)reply->length * 1000 / limits->min_body_rate;
    if (elapsed < window)
        return;
    if (pulled && bytes * 1000 >= limits->min_body_rate * elapsed) {
        request->since = now;
        request->in_window = 0;
        return;
    }
    request->server->stats.refused_deadline++;
    request->since = now;
    conn_cut(request->conn);
}

static void watch_request(struct http_request *request, int64_t now)
{
    if (request->suspended)
        watch_suspended(request, now);
    else if (request->state == REQUEST_BODY)
        watch_body(request, now);
    else if (request->state == REQUEST_SENDING)
        watch_send(request, now);
    else if (request->state == REQUEST_LINGER && now > request->since)
        conn_cut(request->conn);
}

static void watch_head(struct http_conn *conn, int64_t now)
{
    if (now <= conn->head_due)
        return;
    conn->server->stats.refused_deadline++;
    conn->head_due = INT64_MAX; /* once */
    conn_cut(conn);
}

void watchdog_tick(struct loop_timer *timer)
{
    struct http_server *server = container_of(timer, struct http_server, tick);
    int64_t now = server_now(server);
    server->running = true;
    list_each_safe(node, &server->conns)
    {
        struct http_conn *conn = container_of(node, struct http_conn, node);
        if (conn->request && conn->request->state != REQUEST_HEAD)
            watch_request(conn->request, now);
        else
            watch_head(conn, now);
    }
    server->running = false;
    if (!list_empty(&server->conns))
        loop_timer_start(timer, TICK_MS);
}
