/* cmd_key.c - key split, key join: a key file in shares for several people, here and not on a
 * server. A share is one line of text, that may be printed:
 *
 *   tocsin-share-1:<set>:<needed>:<number>:<bytes, base64url>:<check>
 *
 * The set says which shares belong together; the check finds misread letters. The shared bytes end
 * with a digest of the file, so that a join that gives something else is refused.
 * Failure: a sentence, CTL_USAGE or CTL_LOCAL; nothing is ever overwritten. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/shamir.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

#define PREFIX "tocsin-share-1"
enum { SECRET_MAX = 4096, DIGEST_KEPT = 8, SET_SIZE = 8, CHECK_SIZE = 4, LINE_SIZE = 6144 };

struct secret {
    uint8_t bytes[SECRET_MAX + DIGEST_KEPT];
    size_t length; /* with the digest */
};

/* ---- Files. ---- */

static bool read_secret(const char *path, struct secret *secret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    secret->length = 0;
    while (fd >= 0 && secret->length < SECRET_MAX &&
           (n = read(fd, secret->bytes + secret->length, SECRET_MAX - secret->length)) > 0)
        secret->length += (size_t)n;
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 && n == 0 && secret->length > 0;
}

/* A new file of its owner alone. */
static enum ctl_exit write_file(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool written;

    if (fd < 0)
        return complain(CTL_LOCAL, "%s cannot be made: %s", path, strerror(errno));
    written = write(fd, bytes, length) == (ssize_t)length && fsync(fd) == 0;
    if (close(fd) != 0 || !written) {
        (void)unlink(path);
        return complain(CTL_LOCAL, "%s cannot be written: look at the disk", path);
    }
    return CTL_OK;
}

static void add_digest(struct secret *secret)
{
    uint8_t digest[DIGEST_SIZE];

    sha256(digest, secret->bytes, secret->length);
    memcpy(secret->bytes + secret->length, digest, DIGEST_KEPT);
    secret->length += DIGEST_KEPT;
}

static bool digest_holds(const struct secret *secret)
{
    uint8_t digest[DIGEST_SIZE];

    if (secret->length <= DIGEST_KEPT)
        return false;
    sha256(digest, secret->bytes, secret->length - DIGEST_KEPT);
    return memcmp(digest, secret->bytes + secret->length - DIGEST_KEPT, DIGEST_KEPT) == 0;
}

/* ---- Split. ---- */

static void check_of(char to[2 * CHECK_SIZE + 1], const char *line, size_t length)
{
    uint8_t digest[DIGEST_SIZE];

    sha256(digest, line, length);
    hex_encode(to, digest, CHECK_SIZE);
}

static void share_line(struct buf *line, const char *set, unsigned needed,
                       const struct shamir_share *share, size_t length)
{
    char *text = mem_alloc(length * 2 + 8, 1), check[2 * CHECK_SIZE + 1];

    base64url_encode(text, share->bytes, length);
    buf_clear(line);
    (void)buf_printf(line, PREFIX ":%s:%u:%u:%s", set, needed, share->x, text);
    check_of(check, line->data, line->length);
    (void)buf_printf(line, ":%s\n", check);
    mem_wipe_free(text, length * 2 + 8);
}

static enum ctl_exit write_shares(const char *prefix, const struct shamir_share *shares, unsigned n,
                                  unsigned needed, size_t length)
{
    uint8_t set[SET_SIZE];
    char set_text[2 * SET_SIZE + 1];
    enum ctl_exit code = CTL_OK;
    struct buf line, path;

    seal_random(set, sizeof set);
    hex_encode(set_text, set, sizeof set);
    buf_init(&line, SIZE_MAX);
    buf_init(&path, SIZE_MAX);
    for (unsigned i = 0; code == CTL_OK && i < n; i++) {
        share_line(&line, set_text, needed, &shares[i], length);
        buf_clear(&path);
        (void)buf_printf(&path, "%s.share-%u", prefix, i + 1);
        code = write_file(path.data, line.data, line.length);
        if (code == CTL_OK)
            (void)printf("%s\n", path.data);
    }
    buf_wipe(&line);
    buf_free(&path);
    return code;
}

static enum ctl_exit split(const char *prefix, const struct secret *secret, unsigned n,
                           unsigned needed)
{
    struct shamir_share *shares = mem_alloc(n, sizeof *shares);
    uint8_t *bytes = mem_alloc(n, secret->length);
    enum ctl_exit code;

    for (unsigned i = 0; i < n; i++)
        shares[i].bytes = bytes + i * secret->length;
    shamir_split(shares, n, needed, secret->bytes, secret->length);
    code = write_shares(prefix, shares, n, needed, secret->length);
    mem_wipe_free(bytes, n * secret->length);
    mem_free(shares);
    return code;
}

static int64_t number_of(const char *text)
{
    int64_t value;

    return text != NULL && parse_i64(text, &value) ? value : -1;
}

enum ctl_exit run_key_split(struct ctl *ctl)
{
    int64_t n = number_of(ctl_option(ctl, "shares")), k = number_of(ctl_option(ctl, "threshold"));
    const char *path = ctl->words[0];
    struct secret secret;
    enum ctl_exit code;

    if (n < 2 || n > SHAMIR_SHARES_MAX || k < 2 || k > n)
        return complain(CTL_USAGE, "key split needs --shares N (2 to 255) and --threshold K (2 to "
                                   "N)");
    if (!read_secret(path, &secret))
        return complain(CTL_LOCAL, "%s cannot be read, is empty, or is no key: name the key's file",
                        path);
    add_digest(&secret);
    code = split(str_or(ctl_option(ctl, "output"), path), &secret, (unsigned)n, (unsigned)k);
    explicit_bzero(&secret, sizeof secret);
    return code;
}

/* ---- Join. ---- */

struct joining {
    char set[2 * SET_SIZE + 1];
    unsigned needed, n;
    size_t length;
    struct shamir_share shares[SHAMIR_SHARES_MAX];
};

/* The fields of a line, cut where it stands; false: too few or too many. */
static bool cut_fields(char *line, char *fields[6])
{
    char *at = line;

    for (unsigned i = 0; i < 6; i++) {
        fields[i] = at;
        at = strchr(at, ':');
        if ((at != NULL) != (i < 5))
            return false;
        if (at != NULL)
            *at++ = 0;
    }
    return true;
}

static const char *take_bytes(struct joining *it, const char *text, unsigned x)
{
    uint8_t *bytes = mem_alloc(SECRET_MAX + DIGEST_KEPT, 1);
    long length = base64url_decode(bytes, SECRET_MAX + DIGEST_KEPT, text, strlen(text));

    it->shares[it->n++] = (struct shamir_share){(uint8_t)x, bytes};
    if (length <= 0 || (it->n > 1 && (size_t)length != it->length))
        return "a share is cut";
    it->length = (size_t)length;
    return NULL;
}

/* NULL: taken; else what is wrong. */
static const char *take_share(struct joining *it, char *line)
{
    char *fields[6], check[2 * CHECK_SIZE + 1];
    const char *end = strrchr(line, ':');

    if (end == NULL)
        return "a line is no share";
    check_of(check, line, (size_t)(end - line));
    if (!str_equal(check, end + 1))
        return "a share is misread: compare it letter by letter";
    if (!cut_fields(line, fields) || !str_equal(fields[0], PREFIX))
        return "a line is no share";
    if (it->n > 0 && !str_equal(fields[1], it->set))
        return "the shares are not of one key: look at the second field";
    int64_t needed = number_of(fields[2]), x = number_of(fields[3]);
    if (needed < 2 || needed > SHAMIR_SHARES_MAX || x < 1 || x > SHAMIR_SHARES_MAX ||
        it->n == SHAMIR_SHARES_MAX || !str_copy(it->set, sizeof it->set, fields[1]))
        return "a line is no share";
    for (unsigned i = 0; i < it->n; i++)
        if (it->shares[i].x == x)
            return NULL; /* the same share twice */
    it->needed = (unsigned)needed;
    return take_bytes(it, fields[4], (unsigned)x);
}

static const char *read_shares(struct joining *it, FILE *from)
{
    char line[LINE_SIZE];
    const char *wrong = NULL;

    while (wrong == NULL && fgets(line, sizeof line, from) != NULL) {
        char *text = str_trim(line);
        if (*text != 0)
            wrong = take_share(it, text);
    }
    explicit_bzero(line, sizeof line);
    return wrong;
}

static enum ctl_exit join(const struct joining *it, const char *path)
{
    struct secret secret = {.length = it->length};
    enum ctl_exit code;

    if (it->n == 0 || it->n < it->needed)
        return complain(CTL_USAGE,
                        "%u shares are there, %u are needed: ask more of those who have "
                        "one",
                        it->n, it->needed);
    if (!shamir_join(secret.bytes, secret.length, it->shares, it->needed) || !digest_holds(&secret))
        return complain(CTL_LOCAL, "these shares do not give a key: one of them is forged");
    code = write_file(path, secret.bytes, secret.length - DIGEST_KEPT);
    explicit_bzero(&secret, sizeof secret);
    return code;
}

enum ctl_exit run_key_join(struct ctl *ctl)
{
    struct joining *it = mem_new(struct joining);
    const char *path = ctl_option(ctl, "output"), *wrong;
    enum ctl_exit code;

    if (str_empty(path)) {
        mem_free(it);
        return complain(CTL_USAGE, "key join needs -o FILE, which must not be there yet");
    }
    wrong = read_shares(it, stdin);
    code = wrong != NULL ? complain(CTL_USAGE, "%s", wrong) : join(it, path);
    for (unsigned i = 0; i < it->n; i++)
        mem_wipe_free(it->shares[i].bytes, SECRET_MAX + DIGEST_KEPT);
    mem_free(it);
    return code;
}
