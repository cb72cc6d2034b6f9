/* connect_nodelay.c - connect() of the program, forwarded to the C library.
 *
 * Happy path: a session thread has set a hook; libESMTP's connect() lands here, the socket gets
 * TCP_NODELAY (without it each message over libESMTP's 2,048-byte buffer waits ~44 ms for a delayed
 * ACK), connects without blocking under our limit, and is given back blocking. Fails with
 * ETIMEDOUT, ECANCELED (hook refused) or what the kernel says. */

/* System. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

/* This module. */
#include "channels/email/connect_nodelay.h"

static int (*real_connect)(int, const struct sockaddr *, socklen_t);
static _Thread_local struct connect_hook *thread_hook;

/* Resolved before main: no thread exists yet, so no lock is needed. */
__attribute__((constructor)) static void connect_resolve(void)
{
    *(void **)(&real_connect) = dlsym(RTLD_NEXT, "connect");
    if (!real_connect)
        abort();
}

void connect_hook_set(struct connect_hook *hook)
{
    thread_hook = hook;
}

static int connect_wait(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int n = poll(&p, 1, timeout_ms);
    while (n < 0 && errno == EINTR)
        n = poll(&p, 1, timeout_ms);
    if (n <= 0) {
        errno = n == 0 ? ETIMEDOUT : errno;
        return -1;
    }
    int failure = 0;
    socklen_t size = sizeof(failure);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
        return -1;
    errno = failure;
    return failure ? -1 : 0;
}

static int connect_hooked(int fd, const struct sockaddr *address, socklen_t length)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!thread_hook->opening(thread_hook, fd)) {
        errno = ECANCELED;
        return -1;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -1;
    int result = real_connect(fd, address, length);
    if (result < 0 && errno == EINPROGRESS)
        result = connect_wait(fd, thread_hook->timeout_ms);
    int saved = errno;
    fcntl(fd, F_SETFL, flags);
    errno = saved;
    return result;
}

/* Default visibility whatever the build says: hidden, it would silently stop being called. */
__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address,
                                                   socklen_t length)
{
    if (thread_hook && (address->sa_family == AF_INET || address->sa_family == AF_INET6))
        return connect_hooked(fd, address, length);
    return real_connect(fd, address, length);
}
