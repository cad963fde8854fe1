# Writes a C++ source that holds the host files: cmake -DOUTPUT=FILE -DFILES="a.toml;b.toml" -P EmbedHostFiles.cmake
# A string literal may have 65535 bytes at most by the standard, so long files are put together of several.
set(definitions "")
set(entries "")
list(SORT FILES)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  file(READ ${file} text)
  string(LENGTH "${text}" length)
  set(literal "")
  foreach(start RANGE 0 ${length} 16000)
    string(SUBSTRING "${text}" ${start} 16000 piece)
    string(APPEND literal "\n    R\"~~~~(${piece})~~~~\"")
  endforeach()
  string(APPEND definitions "constexpr std::string_view k_${identifier} =${literal};\n\n")
  string(APPEND entries "    {\"${name}\", k_${identifier}},\n")
endforeach()
file(WRITE ${OUTPUT}.new "// Written by cmake/EmbedHostFiles.cmake.
#include \"sim/config/builtin.h\"

namespace mdevsim::config {
namespace {

${definitions}constexpr BuiltinFile kFiles[] = {
${entries}};

}  // namespace

std::span<const BuiltinFile> builtin_files() { return kFiles; }

}  // namespace mdevsim::config
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
