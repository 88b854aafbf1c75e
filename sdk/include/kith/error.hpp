// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace kith {

/// Base of all errors that Kith reports to a person. The text follows one form:
/// "who: what is wrong, what was wanted, what came (where it came from); the fix, if there is
/// exactly one".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An experiment or an option is wrong.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A plugin can't be loaded, or one of its functions failed.
class PluginError : public Error {
 public:
  using Error::Error;
};

/// A data file is absent, corrupt or does not fit.
class DataError : public Error {
 public:
  using Error::Error;
};

/// Tensors do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

}  // namespace kith
