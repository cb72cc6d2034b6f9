# Writes a file as a C array: cmake -DFROM=openapi.yaml -DTO=openapi.c -P embed.cmake
file(READ ${FROM} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${TO} "#include \"service/api/openapi.h\"\n
const unsigned char openapi_yaml[] = {${bytes}};
const size_t openapi_yaml_length = sizeof openapi_yaml;\n")
