/* timestamp.c - RFC 3161 over OpenSSL's TS_*. Happy path: a request with imprint and nonce; the
 * answer is parsed, and OpenSSL compares status, imprint and nonce, finds the signer's certificate
 * (ESSCertID, RFC 5816) and builds its chain for the purpose of timestamping. Failure modes: bytes
 * that are no answer, an answer that grants nothing, one about something else, a signer whom the
 * configured certificates do not reach; each has its sentence. */
/* System. */
#include <string.h>
#include <time.h>

/* Libraries. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

/* Base. */
#include "base/mem.h"
#include "base/timestamp.h"

struct timestamp_trust {
    X509_STORE *store;
    unsigned n;
};

/* ---- The request. ---- */
static void set_imprint(TS_REQ *request, const uint8_t imprint[DIGEST_SIZE])
{
    uint8_t copy[DIGEST_SIZE];
    TS_MSG_IMPRINT *message = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    memcpy(copy, imprint, sizeof(copy));
    require(message != NULL && algorithm != NULL);
    require(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1);
    require(TS_MSG_IMPRINT_set_algo(message, algorithm) == 1 &&
            TS_MSG_IMPRINT_set_msg(message, copy, DIGEST_SIZE) == 1 &&
            TS_REQ_set_msg_imprint(request, message) == 1);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(message);
}

static void set_nonce(TS_REQ *request, const uint8_t nonce[TIMESTAMP_NONCE_SIZE])
{
    BIGNUM *number = BN_bin2bn(nonce, TIMESTAMP_NONCE_SIZE, NULL);
    ASN1_INTEGER *integer = number == NULL ? NULL : BN_to_ASN1_INTEGER(number, NULL);
    require(integer != NULL && TS_REQ_set_nonce(request, integer) == 1);
    ASN1_INTEGER_free(integer);
    BN_free(number);
}

static TS_REQ *make_request(const uint8_t imprint[DIGEST_SIZE], const uint8_t *nonce)
{
    TS_REQ *request = TS_REQ_new();
    require(request != NULL && TS_REQ_set_version(request, 1) == 1 &&
            TS_REQ_set_cert_req(request, 1) == 1);
    set_imprint(request, imprint);
    if (nonce != NULL)
        set_nonce(request, nonce);
    return request;
}

void timestamp_request(struct buf *to, const uint8_t imprint[DIGEST_SIZE],
                       const uint8_t nonce[TIMESTAMP_NONCE_SIZE])
{
    TS_REQ *request = make_request(imprint, nonce);
    unsigned char *der = NULL;
    int length = i2d_TS_REQ(request, &der);
    require(length > 0);
    buf_add(to, der, (size_t)length);
    OPENSSL_free(der);
    TS_REQ_free(request);
}

/* ---- Trust. ---- */
enum result timestamp_trust_create(struct slice pem, struct timestamp_trust **ret_trust,
                                   struct error *error)
{
    struct timestamp_trust *trust = mem_new(struct timestamp_trust);
    BIO *text = BIO_new_mem_buf(pem.data, (int)pem.length);
    X509 *certificate;
    trust->store = X509_STORE_new();
    require(text != NULL && trust->store != NULL);
    while (trust->n < 64 && (certificate = PEM_read_bio_X509(text, NULL, NULL, NULL)) != NULL) {
        require(X509_STORE_add_cert(trust->store, certificate) == 1);
        X509_free(certificate);
        trust->n++;
    }
    BIO_free(text);
    ERR_clear_error(); /* the end of the file is an error to PEM_read_bio_X509() */
    /* The authority's own certificate may be given, without the one above it. */
    X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
    if (trust->n > 0) {
        *ret_trust = trust;
        return RESULT_OK;
    }
    timestamp_trust_destroy(&trust);
    return error_set(error, RESULT_INVALID, NULL,
                     "this holds no certificate: give the authority's own, or the one above it, "
                     "in PEM");
}

void timestamp_trust_destroy(struct timestamp_trust **trust)
{
    if (*trust == NULL)
        return;
    X509_STORE_free((*trust)->store);
    mem_free(*trust);
    *trust = NULL;
}

/* ---- The answer. ---- */
static bool read_time(TS_RESP *response, time_ms *ret_at)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    const ASN1_GENERALIZEDTIME *at = info == NULL ? NULL : TS_TST_INFO_get_time(info);
    struct tm parts;
    if (at == NULL || ASN1_TIME_to_tm(at, &parts) != 1)
        return false;
    *ret_at = (time_ms)timegm(&parts) * 1000;
    return true;
}

static TS_RESP *parse(struct slice reply)
{
    const unsigned char *at = (const unsigned char *)reply.data;
    TS_RESP *response;
    if (reply.length == 0 || reply.length > TIMESTAMP_REPLY_MAX)
        return NULL;
    response = d2i_TS_RESP(NULL, &at, (long)reply.length);
    if (response != NULL && at == (const unsigned char *)reply.data + reply.length)
        return response;
    TS_RESP_free(response);
    return NULL;
}

/* Gives the store away. OpenSSL 3.4 has a new name for it. */
static void give_store(TS_VERIFY_CTX *context, X509_STORE *store)
{
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
    require(TS_VERIFY_CTX_set0_store(context, store) == 1);
#else
    TS_VERIFY_CTX_set_store(context, store);
#endif
}

/* Only by a request does OpenSSL compare the imprint's algorithm too. */
static bool verify(const struct timestamp_trust *trust, TS_RESP *response,
                   const struct timestamp_claim *claim, time_ms valid_at)
{
    TS_REQ *request = make_request(claim->imprint, claim->nonce);
    TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust->store);
    require(context != NULL && store != NULL);
    /* A store of its own: the time of its parameters is this token's. */
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        require(certificate == NULL || X509_STORE_add_cert(store, certificate) == 1);
    }
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(valid_at / 1000));
    give_store(context, store);
    TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_IMPRINT);
    bool good = TS_RESP_verify_response(context, response) == 1;
    TS_VERIFY_CTX_free(context);
    TS_REQ_free(request);
    return good;
}

static enum result explain(struct error *error)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    const char *sentence = "its signature does not hold, or the configured certificate is not the "
                           "signer's: ask the authority which one signs";
    if (reason == TS_R_NO_TIME_STAMP_TOKEN)
        sentence = "the authority granted nothing: ask it why";
    else if (reason == TS_R_MESSAGE_IMPRINT_MISMATCH)
        sentence = "it is about other bytes: was the checkpoint changed?";
    else if (reason == TS_R_NONCE_MISMATCH || reason == TS_R_NONCE_NOT_RETURNED)
        sentence = "it answers another request: is something between us and the authority that "
                   "repeats old answers?";
    ERR_clear_error();
    return error_set(error, RESULT_DENIED, "timestamp", "%s", sentence);
}

enum result timestamp_check(const struct timestamp_trust *trust, struct slice reply,
                            const struct timestamp_claim *claim, time_ms *ret_at,
                            struct error *error)
{
    TS_RESP *response = parse(reply);
    enum result result = RESULT_OK;
    time_ms at = 0;
    if (response == NULL) {
        ERR_clear_error();
        return error_set(error, RESULT_INVALID, "timestamp",
                         "these bytes are no answer of a timestamp authority: is the address "
                         "right?");
    }
    ERR_clear_error();
    /* Without a token there is no time; OpenSSL then says that nothing was granted. */
    if (!read_time(response, &at) && TS_RESP_get_token(response) != NULL)
        result = error_set(error, RESULT_INVALID, "timestamp",
                           "the token says no time: ask the authority");
    else if (!verify(trust, response, claim, claim->now == TIME_NONE ? at : claim->now))
        result = explain(error);
    else
        *ret_at = at;
    TS_RESP_free(response);
    return result;
}
