/* cmd_verify.c - verify: is a log what its signature says? Over --url every tile and every entry is
 * fetched and hashed again; a proof file is checked without a network. The first thing that is
 * wrong is named, and the exit code is 1. */

/* System. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/audit.h"
#include "service/ctl/commands.h"
#include "service/ctl/log_files.h"
#include "service/ctl/verify.h"

enum { FILE_MAX_BYTES = 1 << 20 };

/* ---- Keys. ---- */
static enum ctl_exit parse_key(const char *text, struct note_verifier *to)
{
    if (note_verifier_parse(to, text))
        return CTL_OK;
    return complain(CTL_USAGE, "--key is no verifier key: it is the line of /log/key, "
                               "<origin>+<id>+<base64>");
}

/* --key, or the server's own word for it, with a warning. */
static enum ctl_exit find_key(struct ctl *ctl, struct note_verifier *to)
{
    const char *given = ctl_option(ctl, "key");
    struct api_reply reply;
    enum ctl_exit code;

    if (given != NULL)
        return parse_key(given, to);
    api_reply_init(&reply);
    code = ask(ctl, &(struct api_request){.method = "GET", .path = "/log/key"}, &reply);
    if (code == CTL_OK) {
        reply.body.data[strcspn(reply.body.data, "\r\n")] = '\0';
        (void)fputs("note: the key came from the server that is verified; give --key, from "
                    "somewhere else, to exclude that both were replaced\n",
                    stderr);
        code = parse_key(reply.body.data, to);
    }
    api_reply_free(&reply);
    return code;
}

/* ---- A log. ---- */
static bool fetch(void *context, const char *path, struct buf *to)
{
    struct ctl *ctl = context;
    struct api_reply reply;
    bool good;

    api_reply_init(&reply);
    good = ask(ctl, &(struct api_request){.method = "GET", .path = path}, &reply) == CTL_OK;
    if (good)
        (void)buf_add(to, reply.body.data, reply.body.length);
    api_reply_free(&reply);
    return good && !to->failed;
}

/* A checkpoint that came by mail may have been saved with the line ends of mail. */
static void unify_lines(struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->length; i++)
        if (text->data[i] != '\r')
            text->data[n++] = text->data[i];
    text->length = n;
}

static enum ctl_exit read_earlier(const char *path, struct verify *verify)
{
    struct buf text;
    struct error error = {0};
    enum ctl_exit code = CTL_OK;
    struct checkpoint checkpoint;

    if (path == NULL)
        return CTL_OK;
    buf_init(&text, FILE_MAX_BYTES);
    bool read = file_read(path, &text);
    unify_lines(&text);
    if (!read)
        code = complain(CTL_LOCAL, "%s cannot be read: %s", path, strerror(errno));
    else if (!checkpoint_open((struct slice){text.data, text.length}, &verify->key, &checkpoint,
                              &error))
        code = complain(CTL_REFUSED, "%s: %s", path, error.text);
    else {
        verify->earlier = true;
        verify->earlier_size = checkpoint.size;
        verify->earlier_root = checkpoint.root;
    }
    buf_free(&text);
    return code;
}

static enum ctl_exit read_witness(struct ctl *ctl, struct verify *verify)
{
    const char *vkey = ctl_option(ctl, "witness");

    if (vkey == NULL)
        return CTL_OK;
    verify->witnessed = note_verifier_parse(&verify->witness, vkey) &&
                        verify->witness.algorithm == NOTE_COSIGNATURE;
    return verify->witnessed
               ? CTL_OK
               : complain(CTL_USAGE, "--witness is no verifier key of a witness: it is the line "
                                     "that tocsin witness prints");
}

static enum ctl_exit report(struct ctl *ctl, const struct verify *verify)
{
    const char *save = ctl_option(ctl, "save");

    (void)printf("%s: %" PRIu64 " receipts, every %s hashed, signature of %s+%08" PRIx32 " holds\n",
                 verify->key.name, verify->checkpoint.size,
                 verify->tiles_only ? "tile" : "entry and tile", verify->key.name, verify->key.id);
    if (verify->earlier)
        (void)printf("it extends the earlier checkpoint of %" PRIu64 " receipts\n",
                     verify->earlier_size);
    if (verify->witnessed)
        (void)printf("cosigned by %s\n", verify->witness.name);
    if (save != NULL && !file_replace(save, (struct slice){verify->note.data, verify->note.length}))
        return complain(CTL_LOCAL, "%s cannot be written: %s", save, strerror(errno));
    return CTL_OK;
}

static enum ctl_exit verify_url(struct ctl *ctl)
{
    struct verify *verify = mem_new(struct verify);
    struct error error = {0};
    enum ctl_exit code;

    verify->fetch = fetch;
    verify->context = ctl;
    verify->tiles_only = ctl_option(ctl, "tiles-only") != NULL;
    buf_init(&verify->note, NOTE_BYTES_MAX);
    code = find_key(ctl, &verify->key);
    if (code == CTL_OK)
        code = read_witness(ctl, verify);
    if (code == CTL_OK)
        code = read_earlier(ctl_option(ctl, "from"), verify);
    if (code == CTL_OK && !verify_log(verify, &error))
        code = complain(CTL_REFUSED, "NOT VERIFIED: %s%s%s", error.field, *error.field ? ": " : "",
                        error.text);
    if (code == CTL_OK)
        code = report(ctl, verify);
    buf_free(&verify->note);
    mem_free(verify);
    return code;
}

/* ---- A proof. ---- */
static enum ctl_exit check_proof(struct slice text, struct slice leaf,
                                 const struct note_verifier *key)
{
    struct tlog_proof proof;
    struct error error = {0};

    if (!tlog_proof_parse(text, &proof))
        return complain(CTL_REFUSED, "NOT VERIFIED: proof: this is no c2sp.org/tlog-proof@v1 file: "
                                     "was it cut or changed?");
    if (!tlog_proof_check(&proof, leaf, key, &error))
        return complain(CTL_REFUSED, "NOT VERIFIED: %s: %s", error.field, error.text);
    (void)printf("the receipt is entry %" PRIu64 " of the log %s\n", proof.index, key->name);
    return CTL_OK;
}

static enum ctl_exit verify_proof(struct ctl *ctl, struct slice text)
{
    const char *path = ctl_option(ctl, "receipt"), *key = ctl_option(ctl, "key");
    struct note_verifier verifier;
    struct buf leaf;
    enum ctl_exit code;

    if (path == NULL || key == NULL)
        return complain(CTL_USAGE, "a proof is verified with --receipt LEAF_FILE and --key VKEY");
    code = parse_key(key, &verifier);
    buf_init(&leaf, FILE_MAX_BYTES);
    if (code == CTL_OK && !file_read(path, &leaf))
        code = complain(CTL_LOCAL, "%s cannot be read: %s", path, strerror(errno));
    if (code == CTL_OK)
        code = check_proof(text, (struct slice){leaf.data, leaf.length}, &verifier);
    buf_free(&leaf);
    return code;
}

/* An archive of evidence begins as gzip does (RFC 1952 section 2.3.1); a proof is text. */
static bool is_archive(const char *path)
{
    unsigned char head[2] = {0};
    FILE *file = fopen(path, "re");
    const bool archive = file != NULL && fread(head, 1, sizeof(head), file) == sizeof(head) &&
                         head[0] == 0x1f && head[1] == 0x8b;

    if (file != NULL)
        (void)fclose(file);
    return archive;
}

enum ctl_exit run_verify(struct ctl *ctl)
{
    struct buf text;
    enum ctl_exit code;

    if (ctl->n_words == 0)
        return verify_url(ctl);
    if (is_archive(ctl->words[0]) || ctl_option(ctl, "recipient") != NULL)
        return audit_archive(ctl, ctl->words[0]);
    buf_init(&text, FILE_MAX_BYTES);
    if (!file_read(ctl->words[0], &text))
        code = complain(CTL_LOCAL, "%s cannot be read: %s", ctl->words[0],
                        text.failed ? "it is too long for a proof" : strerror(errno));
    else
        code = verify_proof(ctl, (struct slice){text.data, text.length});
    buf_free(&text);
    return code;
}
