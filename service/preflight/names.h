/* names.h - one question to the DNS. Blocks for some seconds at most: a lane's work. Any thread. */
#pragma once
#include <stddef.h>

enum name_type { NAME_TXT, NAME_ADDRESS, NAME_POINTER };
enum name_answer { NAME_FOUND, NAME_NONE, NAME_UNREACHABLE };
enum { NAME_TEXTS_MAX = 24, NAME_TEXT_SIZE = 1024 };

struct name_ask {
    const char *resolver; /* "127.0.0.53:53"; NULL: the system's */
    enum name_type type;
    char name[300];
    /* Out. */
    enum name_answer answer;                    /* NONE: the DNS says that there is nothing */
    char texts[NAME_TEXTS_MAX][NAME_TEXT_SIZE]; /* TXT joined; "192.0.2.1"; "mail.example.org" */
    size_t n;
};
void name_ask(struct name_ask *ask);
/* "192.0.2.1" -> "1.2.0.192.in-addr.arpa"; "" when it is no IPv4 address. */
void name_reversed(char to[300], const char *address);
