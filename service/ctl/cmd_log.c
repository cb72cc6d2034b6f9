/* cmd_log.c - log keygen (a signing key in a new file, its verifier key on stdout) and log proof
 * (one receipt's proof, and its leaf, into files). Failure: a file that is there already is never
 * overwritten by a key. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/tlog.h"

/* This module. */
#include "service/ctl/commands.h"
#include "service/ctl/log_files.h"

static void print_verifier(const struct note_signer *signer)
{
    struct buf text;

    buf_init(&text, SIZE_MAX);
    note_verifier_format(&text, &signer->verifier);
    (void)printf("%s\n", text.data);
    buf_free(&text);
}

enum ctl_exit run_log_keygen(struct ctl *ctl)
{
    const char *name = ctl_option(ctl, "name"), *path = ctl->words[0];
    struct note_signer signer;
    struct sign_key key;
    struct buf text;
    enum ctl_exit code = CTL_OK;

    if (str_empty(name) || !note_name_valid(name))
        return complain(CTL_USAGE, "log keygen needs --name, without blanks and '+', such as "
                                   "notify.example.org/log");
    sign_key_random(&key);
    note_signer_init(&signer, name,
                     ctl_option(ctl, "witness") != NULL ? NOTE_COSIGNATURE : NOTE_ED25519, &key);
    sign_key_wipe(&key);
    buf_init(&text, SIZE_MAX);
    note_signer_format(&text, &signer);
    (void)buf_putc(&text, '\n');
    if (!file_create(path, (struct slice){text.data, text.length}))
        code = complain(CTL_LOCAL, "%s cannot be made: %s", path, strerror(errno));
    else
        print_verifier(&signer);
    buf_wipe(&text);
    explicit_bzero(&signer, sizeof(signer));
    return code;
}

static enum ctl_exit save(const char *path, struct slice bytes)
{
    if (str_empty(path) || str_equal(path, "-"))
        (void)fwrite(bytes.data, 1, bytes.length, stdout);
    else if (!file_replace(path, bytes))
        return complain(CTL_LOCAL, "%s cannot be written: %s", path, strerror(errno));
    return CTL_OK;
}

static enum ctl_exit save_leaf(struct ctl *ctl, const char *path, const char *file)
{
    struct json_object *proof = NULL;
    enum ctl_exit code;
    const char *leaf;

    code = ask_json(ctl, &(struct api_request){.method = "GET", .path = path}, &proof);
    leaf = json_get_string(proof, "leaf");
    if (code == CTL_OK && leaf == NULL)
        code = complain(CTL_SERVER, "the server's answer has no leaf");
    if (code == CTL_OK)
        code = save(file, slice_of(leaf));
    json_object_put(proof);
    return code;
}

enum ctl_exit run_log_proof(struct ctl *ctl)
{
    struct api_reply reply;
    struct buf path;
    enum ctl_exit code;

    if (ctl->json)
        return complain(CTL_USAGE, "log proof writes files, not JSON: leave --json out");
    buf_init(&path, SIZE_MAX);
    (void)buf_puts(&path, "/v1/receipts/");
    path_add(&path, ctl->words[0]);
    (void)buf_puts(&path, "/proof");
    api_reply_init(&reply);
    code =
        ask(ctl, &(struct api_request){.method = "GET", .path = path.data, .accept = "text/plain"},
            &reply);
    if (code == CTL_OK)
        code = save(ctl_option(ctl, "output"), (struct slice){reply.body.data, reply.body.length});
    if (code == CTL_OK && ctl_option(ctl, "leaf") != NULL)
        code = save_leaf(ctl, path.data, ctl_option(ctl, "leaf"));
    api_reply_free(&reply);
    buf_free(&path);
    return code;
}
