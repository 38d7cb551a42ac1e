# cmake -DSQL="a.sql|b.sql" -DMIGRATIONS="0001_x.sql|…" -DOUT=queries.h -P embed_sql.cmake
#
# Turns the named queries ("-- name: lease_chunk") and the numbered migrations into one header. An
# enumerator is called exactly as its query, so that a search for the name finds both.
string(REPLACE "|" ";" SQL "${SQL}")
string(REPLACE "|" ";" MIGRATIONS "${MIGRATIONS}")

set(names "")
set(texts "")
foreach(file IN LISTS SQL)
  file(READ ${file} text)
  string(REGEX MATCHALL "-- name: [a-z_]+" found "${text}")
  foreach(line IN LISTS found)
    string(REPLACE "-- name: " "" name "${line}")
    string(APPEND names "  ${name},\n")
  endforeach()
  string(FIND "${text}" "-- name: " start)
  string(SUBSTRING "${text}" ${start} -1 text)
  string(REGEX REPLACE "-- name: ([a-z_]+)\n" ")sql\",\n    R\"sql(" text "${text}")
  string(REGEX REPLACE "^\\)sql\",\n" "" text "${text}")
  string(APPEND texts "${text})sql\",\n")
endforeach()

set(migrations "")
foreach(file IN LISTS MIGRATIONS)
  file(READ ${file} text)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX REPLACE "^0*([0-9]+)_.*" "\\1" version ${name})
  string(APPEND migrations "    {${version}, \"${name}\", R\"sql(${text})sql\"},\n")
endforeach()

file(WRITE ${OUT} "// Made by embed_sql.cmake from the .sql files of src/db/sqlite.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace imgmill::sqlite {

enum class Query : std::size_t {
${names}  count_of_queries_,
};

inline constexpr auto kQueryTexts = std::to_array<std::string_view>({
${texts}});
static_assert(kQueryTexts.size() == static_cast<std::size_t>(Query::count_of_queries_));

struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

inline constexpr auto kMigrations = std::to_array<Migration>({
${migrations}});

}  // namespace imgmill::sqlite
")
