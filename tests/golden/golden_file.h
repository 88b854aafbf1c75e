// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kith::golden {

/// A data set of a golden file, read whole: row-major values and their shape (empty: a scalar).
/// float32 data sets are held as double, which is exact.
class Array {
 public:
  using Values =
      std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::uint8_t>>;

  Array(std::vector<std::int64_t> shape, Values values);

  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::size_t size() const;
  bool is_real() const { return values_.index() == 0; }
  bool is_integer() const { return values_.index() == 1; }
  bool is_byte() const { return values_.index() == 2; }

  /// The values in their own type; throws std::runtime_error if the data set is of another.
  const std::vector<double>& reals() const;
  const std::vector<std::int64_t>& integers() const;
  const std::vector<std::uint8_t>& bytes() const;

  /// The one value of a data set that has one.
  double real() const;
  std::int64_t integer() const;

 private:
  std::vector<std::int64_t> shape_;
  Values values_;
};

class OpenFile;

/// One case of a golden file: parameters as typed values, inputs and outputs read on demand.
/// What is asked for and not there throws std::runtime_error that names file, case and name.
class Case {
 public:
  Case(std::shared_ptr<OpenFile> file, std::string group);

  /// The group's name in the file ("case3"), for messages only.
  const std::string& group() const { return group_; }
  /// "optim.h5 case3 (adam)", for SCOPED_TRACE.
  std::string where() const;
  /// The case's attributes: what it is, and where the values are from.
  const std::string& name() const { return name_; }
  const std::string& source() const { return source_; }

  bool has_param(const std::string& name) const { return params_.count(name) != 0; }
  std::vector<std::string> param_names() const;
  /// A number, an integer too.
  double real(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  std::string text(const std::string& name) const;
  /// A list of numbers, of integers too; a single number is a list of one.
  std::vector<double> reals(const std::string& name) const;
  std::vector<std::int64_t> integers(const std::string& name) const;

  const std::vector<std::string>& input_names() const { return input_names_; }
  const std::vector<std::string>& output_names() const { return output_names_; }
  bool has_input(const std::string& name) const;
  bool has_output(const std::string& name) const;
  Array input(const std::string& name) const { return read("inputs", name); }
  Array output(const std::string& name) const { return read("outputs", name); }

 private:
  using Param = std::variant<std::vector<std::int64_t>, std::vector<double>, std::string>;

  Array read(const std::string& folder, const std::string& name) const;
  const Param& param(const std::string& name) const;
  [[noreturn]] void fail(const std::string& what) const;

  std::shared_ptr<OpenFile> file_;
  std::string group_, name_, source_;
  std::map<std::string, Param> params_;
  std::vector<std::string> input_names_, output_names_;
};

/// The folder with the golden files: KITH_GOLDEN, else ../shared/golden beside the source root.
/// Empty if there is none; a test then skips.
std::optional<std::filesystem::path> find_golden_folder();

/// All cases of `file` (as "optim.h5") in the golden folder, in the order of their numbers.
std::vector<Case> read_cases(const std::string& file);

/// |a - b| <= relative * max|b| + absolute, per data set.
struct Tolerance {
  double relative;
  double absolute;
};
/// Independent recomputations in float64 agreed to 1e-11 or better.
inline constexpr Tolerance kFloat64{1e-10, 1e-12};
/// The same inputs run in float32: losses and states; gradients.
inline constexpr Tolerance kFloat32{1e-5, 1e-6};
inline constexpr Tolerance kFloat32Gradient{1e-4, 1e-6};

/// Empty if `actual` has as many values as `expected` and all are within `tolerance`; else what
/// differs most and where. `actual` is row-major.
std::string find_difference(const std::vector<double>& actual, const std::vector<double>& expected,
                            Tolerance tolerance);

/// Counts the cases of a walk and prints the result when it ends.
class Tally {
 public:
  explicit Tally(std::string what) : what_(std::move(what)) {}
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally();

  void check() { ++checked_; }
  void skip(const std::string& reason) { ++skipped_[reason]; }
  int checked() const { return checked_; }

 private:
  std::string what_;
  int checked_ = 0;
  std::map<std::string, int> skipped_;
};

}  // namespace kith::golden
