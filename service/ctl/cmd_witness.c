/* cmd_witness.c - witness: a small server that an auditor runs on another machine. It cosigns
 * checkpoints of one log as long as each extends the last. Happy path: add-checkpoint is checked,
 * the state is on disk, the answer goes out. Failure modes: a state file that cannot be read stops
 * it at once: without it, it would sign a rewritten log. */

/* System. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/loop.h"
#include "tocsin/witness.h"

/* This module. */
#include "service/ctl/commands.h"
#include "service/ctl/log_files.h"
#include "service/http/http_server.h"

enum { FILE_MAX_BYTES = 1 << 16, BODY_MAX = 1 << 17 };

struct witness_server {
    struct witness witness;
    struct loop *loop;
    const char *state;
};

static bool save(void *context, uint64_t size, const struct merkle_hash *root)
{
    struct witness_server *server = context;
    struct buf text;
    bool kept;

    buf_init(&text, FILE_MAX_BYTES);
    checkpoint_format(&text, server->witness.log.name, size, root);
    kept = file_replace(server->state, (struct slice){text.data, text.length});
    buf_free(&text);
    return kept;
}

static void add_checkpoint(struct http_request *request, void *context)
{
    struct witness_server *server = context;
    uint64_t now = (uint64_t)clock_now(clock_system()) / 1000;
    const char *type;
    struct buf reply;
    int status;

    buf_init(&reply, FILE_MAX_BYTES);
    status = witness_answer(&server->witness, http_request_body(request), now, &reply, &type);
    http_reply(request, &(struct http_reply){.status = status,
                                             .type = type,
                                             .bytes = reply.data,
                                             .length = reply.length,
                                             .ownership = HTTP_BYTES_COPY});
    buf_free(&reply);
}

static enum ctl_exit read_signer(const char *path, struct note_signer *signer)
{
    struct buf text;
    enum ctl_exit code = CTL_OK;

    buf_init(&text, FILE_MAX_BYTES);
    if (!file_read(path, &text))
        code = complain(CTL_LOCAL, "%s cannot be read: %s", path, strerror(errno));
    else if (!note_signer_parse(signer, str_trim(text.data)) ||
             signer->verifier.algorithm != NOTE_COSIGNATURE)
        code = complain(CTL_LOCAL,
                        "%s is no key of a witness: make one with tocsin log keygen "
                        "FILE --name NAME --witness",
                        path);
    buf_wipe(&text);
    return code;
}

/* No file: nothing was seen yet. */
static enum ctl_exit read_state(struct witness_server *server)
{
    struct buf text;
    enum ctl_exit code = CTL_OK;

    merkle_empty(&server->witness.root);
    if (access(server->state, F_OK) != 0 && errno == ENOENT)
        return CTL_OK;
    buf_init(&text, FILE_MAX_BYTES);
    if (!file_read(server->state, &text) ||
        !witness_state_parse(&server->witness, (struct slice){text.data, text.length}))
        code = complain(CTL_LOCAL,
                        "%s is not the state of a witness of %s: restore it, or it "
                        "might sign a log that was rewritten",
                        server->state, server->witness.log.name);
    buf_free(&text);
    return code;
}

static void on_signal(int signum, void *context)
{
    (void)signum;
    loop_stop(context);
}

static void print_start(const struct witness_server *server, unsigned port)
{
    struct buf text;

    buf_init(&text, FILE_MAX_BYTES);
    note_verifier_format(&text, &server->witness.signer.verifier);
    (void)printf("%s\n", text.data);
    (void)fflush(stdout);
    (void)fprintf(stderr, "witness of %s at size %llu, port %u\n", server->witness.log.name,
                  (unsigned long long)server->witness.size, port);
    buf_free(&text);
}

static enum ctl_exit serve(struct witness_server *server, const struct ctl *ctl)
{
    static const struct http_route route = {.method = "POST",
                                            .path = "/add-checkpoint",
                                            .handler = add_checkpoint,
                                            .body = HTTP_BODY_WHOLE,
                                            .body_max = BODY_MAX};
    const struct http_config config = {.listen = ctl_option(ctl, "listen"),
                                       .allow_public = ctl_option(ctl, "allow-public") != NULL,
                                       .routes = &route,
                                       .n_routes = 1,
                                       .context = server};
    struct http_server *http = NULL;
    struct error error = {0};
    enum ctl_exit code = CTL_OK;

    server->loop = loop_create(clock_system());
    if (http_server_create(server->loop, &config, &http, &error) == RESULT_OK) {
        struct loop_signal *term =
                               loop_signal_start(server->loop, SIGTERM, on_signal, server->loop),
                           *stop = loop_signal_start(server->loop, SIGINT, on_signal, server->loop);

        print_start(server, http_server_port(http));
        loop_run(server->loop);
        loop_signal_stop(&term);
        loop_signal_stop(&stop);
        http_server_destroy(&http);
        while (loop_turn(server->loop))
            ;
    } else {
        code = complain(CTL_LOCAL, "%s", error.text);
    }
    loop_destroy(&server->loop);
    return code;
}

enum ctl_exit run_witness(struct ctl *ctl)
{
    const char *key = ctl_option(ctl, "key"), *vkey = ctl_option(ctl, "log-vkey");
    struct witness_server *server;
    enum ctl_exit code;

    if (key == NULL || vkey == NULL || ctl_option(ctl, "state") == NULL ||
        ctl_option(ctl, "listen") == NULL)
        return complain(CTL_USAGE, "witness needs --listen, --key, --log-vkey and --state");
    server = mem_new(struct witness_server);
    server->state = ctl_option(ctl, "state");
    server->witness.save = save;
    server->witness.context = server;
    code = read_signer(key, &server->witness.signer);
    if (code == CTL_OK && (!note_verifier_parse(&server->witness.log, vkey) ||
                           server->witness.log.algorithm != NOTE_ED25519))
        code = complain(CTL_USAGE, "--log-vkey is no key of a log: it is the line of its /log/key");
    if (code == CTL_OK)
        code = read_state(server);
    if (code == CTL_OK)
        code = serve(server, ctl);
    mem_wipe_free(server, sizeof(*server));
    return code;
}
