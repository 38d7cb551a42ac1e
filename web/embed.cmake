# Sets site_files_cpp: the files of the pages and the API's description as one generated source,
# which defines what http/site_file.h declares. The list is all that the server knows of them:
# PATH=FILE.
set(swagger node_modules/swagger-ui-dist)
set(site_files
  /=index.html
  /docs=docs.html
  /openapi.json=openapi.yaml
  /assets/icon.svg=icon.svg
  /assets/page.css=page.css
  /assets/again.js=again.js
  /assets/answer.js=answer.js
  /assets/api.js=api.js
  /assets/elements.js=elements.js
  /assets/home.js=home.js
  /assets/listing.js=listing.js
  /assets/page.js=page.js
  /assets/request.js=request.js
  /assets/words.js=words.js
  /assets/docs.css=docs.css
  /assets/docs.js=docs.js
  /assets/swagger-ui.css=${swagger}/swagger-ui.css
  /assets/swagger-ui-bundle.js=${swagger}/swagger-ui-bundle.js
  /assets/swagger-ui-bundle.js.LICENSE.txt=${swagger}/swagger-ui-bundle.js.LICENSE.txt
  /assets/swagger-ui-license.txt=${swagger}/LICENSE
  /assets/swagger-ui-notice.txt=${swagger}/NOTICE)

if(NOT EXISTS ${CMAKE_SOURCE_DIR}/web/${swagger}/swagger-ui.css)
  message(FATAL_ERROR "web/node_modules is missing: run scripts/bootstrap, which installs it")
endif()

find_program(PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
list(TRANSFORM site_files REPLACE "^[^=]*=" "${CMAKE_SOURCE_DIR}/web/" OUTPUT_VARIABLE sources)
set(site_files_cpp ${CMAKE_BINARY_DIR}/generated/http/site_files.cpp)
add_custom_command(
  OUTPUT ${site_files_cpp}
  COMMAND ${PYTHON} -B ${CMAKE_SOURCE_DIR}/web/embed.py ${PROJECT_VERSION} ${site_files_cpp}
          ${site_files}
  DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/web/embed.py
  VERBATIM)
# Longer than any compiler must take, and as long as ours do.
set_source_files_properties(${site_files_cpp} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
