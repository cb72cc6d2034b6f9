/* main.c - the `tocsin` command: parse, connect, run the command of the table.
 * Failure: a sentence on stderr and an exit code (ctl.h). */

/* System. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/ctl.h"

enum { TOKEN_SIZE = 600 };
static const char default_url[] = "http://127.0.0.1:8080";

/* The first line of the file. */
static bool read_token(const char *path, char token[TOKEN_SIZE])
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(token, TOKEN_SIZE, file) != NULL;

    if (file != NULL)
        (void)fclose(file);
    if (!read)
        return false;
    memmove(token, str_trim(token), strlen(str_trim(token)) + 1);
    return true;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return str_empty(value) ? NULL : value;
}

/* Flags beat the environment; a token beats a file. */
static enum ctl_exit find_token(const struct ctl *ctl, char token[TOKEN_SIZE], const char **ret)
{
    const char *path = ctl_option(ctl, "token-file");

    *ret = ctl_option(ctl, "token");
    if (*ret == NULL && path == NULL)
        *ret = environment("TOCSIN_TOKEN");
    if (*ret == NULL && path == NULL)
        path = environment("TOCSIN_TOKEN_FILE");
    if (*ret != NULL || path == NULL)
        return CTL_OK;
    if (!read_token(path, token))
        return complain(CTL_LOCAL, "the token file %s cannot be read: name a file that holds it",
                        path);
    *ret = token;
    return CTL_OK;
}

static enum ctl_exit run(struct ctl *ctl)
{
    const char *url = str_or(ctl_option(ctl, "url"), environment("TOCSIN_URL")), *token;
    char text[TOKEN_SIZE];
    struct error error = {0};
    enum ctl_exit code = find_token(ctl, text, &token);

    if (code != CTL_OK)
        return code;
    if (api_client_create(str_or(url, default_url), token, &ctl->api, &error) != RESULT_OK)
        return complain(CTL_USAGE, "%s", error.text);
    code = ctl->command->run(ctl);
    api_client_destroy(&ctl->api);
    return code;
}

int main(int argc, char **argv)
{
    struct ctl ctl = {0};
    enum ctl_exit code;

    seal_init();
    code = ctl_parse(&ctl, argc - 1, argv + 1);
    if (code == CTL_OK && ctl.command != NULL)
        code = run(&ctl);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CTL_OK)
        code = complain(CTL_LOCAL, "the output cannot be written: %s", strerror(errno));
    return (int)code;
}
