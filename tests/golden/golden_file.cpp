// SPDX-License-Identifier: Apache-2.0
#include "golden/golden_file.h"

#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace kith::golden {
namespace {

/// Owns an HDF5 handle.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw std::runtime_error("golden: cannot open " + what);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close_(id_); }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

void require(bool ok, const std::string& what) {
  if (!ok) throw std::runtime_error("golden: " + what);
}

std::vector<std::int64_t> shape_of(hid_t space) {
  std::vector<hsize_t> sizes(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
  if (!sizes.empty()) H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
}

std::size_t count_of(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1},
                         [](std::size_t n, std::int64_t d) { return n * std::size_t(d); });
}

/// Text of fixed or variable length.
std::string read_text(hid_t attribute, hid_t type, const std::string& what) {
  if (H5Tis_variable_str(type) > 0) {
    Handle memory(H5Tcopy(H5T_C_S1), H5Tclose, what);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    char* text = nullptr;
    require(H5Aread(attribute, memory, &text) >= 0 && text != nullptr, "cannot read " + what);
    std::string result = text;
    H5free_memory(text);
    return result;
  }
  std::string result(H5Tget_size(type), '\0');
  require(H5Aread(attribute, type, result.data()) >= 0, "cannot read " + what);
  return result.c_str();
}

using Attribute = std::variant<std::vector<std::int64_t>, std::vector<double>, std::string>;

Attribute read_attribute(hid_t owner, const std::string& name) {
  Handle attribute(H5Aopen(owner, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute " + name);
  Handle type(H5Aget_type(attribute), H5Tclose, name);
  Handle space(H5Aget_space(attribute), H5Sclose, name);
  const std::size_t count = count_of(shape_of(space));
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return read_text(attribute, type, name);
    case H5T_INTEGER: {
      std::vector<std::int64_t> values(count);
      require(H5Aread(attribute, H5T_NATIVE_INT64, values.data()) >= 0, "cannot read " + name);
      return values;
    }
    default: {
      std::vector<double> values(count);
      require(H5Aread(attribute, H5T_NATIVE_DOUBLE, values.data()) >= 0, "cannot read " + name);
      return values;
    }
  }
}

std::vector<std::string> attribute_names(hid_t owner) {
  std::vector<std::string> names;
  auto add = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->push_back(name);
    return 0;
  };
  hsize_t index = 0;
  require(H5Aiterate2(owner, H5_INDEX_NAME, H5_ITER_INC, &index, add, &names) >= 0,
          "cannot list attributes");
  return names;
}

std::vector<std::string> link_names(hid_t group) {
  std::vector<std::string> names;
  auto add = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->push_back(name);
    return 0;
  };
  hsize_t index = 0;
  require(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, add, &names) >= 0,
          "cannot list a group");
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <class T>
std::vector<T> read_values(hid_t set, hid_t memory_type, std::size_t count,
                           const std::string& what) {
  std::vector<T> values(count);
  require(H5Dread(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0,
          "cannot read " + what);
  return values;
}

/// "case10" comes after "case9".
bool by_number(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : name(path.filename().string()),
        id(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path.string()) {}
  std::string name;
  Handle id;
};

Array::Array(std::vector<std::int64_t> shape, Values values)
    : shape_(std::move(shape)), values_(std::move(values)) {}

std::size_t Array::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values_);
}

const std::vector<double>& Array::reals() const {
  require(is_real(), "a data set is not of floating point");
  return std::get<0>(values_);
}

const std::vector<std::int64_t>& Array::integers() const {
  require(is_integer(), "a data set is not of 64-bit integers");
  return std::get<1>(values_);
}

const std::vector<std::uint8_t>& Array::bytes() const {
  require(is_byte(), "a data set is not of bytes");
  return std::get<2>(values_);
}

double Array::real() const {
  require(size() == 1, "a data set does not have exactly one value");
  return reals().front();
}

std::int64_t Array::integer() const {
  require(size() == 1, "a data set does not have exactly one value");
  return integers().front();
}

Case::Case(std::shared_ptr<OpenFile> file, std::string group)
    : file_(std::move(file)), group_(std::move(group)) {
  Handle self(H5Gopen2(file_->id, group_.c_str(), H5P_DEFAULT), H5Gclose, group_);
  name_ = std::get<std::string>(read_attribute(self, "name"));
  source_ = std::get<std::string>(read_attribute(self, "source"));
  const std::vector<std::string> parts = link_names(self);
  auto names_in = [&](const char* part) {
    if (!contains(parts, part)) return std::vector<std::string>{};
    Handle folder(H5Gopen2(self, part, H5P_DEFAULT), H5Gclose, part);
    return link_names(folder);
  };
  input_names_ = names_in("inputs");
  output_names_ = names_in("outputs");
  if (contains(parts, "params")) {
    Handle params(H5Oopen(self, "params", H5P_DEFAULT), H5Oclose, "params");
    for (const std::string& name : attribute_names(params)) {
      params_.emplace(name, read_attribute(params, name));
    }
  }
}

std::string Case::where() const { return file_->name + " " + group_ + " (" + name_ + ")"; }

void Case::fail(const std::string& what) const {
  throw std::runtime_error("golden: " + where() + ": " + what);
}

std::vector<std::string> Case::param_names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : params_) names.push_back(name);
  return names;
}

const Case::Param& Case::param(const std::string& name) const {
  auto found = params_.find(name);
  if (found == params_.end()) fail("no parameter '" + name + "'");
  return found->second;
}

double Case::real(const std::string& name) const {
  const std::vector<double> values = reals(name);
  if (values.size() != 1) fail("parameter '" + name + "' is a list");
  return values.front();
}

std::int64_t Case::integer(const std::string& name) const {
  const std::vector<std::int64_t> values = integers(name);
  if (values.size() != 1) fail("parameter '" + name + "' is a list");
  return values.front();
}

std::string Case::text(const std::string& name) const {
  if (auto* value = std::get_if<std::string>(&param(name))) return *value;
  fail("parameter '" + name + "' is not text");
}

std::vector<double> Case::reals(const std::string& name) const {
  const Param& value = param(name);
  if (auto* list = std::get_if<std::vector<double>>(&value)) return *list;
  const std::vector<std::int64_t> list = integers(name);
  return {list.begin(), list.end()};
}

std::vector<std::int64_t> Case::integers(const std::string& name) const {
  if (auto* list = std::get_if<std::vector<std::int64_t>>(&param(name))) return *list;
  fail("parameter '" + name + "' is not a number of the kind asked for");
}

bool Case::has_input(const std::string& name) const { return contains(input_names_, name); }
bool Case::has_output(const std::string& name) const { return contains(output_names_, name); }

Array Case::read(const std::string& folder, const std::string& name) const {
  const std::string path = group_ + "/" + folder + "/" + name;
  if (!contains(folder == "inputs" ? input_names_ : output_names_, name)) {
    fail("no data set '" + folder + "/" + name + "'");
  }
  Handle set(H5Dopen2(file_->id, path.c_str(), H5P_DEFAULT), H5Dclose, path);
  Handle type(H5Dget_type(set), H5Tclose, path);
  Handle space(H5Dget_space(set), H5Sclose, path);
  std::vector<std::int64_t> shape = shape_of(space);
  const std::size_t count = count_of(shape);
  if (H5Tget_class(type) == H5T_FLOAT) {
    return {std::move(shape), read_values<double>(set, H5T_NATIVE_DOUBLE, count, path)};
  }
  if (H5Tget_class(type) != H5T_INTEGER) fail("'" + path + "' holds no numbers");
  if (H5Tget_size(type) == 1) {
    return {std::move(shape), read_values<std::uint8_t>(set, H5T_NATIVE_UINT8, count, path)};
  }
  return {std::move(shape), read_values<std::int64_t>(set, H5T_NATIVE_INT64, count, path)};
}

std::optional<std::filesystem::path> find_golden_folder() {
  const char* named = std::getenv("KITH_GOLDEN");
  std::filesystem::path folder = named != nullptr && *named != '\0'
                                     ? std::filesystem::path(named)
                                     : std::filesystem::path(KITH_SOURCE_DIR) / "../shared/golden";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder.lexically_normal();
}

std::vector<Case> read_cases(const std::string& file) {
  const auto folder = find_golden_folder();
  require(folder.has_value(), "no folder of golden files; set KITH_GOLDEN");
  auto open = std::make_shared<OpenFile>(*folder / file);
  Handle root(H5Gopen2(open->id, "/", H5P_DEFAULT), H5Gclose, file);
  std::vector<std::string> groups = link_names(root);
  std::sort(groups.begin(), groups.end(), by_number);
  std::vector<Case> cases;
  cases.reserve(groups.size());
  for (std::string& group : groups) cases.emplace_back(open, std::move(group));
  return cases;
}

std::string find_difference(const std::vector<double>& actual, const std::vector<double>& expected,
                            Tolerance tolerance) {
  std::ostringstream text;
  text.precision(17);
  if (actual.size() != expected.size()) {
    text << "wanted " << expected.size() << " values, got " << actual.size();
    return text.str();
  }
  double largest = 0;
  for (double value : expected) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  const double allowed = tolerance.relative * largest + tolerance.absolute;
  std::size_t worst = 0, count = 0;
  double worst_error = -1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    // Equal infinities differ by 0; a NaN on either side is never within the tolerance.
    double error = actual[i] == expected[i] ? 0 : std::abs(actual[i] - expected[i]);
    if (std::isnan(error)) error = HUGE_VAL;
    if (error > allowed) ++count;
    if (error > worst_error) worst_error = error, worst = i;
  }
  if (count == 0) return {};
  text << count << " of " << expected.size() << " values differ by more than " << allowed
       << "; worst at [" << worst << "]: wanted " << expected[worst] << ", got " << actual[worst];
  return text.str();
}

Tally::~Tally() {
  std::cout << "[  golden  ] " << what_ << ": " << checked_ << " checked";
  int skipped = 0;
  for (const auto& [reason, count] : skipped_) skipped += count;
  std::cout << ", " << skipped << " skipped";
  for (const auto& [reason, count] : skipped_) std::cout << "; " << count << ": " << reason;
  std::cout << "\n";
}

}  // namespace kith::golden
