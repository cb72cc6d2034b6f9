/* server.c - the server's life: create, turns of libmicrohttpd on the loop, connections, drain,
 * destroy.
 *
 * Happy path: our own listening socket goes to libmicrohttpd in its external epoll mode; its epoll
 * descriptor is watched by the loop, its timeouts are a loop timer, and every turn is MHD_run().
 * Over the connection limits a client is closed at accept. Destroying cuts all connections; what
 * the application still owes stays valid. */

/* System. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/http/http_internal.h"
#include "service/http/listen.h"

enum { RUNS_MAX = 64, TICK_MS = 500, SPARE_CONNECTIONS = 64 };

int64_t server_now(const struct http_server *server)
{
    return clock_monotonic(loop_clock(server->loop));
}

void server_kick(struct http_server *server)
{
    loop_timer_start(&server->run, 0);
}

static void finish_drain(struct http_server *server)
{
    void (*done)(void *) = server->drained;
    if (!server->draining || !done || !list_empty(&server->conns))
        return;
    server->drained = NULL;
    done(server->drained_context); /* may destroy the server: touch nothing behind it */
}

/* Runs libmicrohttpd while it has something at hand: one run takes one read per connection, and a
 * timer costs a millisecond. Bounded, so that the loop's other work has its turn. Milliseconds
 * until the next run, -1: none. */
static int64_t run_library(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool due = true;
    server->running = true;
    for (unsigned i = 0; i < RUNS_MAX && due && ms == 0; i++) {
        MHD_run(server->daemon);
        due = MHD_get_timeout(server->daemon, &ms) == MHD_YES;
    }
    server->running = false;
    if (!due)
        return -1;
    return ms > 60000 ? 60000 : (int64_t)ms;
}

static void turn(struct http_server *server)
{
    int64_t ms = run_library(server);
    if (ms >= 0)
        loop_timer_start(&server->run, ms);
    else
        loop_timer_stop(&server->run);
    finish_drain(server);
}

static void on_readable(void *context)
{
    turn(context);
}

static void on_run(struct loop_timer *timer)
{
    turn(container_of(timer, struct http_server, run));
}

static void peer_text(const struct sockaddr *address, char to[PEER_SIZE])
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    str_copy(to, PEER_SIZE, "unix");
    if (address && address->sa_family == AF_INET) {
        memcpy(&in4, address, sizeof(in4));
        inet_ntop(AF_INET, &in4.sin_addr, to, PEER_SIZE);
    } else if (address && address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        inet_ntop(AF_INET6, &in6.sin6_addr, to, PEER_SIZE);
    }
}

static unsigned count_peer(const struct http_server *server, const char *peer)
{
    unsigned n = 0;
    list_each(node, &server->conns)
    {
        n += str_equal(container_of(node, struct http_conn, node)->peer, peer);
    }
    return n;
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t size)
{
    struct http_server *server = cls;
    const struct http_limits *limits = &server->config.limits;
    char peer[PEER_SIZE];
    peer_text(size ? address : NULL, peer);
    bool full = server->stats.connections_open >= limits->connections;
    bool local = str_equal(peer, "unix"); /* all its clients share this name */
    if (!full && (local || count_peer(server, peer) < limits->per_ip))
        return MHD_YES;
    server->stats.refused_limit++;
    return MHD_NO;
}

static void conn_open(struct http_server *server, struct MHD_Connection *mhd, void **slot)
{
    struct http_conn *conn = mem_new(struct http_conn);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    conn->server = server;
    conn->mhd = mhd;
    conn->head_due = server_now(server) + server->config.limits.head_deadline_ms;
    peer_text(info ? info->client_addr : NULL, conn->peer);
    conn->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    list_append(&server->conns, &conn->node);
    server->stats.connections_open++;
    server->stats.connections_total++;
    if (!loop_timer_active(&server->tick))
        loop_timer_start(&server->tick, TICK_MS);
    *slot = conn;
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = cls;
    struct http_conn *conn = *slot;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_open(server, mhd, slot);
        return;
    }
    if (!conn)
        return;
    *slot = NULL;
    list_remove(&conn->node);
    server->stats.connections_open--;
    mem_free(conn);
}

/* The only moment at which the raw target can be had, so the request begins here. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    (void)cls;
    if (!info || !info->socket_context)
        return NULL;
    return request_create(info->socket_context, target ? target : "");
}

/* We decode ourselves, after the checks; libmicrohttpd's decoding would cut "/a%00b" to "/a". */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

/* Up to 0.9.75 heads are parsed in place and leniently; 0.9.76 got a strict parser behind the same
 * option. */
static bool parses_in_place(void)
{
    const char *version = MHD_get_version();
    return str_starts(version, "0.9.") && strtol(version + 4, NULL, 10) <= 75;
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_limits *limits = &server->config.limits;
    /* 0.9.75 answers twice when it refuses a missing Host itself; the gate does that there. */
    int strict = server->in_place_parser ? 0 : 1;
    unsigned idle_s = (unsigned)((limits->idle_ms + 999) / 1000);
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, on_accept, server,
        exchange_access, server, MHD_OPTION_LISTEN_SOCKET, server->fd, MHD_OPTION_STRICT_FOR_CLIENT,
        strict, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
        MHD_OPTION_CONNECTION_LIMIT, limits->connections + SPARE_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        server, MHD_OPTION_END);
}

static void set_defaults(struct http_limits *limits)
{
    limits->connections = limits->connections ? limits->connections : 512;
    limits->per_ip = limits->per_ip ? limits->per_ip : 128;
    limits->idle_ms = limits->idle_ms ? limits->idle_ms : 30000;
    limits->head_deadline_ms = limits->head_deadline_ms ? limits->head_deadline_ms : 10000;
    limits->reply_deadline_ms = limits->reply_deadline_ms ? limits->reply_deadline_ms : 120000;
    limits->min_body_rate = limits->min_body_rate ? limits->min_body_rate : 100;
}

static enum result start(struct http_server *server, struct error *error)
{
    const union MHD_DaemonInfo *info;
    signal(SIGPIPE, SIG_IGN);
    server->daemon = start_daemon(server);
    if (!server->daemon)
        return error_set(error, RESULT_IO, "listen",
                         "the HTTP library does not start; check the limit of open files.");
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    server->watch = loop_watch_start(server->loop, info->epoll_fd, on_readable, server);
    return RESULT_OK;
}

static void server_free(struct http_server *server)
{
    if (server->fd >= 0) {
        close(server->fd);
        listen_unlink(server->listen);
    }
    mem_free(server->listen);
    mem_free(server);
}

enum result http_server_create(struct loop *loop, const struct http_config *config,
                               struct http_server **ret_server, struct error *error)
{
    int fd;
    enum result result = router_check(config->routes, config->n_routes, error);
    if (result == RESULT_OK)
        result = listen_open(config->listen, config->allow_public, &fd, error);
    if (result != RESULT_OK)
        return result;
    struct http_server *server = mem_new(struct http_server);
    server->loop = loop;
    server->config = *config;
    server->listen = mem_strdup(config->listen);
    server->config.listen = server->listen;
    set_defaults(&server->config.limits);
    server->fd = fd;
    server->port = listen_port(fd);
    server->in_place_parser = parses_in_place();
    list_init(&server->conns);
    loop_timer_init(loop, &server->run, on_run);
    loop_timer_init(loop, &server->tick, watchdog_tick);
    result = start(server, error);
    if (result != RESULT_OK) {
        server_free(server);
        return result;
    }
    *ret_server = server;
    return RESULT_OK;
}

unsigned http_server_port(const struct http_server *server)
{
    return server->port;
}

struct http_stats http_server_stats(const struct http_server *server)
{
    return server->stats;
}

/* Idle connections are closed; one with bytes of a next request waiting gets its answer first. */
static void cut_idle(struct http_server *server)
{
    list_each_safe(node, &server->conns)
    {
        struct http_conn *conn = container_of(node, struct http_conn, node);
        int unread = 0;
        if (!conn->request && ioctl(conn->fd, FIONREAD, &unread) == 0 && unread == 0)
            conn_cut(conn);
    }
}

static void stop_listening(struct http_server *server)
{
    if (server->fd < 0)
        return;
    MHD_quiesce_daemon(server->daemon);
    close(server->fd);
    server->fd = -1;
    listen_unlink(server->listen);
}

void http_server_drain(struct http_server *server, void (*done)(void *context), void *context)
{
    server->draining = true;
    server->drained = done;
    server->drained_context = context;
    stop_listening(server);
    cut_idle(server);
    server_kick(server);
}

void http_server_destroy(struct http_server **server_slot)
{
    struct http_server *server = *server_slot;
    if (!server)
        return;
    require(!server->running); /* not from a handler */
    *server_slot = NULL;
    server->closing = true;
    loop_watch_stop(&server->watch);
    stop_listening(server);
    list_each_safe(node, &server->conns)
    {
        conn_cut(
            container_of(node, struct http_conn, node)); /* all must be resumed before the stop */
    }
    MHD_stop_daemon(server->daemon);
    loop_timer_stop(&server->run);
    loop_timer_stop(&server->tick);
    server_free(server);
}
