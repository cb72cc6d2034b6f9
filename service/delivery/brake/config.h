/* config.h - what the configuration says about brakes: defaults of a wave, addresses of our own,
 * the call centre, the recipients' night. Part of struct delivery_config. */
#pragma once
#include <stddef.h>

#include "service/delivery/brake/brakes.h"
#include "service/delivery/brake/hours.h"

/* One of our own, who gets every wave's notice first. Addresses that are NULL are not used. */
struct delivery_seed {
    const char *label; /* "counsel": stands in the receipt, so no name */
    const char *email, *phone;
    const char *line1, *city, *region, *postal_code, *country; /* a letter, when line1 is there */
    const char *locale;
};

struct delivery_braking {
    struct brakes defaults; /* .on false: waves without a document of their own are not braked */
    const struct delivery_seed *seeds;
    size_t n_seeds;
    struct hours centre; /* the call centre */
    const char *centre_zone;
    int64_t centre_hour; /* people an hour that it can take; 0: none is there */
    struct hours quiet;  /* when what rings and buzzes may; from == to: always */
};
