/* curl_glue.c - curl's sockets on uv_poll, its timer on uv_timer. Happy path: curl says what it
 * waits for, libuv tells when it came, curl_multi_socket_action moves on. Failure modes: an error
 * of a poll is handed to curl as CURL_CSELECT_ERR (else the transfer would hang until its
 * time-out); during cleanup no new poll is started.
 *
 * A uv_poll_t must be closed while its descriptor is still open: closing it later would take
 * whoever got the same number next out of epoll (libuv issue 1495). Sockets of connections are
 * opened and closed through us, so their polls live as long as they do: between two requests on a
 * kept connection nothing is told to the kernel. Other descriptors (of the resolver) are closed
 * behind our back: their poll is closed as soon as curl drops its interest. */
/* System. */
#include <stdint.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "service/loop/curl_glue.h"
#include "service/loop/loop_private.h"

struct socket {
    uv_poll_t poll;
    struct curl_glue *glue;
    curl_socket_t fd;
    int wanted; /* by curl: UV_READABLE | UV_WRITABLE; 0 = nothing for now */
    int armed;  /* what libuv watches */
    bool ours;  /* opened by on_curl_open: on_curl_close comes before it is closed */
};
struct curl_glue {
    struct loop *loop;
    CURLM *multi;
    uv_timer_t *timer; /* freed by its close callback, which comes after the glue is gone */
    struct curl_glue_config config;
    struct socket **sockets; /* by descriptor */
    size_t n_sockets;
    bool closing;
};

static void collect_done(struct curl_glue *glue)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(glue->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        /* The message is gone with the removal. */
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        curl_multi_remove_handle(glue->multi, easy);
        glue->config.on_done(easy, code);
    }
}

static void act(struct curl_glue *glue, curl_socket_t fd, int flags)
{
    int running = 0;
    glue->loop->events++;
    curl_multi_socket_action(glue->multi, fd, flags, &running);
    collect_done(glue);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long ms, void *context)
{
    struct curl_glue *glue = context;
    (void)multi;
    if (ms < 0 || glue->closing)
        uv_timer_stop(glue->timer);
    else
        uv_timer_start(glue->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static bool socket_watch(struct socket *socket, int events)
{
    if (socket->armed == events)
        return true;
    int failed =
        events == 0 ? uv_poll_stop(&socket->poll) : uv_poll_start(&socket->poll, events, on_poll);
    socket->armed = failed != 0 ? 0 : events;
    return failed == 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct socket *socket = poll->data;
    int flags = 0;
    if (status < 0) /* libuv stops a poll that reports an error; curl may want to read on */
        socket->armed = 0;
    if (socket->wanted == 0) { /* the peer ended an idle connection: curl sees it at the next use */
        socket_watch(socket, 0);
        return;
    }
    /* With the error go IN and OUT: an answer that came before a reset is still read, and curl
     * meets the true error where it reads or writes. */
    if (status < 0)
        flags = CURL_CSELECT_ERR | CURL_CSELECT_IN | CURL_CSELECT_OUT;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(socket->glue, socket->fd, flags);
    if (status < 0 && socket->wanted != 0)
        socket_watch(socket, socket->wanted);
}

static void on_socket_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static struct socket *socket_at(const struct curl_glue *glue, curl_socket_t fd)
{
    return (size_t)fd < glue->n_sockets ? glue->sockets[fd] : NULL;
}

static void socket_keep(struct curl_glue *glue, struct socket *socket)
{
    size_t n = (size_t)socket->fd + 1;
    if (n > glue->n_sockets) {
        n += 64;
        glue->sockets = mem_resize(glue->sockets, n, sizeof(struct socket *));
        for (size_t i = glue->n_sockets; i < n; i++)
            glue->sockets[i] = NULL;
        glue->n_sockets = n;
    }
    glue->sockets[socket->fd] = socket;
}

static struct socket *socket_open(struct curl_glue *glue, curl_socket_t fd)
{
    struct socket *socket = mem_new(struct socket);
    if (uv_poll_init_socket(&glue->loop->uv, &socket->poll, fd) != 0) {
        mem_free(socket);
        return NULL;
    }
    socket->poll.data = socket;
    socket->glue = glue;
    socket->fd = fd;
    socket_keep(glue, socket);
    return socket;
}

static void socket_close(struct socket *socket)
{
    socket->glue->sockets[socket->fd] = NULL;
    socket->wanted = 0;
    uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
}

/* Watched on for what comes next, the answer to the next request or the end. */
static void socket_rest(struct socket *socket)
{
    socket->wanted = 0;
    uv_unref((uv_handle_t *)&socket->poll);
    if (socket->armed != UV_READABLE)
        socket_watch(socket, 0);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
    struct curl_glue *glue = context;
    struct socket *socket = socket_at(glue, fd);
    (void)easy, (void)assigned;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL && socket->ours)
            socket_rest(socket);
        else if (socket != NULL)
            socket_close(socket);
        return 0;
    }
    if (glue->closing)
        return 0;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (socket == NULL)
        socket = socket_open(glue, fd);
    if (socket == NULL || !socket_watch(socket, events))
        return -1; /* curl ends the transfers */
    uv_ref((uv_handle_t *)&socket->poll);
    socket->wanted = events;
    return 0;
}

static curl_socket_t on_curl_open(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct curl_glue *glue = context;
    (void)purpose;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    struct socket *opened = socket_open(glue, fd);
    if (opened != NULL)
        opened->ours = true;
    return fd;
}

static int on_curl_close(void *context, curl_socket_t fd)
{
    struct socket *socket = socket_at(context, fd);
    if (socket != NULL)
        socket_close(socket);
    return close(fd);
}

static void global_init(void)
{
    require(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct curl_glue *curl_glue_create(struct loop *loop, const struct curl_glue_config *config)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
    struct curl_glue *glue = mem_new(struct curl_glue);
    glue->loop = loop;
    glue->config = *config;
    glue->timer = mem_new(uv_timer_t);
    uv_timer_init(&loop->uv, glue->timer);
    glue->timer->data = glue;
    glue->multi = curl_multi_init();
    require(glue->multi != NULL);
    curl_multi_setopt(glue->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(glue->multi, CURLMOPT_SOCKETDATA, glue);
    curl_multi_setopt(glue->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(glue->multi, CURLMOPT_TIMERDATA, glue);
    curl_multi_setopt(glue->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, config->connections);
    curl_multi_setopt(glue->multi, CURLMOPT_MAX_HOST_CONNECTIONS, config->host_connections);
    curl_multi_setopt(glue->multi, CURLMOPT_MAXCONNECTS, config->connections);
    return glue;
}

bool curl_glue_add(struct curl_glue *glue, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_curl_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, glue);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_curl_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, glue);
    return curl_multi_add_handle(glue->multi, easy) == CURLM_OK;
}

void curl_glue_remove(struct curl_glue *glue, CURL *easy)
{
    curl_multi_remove_handle(glue->multi, easy);
}

static void on_timer_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

void curl_glue_destroy(struct curl_glue **glue)
{
    struct curl_glue *it = *glue;
    if (it == NULL)
        return;
    it->closing = true;
    curl_multi_cleanup(it->multi);
    for (size_t i = 0; i < it->n_sockets; i++) /* none, unless curl forgot one */
        if (it->sockets[i] != NULL)
            socket_close(it->sockets[i]);
    uv_close((uv_handle_t *)it->timer, on_timer_closed);
    mem_free(it->sockets);
    mem_free(it);
    *glue = NULL;
}
