// SPDX-License-Identifier: Apache-2.0
#include <kith/error.hpp>

#include "store/hdf5_calls.h"

namespace kith::host::h5 {

namespace {

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

extern "C" herr_t append_error(unsigned, const H5E_error2_t* error, void* data) {
  auto& text = *static_cast<std::string*>(data);
  if (!text.empty()) text += " <- ";
  text += std::string(error->func_name == nullptr ? "?" : error->func_name) + ": " +
          (error->desc == nullptr ? "?" : error->desc);
  std::erase(text, '\n');  // from the C library's form of a time
  return 0;
}

std::string error_stack() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, append_error, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "no reason given by HDF5" : text;
}

std::string& unreported_close() {
  static std::string text;
  return text;
}

}  // namespace

void forget_failed_closes() { unreported_close().clear(); }

void check_closes(const std::string& action) {
  const auto text = std::exchange(unreported_close(), {});
  if (!text.empty()) throw DataError("cannot " + action + ": " + text);
}

Lock::Lock() : lock_(library_mutex()) {
  // Every file is closed by its owner. What HDF5 does at the program's end crashes where a disk
  // failed earlier.
  static const bool left_alone = H5dont_atexit() >= 0;
  static_cast<void>(left_alone);
  // HDF5 prints each error by itself unless told not to; a library built for threads keeps that
  // setting for each of them.
  thread_local bool silent = false;
  if (!silent) silent = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
}

void check(std::int64_t status, const std::string& action) {
  if (status < 0) throw DataError("cannot " + action + ": " + error_stack());
}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    id_ = std::exchange(other.id_, H5I_INVALID_HID);
    close_ = other.close_;
  }
  return *this;
}

void Handle::reset() noexcept {
  const hid_t id = std::exchange(id_, H5I_INVALID_HID);
  if (id >= 0 && close_(id) < 0 && unreported_close().empty()) unreported_close() = error_stack();
}

void Handle::close(const std::string& action) {
  const hid_t id = std::exchange(id_, H5I_INVALID_HID);
  if (id >= 0) check(close_(id), action);
}

}  // namespace kith::host::h5
