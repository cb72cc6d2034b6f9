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

/* A checkpoint that the user kept. */
struct earlier {
    char origin[NOTE_NAME_MAX + 1]; /* "": none was given */
    uint64_t size;
    struct merkle_hash root;
    bool met; /* a log that was verified has this origin */
};

/* A checkpoint that came by mail may have been saved with the line ends of mail. */
static void unify_lines(struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->length; i++)
        if (text->data[i] != '\r')
            text->data[n++] = text->data[i];
    text->length = n;
}

/* By the key of this log, or of one that has ended. */
static bool open_earlier(struct ctl *ctl, struct slice bytes, const struct note_verifier *key,
                         struct earlier *to, struct error *error)
{
    const char *old = ctl_option(ctl, "old-key");
    struct note_verifier verifier;
    struct checkpoint checkpoint;

    if (checkpoint_open(bytes, key, &checkpoint, error)) {
        (void)str_copy(to->origin, sizeof(to->origin), key->name);
    } else if (old != NULL && note_verifier_parse(&verifier, old) &&
               checkpoint_open(bytes, &verifier, &checkpoint, error)) {
        (void)str_copy(to->origin, sizeof(to->origin), verifier.name);
    } else {
        return false;
    }
    to->size = checkpoint.size;
    to->root = checkpoint.root;
    return true;
}

static enum ctl_exit read_earlier(struct ctl *ctl, const struct note_verifier *key,
                                  struct earlier *to)
{
    const char *path = ctl_option(ctl, "from");
    struct buf text;
    struct error error = {0};
    enum ctl_exit code = CTL_OK;

    if (path == NULL)
        return CTL_OK;
    buf_init(&text, FILE_MAX_BYTES);
    bool read = file_read(path, &text);
    unify_lines(&text);
    if (!read)
        code = complain(CTL_LOCAL, "%s cannot be read: %s", path, strerror(errno));
    else if (!open_earlier(ctl, (struct slice){text.data, text.length}, key, to, &error))
        code = complain(CTL_REFUSED, "%s: %s", path, error.text);
    buf_free(&text);
    return code;
}

/* The earlier checkpoint counts for the log that it names. */
static void expect_earlier(struct verify *verify, struct earlier *earlier, const char *origin)
{
    verify->earlier = str_equal(earlier->origin, origin);
    verify->earlier_size = earlier->size;
    verify->earlier_root = earlier->root;
    earlier->met = earlier->met || verify->earlier;
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

static enum ctl_exit not_verified(const struct error *error)
{
    return complain(CTL_REFUSED, "NOT VERIFIED: %s%s%s", error->field, *error->field ? ": " : "",
                    error->text);
}

/* The log before the one whose first entry this is: a fresh `verify`, or false: it is the first. */
static bool previous_log(struct slice first, struct verify *to, char *prefix, size_t size)
{
    struct json_object *json = NULL, *facts;
    struct note note;
    bool good = first.length > 0 && json_read(first.data, first.length, &json, NULL) == RESULT_OK &&
                str_equal(json_get_string(json, "kind"), "log_begun");

    facts = json_get(json, "facts");
    if (good)
        (void)buf_puts(&to->note, str_or(json_get_string(facts, "checkpoint"), ""));
    (void)snprintf(prefix, size, "/log/shards/%" PRId64, json_get_int(facts, "shard", 0));
    json_object_put(json);
    return good && note_split((struct slice){to->note.data, to->note.length}, &note) &&
           checkpoint_parse(note.text, &to->checkpoint);
}

/* Back through the logs that have ended: the first entry of each next one says what the one before
 * must be, so that their own keys, stolen perhaps, need not be believed. */
static enum ctl_exit verify_previous(struct ctl *ctl, struct slice first, struct earlier *earlier)
{
    struct verify *verify = mem_new(struct verify);
    struct error error = {0};
    enum ctl_exit code = CTL_OK;
    char prefix[64];

    verify->fetch = fetch;
    verify->context = ctl;
    verify->prefix = prefix;
    verify->given = true;
    buf_init(&verify->note, NOTE_BYTES_MAX);
    buf_init(&verify->first, UINT16_MAX);
    if (previous_log(first, verify, prefix, sizeof(prefix))) {
        char origin[NOTE_NAME_MAX + 1] = "";
        if (verify->checkpoint.origin.length <= NOTE_NAME_MAX)
            memcpy(origin, verify->checkpoint.origin.data, verify->checkpoint.origin.length);
        expect_earlier(verify, earlier, origin);
        code = verify_log(verify, &error) ? CTL_OK : not_verified(&error);
        if (code == CTL_OK)
            (void)printf("%s: it ended at %" PRIu64 " receipts; the next log's first entry says "
                         "so, and every entry and tile is hashed\n",
                         origin, verify->checkpoint.size);
        if (code == CTL_OK)
            code = verify_previous(ctl, (struct slice){verify->first.data, verify->first.length},
                                   earlier);
    }
    buf_free(&verify->note);
    buf_free(&verify->first);
    mem_free(verify);
    return code;
}

static enum ctl_exit verify_all(struct ctl *ctl, struct verify *verify)
{
    struct earlier earlier = {.met = false};
    struct error error = {0};
    enum ctl_exit code = read_earlier(ctl, &verify->key, &earlier);

    if (code != CTL_OK)
        return code;
    expect_earlier(verify, &earlier, verify->key.name);
    if (!verify_log(verify, &error))
        return not_verified(&error);
    code = report(ctl, verify);
    if (code == CTL_OK && !verify->tiles_only)
        code = verify_previous(ctl, (struct slice){verify->first.data, verify->first.length},
                               &earlier);
    if (code == CTL_OK && earlier.origin[0] != 0 && !earlier.met)
        code = complain(CTL_REFUSED,
                        "NOT VERIFIED: the earlier checkpoint is of the log %s, which "
                        "is not among those verified (an ended log needs its entries: "
                        "a token of the role compliance or admin)",
                        earlier.origin);
    return code;
}

static enum ctl_exit verify_url(struct ctl *ctl)
{
    struct verify *verify = mem_new(struct verify);
    enum ctl_exit code;

    verify->fetch = fetch;
    verify->context = ctl;
    verify->prefix = "/log";
    verify->tiles_only = ctl_option(ctl, "tiles-only") != NULL;
    buf_init(&verify->note, NOTE_BYTES_MAX);
    buf_init(&verify->first, UINT16_MAX);
    code = find_key(ctl, &verify->key);
    if (code == CTL_OK)
        code = read_witness(ctl, verify);
    if (code == CTL_OK)
        code = verify_all(ctl, verify);
    buf_free(&verify->note);
    buf_free(&verify->first);
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
