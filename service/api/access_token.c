/* access_token.c - the text of a bearer token, and the names of roles. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/access.h"

enum { ID_CHARS = 13, SECRET_CHARS = 43, CRC_CHARS = 8 };

static const char *const role_names[] = {"responder", "approver", "compliance",
                                         "operator",  "app",      "admin"};
enum { ROLES_N = sizeof role_names / sizeof *role_names };

const char *access_role_name(unsigned bit)
{
    for (unsigned i = 0; i < ROLES_N; i++) {
        if (bit == 1U << i)
            return role_names[i];
    }
    return NULL;
}

unsigned access_role_find(const char *name)
{
    for (unsigned i = 0; name && i < ROLES_N; i++) {
        if (str_equal(role_names[i], name))
            return 1U << i;
    }
    return 0;
}

unsigned access_roles_parse(const char *text)
{
    unsigned roles = 0;
    while (text && *text) {
        char name[16];
        size_t length = strcspn(text, ",");
        if (length >= sizeof name)
            return 0;
        memcpy(name, text, length);
        name[length] = 0;
        unsigned bit = access_role_find(name);
        if (!bit)
            return 0;
        roles |= bit;
        text += length;
        if (*text == ',' && !*++text)
            return 0;
    }
    return roles;
}

/* CRC-32 (ISO 3309), bit by bit: 61 bytes a token, a table would cost more than it saves. */
static uint32_t crc32_of(const char *text, size_t length)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint8_t)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0U - (crc & 1)));
    }
    return ~crc;
}

static void crc_text(char to[CRC_CHARS + 1], const char *text, size_t length)
{
    uint32_t crc = crc32_of(text, length);
    uint8_t bytes[] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                       (uint8_t)crc};
    hex_encode(to, bytes, sizeof bytes);
}

void access_format(char to[ACCESS_TEXT_SIZE], const struct access_parts *parts)
{
    char id_text[ID_TEXT_SIZE];
    id_format(id_text, "tcs", parts->id); /* "tcs_" and the same 13 characters as in "tok_..." */
    size_t length = strlen(id_text);
    memcpy(to, id_text, length);
    to[length++] = '_';
    base64url_encode(to + length, parts->secret, ACCESS_SECRET_SIZE);
    length += SECRET_CHARS;
    char crc[CRC_CHARS + 1];
    crc_text(crc, to, length);
    to[length++] = '_';
    memcpy(to + length, crc, sizeof crc);
}

bool access_parse(const char *text, struct access_parts *ret_parts)
{
    enum { HEAD = 4 + ID_CHARS, WHOLE = HEAD + 1 + SECRET_CHARS + 1 + CRC_CHARS };
    if (!text || strlen(text) != WHOLE || text[HEAD] != '_' || text[HEAD + 1 + SECRET_CHARS] != '_')
        return false;
    char head[HEAD + 1], crc[CRC_CHARS + 1];
    memcpy(head, text, HEAD);
    head[HEAD] = 0;
    crc_text(crc, text, HEAD + 1 + SECRET_CHARS);
    struct access_parts parts;
    parts.id = id_parse(head, "tcs");
    bool good = parts.id > 0 && memcmp(crc, text + WHOLE - CRC_CHARS, CRC_CHARS) == 0 &&
                base64url_decode(parts.secret, sizeof parts.secret, text + HEAD + 1,
                                 SECRET_CHARS) == ACCESS_SECRET_SIZE;
    if (good)
        *ret_parts = parts;
    explicit_bzero(&parts, sizeof parts);
    return good;
}
