/* notify.c - see notify.h. A failed datagram is not worth a word: the manager will notice. */

/* System. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/notify.h"

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    socklen_t length;
    int fd;

    if (!path || (*path != '/' && *path != '@') || !str_copy(to.sun_path, sizeof to.sun_path, path))
        return;
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (*path == '@') /* Linux's abstract namespace */
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&to, length);
    close(fd);
}

int64_t notify_watchdog_ms(void)
{
    const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t usec, process;

    if (!text || !parse_i64(text, &usec) || usec <= 0)
        return 0;
    if (pid && (!parse_i64(pid, &process) || process != getpid()))
        return 0;
    return usec / 2000 > 0 ? usec / 2000 : 1;
}
