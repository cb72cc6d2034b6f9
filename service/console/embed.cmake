# Writes static files as C arrays: cmake -DFOLDER=static -DFILES="console.css;console.js" -DTO=embedded.c -P embed.cmake
set(text "#include \"service/console/embedded.h\"\n")
foreach(file ${FILES})
  file(READ ${FOLDER}/${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(MAKE_C_IDENTIFIER ${file} name)
  string(APPEND text "const unsigned char ${name}[] = {${bytes}};\nconst size_t ${name}_length = sizeof ${name};\n")
endforeach()
file(WRITE ${TO} "${text}")
