// SPDX-License-Identifier: Apache-2.0
#include "sweep/table_into.h"

#include <fstream>
#include <iterator>
#include <kith/error.hpp>

#include "store/atomic_file.h"

namespace kith::host {

void put_table_into(const std::filesystem::path& file, const std::string& name,
                    const std::string& markdown) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    throw DataError("sweep: --into " + file.string() + ": must be a file that can be read");
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  const std::string begin = "<!-- sweep " + name + " -->\n",
                    end = "<!-- end of sweep " + name + " -->";
  const auto first = text.find(begin);
  const auto last = first == std::string::npos ? first : text.find(end, first);
  if (last == std::string::npos)
    throw DataError("sweep: --into " + file.string() + ": the file must have the line '" +
                    begin.substr(0, begin.size() - 1) + "' and below it '" + end +
                    "'; the table goes between them");
  text.replace(first + begin.size(), last - first - begin.size(), "\n" + markdown + "\n");
  write_text_file(file, text);
}

}  // namespace kith::host
