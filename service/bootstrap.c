/* bootstrap.c - what tocsind does besides serving: preparing its process, the first token, the
 * health probe. */

/* System. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/clock.h"
#include "tocsin/http_client.h"
#include "tocsin/loop.h"
#include "tocsin/store.h"

/* This module. */
#include "service/api/access.h"
#include "service/daemon.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { DESCRIPTORS_MAX = 65536, ARENAS_MAX = 2, PROBE_MS = 4000 };

void daemon_prepare_process(void)
{
    struct rlimit limit = {0, 0};

    (void)signal(SIGPIPE, SIG_IGN);
    umask(0077);
    setrlimit(RLIMIT_CORE, &limit);
    if (!SANITIZED) /* the leak checker must be able to attach */
        prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    /* An arena per thread would keep what each once needed: tens of MiB with a pool of SMTP
     * sessions. */
    mallopt(M_ARENA_MAX, ARENAS_MAX);
}

/* ---- The first token ---- */

struct minting {
    struct access_mint mint; /* first */
    struct loop *loop;
};

static void on_minted(struct access_mint *mint)
{
    loop_stop(container_of(mint, struct minting, mint)->loop);
}

static int mint_into(struct store *store, struct minting *minting)
{
    int code = EXIT_DONE;

    minting->mint.at = clock_now(clock_system());
    minting->mint.cb = on_minted;
    access_mint(store, &minting->mint);
    loop_run(minting->loop);
    if (minting->mint.result == RESULT_OK)
        printf("%s\n", minting->mint.text);
    else {
        fprintf(stderr, "tocsind: %s\n", minting->mint.error.text);
        code = EXIT_UNAVAILABLE;
    }
    access_mint_wipe(&minting->mint);
    return code;
}

int daemon_mint_token(const struct config *config, const char *name, unsigned roles)
{
    struct minting minting = {
        .mint = {.name = name,
                 .roles = roles,
                 .kind = roles & ROLE_APPROVER ? TOKEN_PERSON : TOKEN_PROGRAM},
        .loop = loop_create(clock_system())};
    struct store_config settings = {.path = config->store_path, .readers = 1, .threads = true};
    struct store *store = NULL;
    struct error error = {0};
    int code = EXIT_UNAVAILABLE;
    enum result result = store_open(minting.loop, &settings, &store, &error);

    if (result == RESULT_OK) {
        code = mint_into(store, &minting);
        store_close(&store);
    } else if (result == RESULT_CONFLICT)
        fprintf(stderr, "tocsind: a daemon is running on this store: use tocsin token create\n");
    else
        fprintf(stderr, "tocsind: %s%s%s\n", error.field, *error.field ? ": " : "", error.text);
    loop_destroy(&minting.loop);
    return code;
}

/* ---- The probe ---- */

struct probe {
    struct http_fetch fetch; /* first */
    struct loop *loop;
    int code;
};

static void on_probed(struct http_fetch *fetch)
{
    struct probe *probe = container_of(fetch, struct probe, fetch);

    if (fetch->result == RESULT_OK && fetch->status / 100 == 2)
        probe->code = EXIT_DONE;
    else if (fetch->result == RESULT_OK)
        fprintf(stderr, "tocsind: the answer was %ld\n", fetch->status);
    else
        fprintf(stderr, "tocsind: no answer (%s)\n", result_name(fetch->result));
    loop_stop(probe->loop);
}

int daemon_probe(const char *url)
{
    struct probe probe = {
        .fetch = {.method = "GET", .url = url, .timeout_ms = PROBE_MS, .cb = on_probed},
        .loop = loop_create(clock_system()),
        .code = EXIT_UNAVAILABLE};
    struct http_client *client = http_client_create(probe.loop, NULL);

    http_fetch_start(client, &probe.fetch);
    loop_run(probe.loop);
    http_client_destroy(&client);
    loop_destroy(&probe.loop);
    return probe.code;
}
