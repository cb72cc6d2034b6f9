/* test_main.c - runs the groups of this folder. */

/* This module. */
#include "tests/unit/http/tests.h"

int main(void)
{
    return run_router() + run_gate() + run_uri() + run_problem();
}
