/* listen.c - listening sockets.
 *
 * Happy path: parse, bind, listen. A public address needs a flag, so that a slip in a configuration
 * does not publish the API; a Unix socket left behind by a killed process is replaced, a living one
 * is not. */

/* System. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/http/listen.h"

enum { BACKLOG = 512, UNIX_MODE = 0660 };

union address {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    struct sockaddr_un local;
};

static enum result bad_address(struct error *error)
{
    return error_set(error, RESULT_INVALID, "listen",
                     "the listen address is not one; write \"127.0.0.1:8080\", \"[::1]:8080\" or "
                     "\"unix:/path\".");
}

static enum result bad_system(struct error *error, const char *what)
{
    return error_set(error, RESULT_IO, "listen",
                     "cannot %s the listening socket (%s); check the address.", what,
                     strerrordesc_np(errno));
}

static bool is_loopback(const union address *address)
{
    if (address->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
    return (ntohl(address->in4.sin_addr.s_addr) >> 24) == 127;
}

/* "1.2.3.4:80" or "[::1]:80"; names are not looked up: they may point to more than one address. */
static bool parse_tcp(const char *text, union address *address, socklen_t *size)
{
    char host[INET6_ADDRSTRLEN + 2];
    uint64_t port;
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : sizeof(host);
    if (length >= sizeof(host) || !parse_u64(colon + 1, &port) || port > 65535)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    *address = (union address){0};
    if (host[0] == '[' && length > 2 && host[length - 1] == ']') {
        host[length - 1] = '\0';
        address->in6.sin6_family = AF_INET6;
        address->in6.sin6_port = htons((uint16_t)port);
        *size = sizeof(address->in6);
        return inet_pton(AF_INET6, host + 1, &address->in6.sin6_addr) == 1;
    }
    address->in4.sin_family = AF_INET;
    address->in4.sin_port = htons((uint16_t)port);
    *size = sizeof(address->in4);
    return inet_pton(AF_INET, host, &address->in4.sin_addr) == 1;
}

static int open_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static enum result give_up(int fd, struct error *error, const char *what)
{
    enum result result = bad_system(error, what);
    close(fd);
    return result;
}

static enum result open_tcp(const char *text, bool allow_public, int *ret_fd, struct error *error)
{
    union address address;
    socklen_t size;
    int one = 1;
    if (!parse_tcp(text, &address, &size))
        return bad_address(error);
    if (!allow_public && !is_loopback(&address))
        return error_set(error, RESULT_DENIED, "listen",
                         "the listen address is not a loopback one; put a TLS proxy in front, or "
                         "allow public addresses in the configuration.");
    int fd = open_socket(address.any.sa_family);
    if (fd < 0)
        return bad_system(error, "open");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (address.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, &address.any, size) != 0)
        return give_up(fd, error, "bind");
    if (listen(fd, BACKLOG) != 0)
        return give_up(fd, error, "listen on");
    *ret_fd = fd;
    return RESULT_OK;
}

/* A socket file nobody answers on is what a killed process left. Anything but a socket is not ours
 * to remove. */
static enum result clear_stale(const union address *address, struct error *error)
{
    struct stat st;
    if (lstat(address->local.sun_path, &st) != 0)
        return RESULT_OK;
    if (!S_ISSOCK(st.st_mode))
        return error_set(error, RESULT_EXISTS, "listen",
                         "the listen path is a file that is no socket; choose another path.");
    int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return bad_system(error, "open");
    int rc = connect(fd, &address->any, sizeof(address->local));
    bool stale = rc != 0 && errno == ECONNREFUSED;
    close(fd);
    if (!stale)
        return error_set(error, RESULT_EXISTS, "listen",
                         "another process answers on the listen path; stop it or choose another.");
    return unlink(address->local.sun_path) == 0 ? RESULT_OK : bad_system(error, "replace");
}

static enum result open_unix(const char *path, int *ret_fd, struct error *error)
{
    union address address = {.local = {.sun_family = AF_UNIX}};
    if (path[0] != '/' || !str_copy(address.local.sun_path, sizeof(address.local.sun_path), path))
        return bad_address(error);
    enum result result = clear_stale(&address, error);
    if (result != RESULT_OK)
        return result;
    int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return bad_system(error, "open");
    /* The mode before the name is published: fchmod on the socket sets what bind() gives the file,
     * less the umask; chmod after it widens to the group. In between the file is never wider than
     * 0660. */
    fchmod(fd, UNIX_MODE);
    if (bind(fd, &address.any, sizeof(address.local)) != 0)
        return give_up(fd, error, "bind");
    if (chmod(path, UNIX_MODE) != 0)
        return give_up(fd, error, "set the mode of");
    if (listen(fd, BACKLOG) != 0)
        return give_up(fd, error, "listen on");
    *ret_fd = fd;
    return RESULT_OK;
}

enum result listen_open(const char *address, bool allow_public, int *ret_fd, struct error *error)
{
    if (!address)
        return bad_address(error);
    if (str_starts(address, "unix:"))
        return open_unix(address + 5, ret_fd, error);
    return open_tcp(address, allow_public, ret_fd, error);
}

unsigned listen_port(int fd)
{
    union address address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    if (address.any.sa_family == AF_INET6)
        return ntohs(address.in6.sin6_port);
    return address.any.sa_family == AF_INET ? ntohs(address.in4.sin_port) : 0;
}

void listen_unlink(const char *address)
{
    if (str_starts(address, "unix:"))
        unlink(address + 5);
}
