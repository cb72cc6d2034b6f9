/* openapi.h - service/api/openapi.yaml, embedded when the program is built. */
#pragma once
#include <stddef.h>

extern const unsigned char openapi_yaml[];
extern const size_t openapi_yaml_length;
