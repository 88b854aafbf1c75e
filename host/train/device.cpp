// SPDX-License-Identifier: Apache-2.0
#include "train/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>
#include <stdlib.h>

#include <filesystem>
#include <kith/error.hpp>

namespace kith::host {
namespace {

/// On a GPU too float32 is float32, not TF32, and the same run gives the same numbers wherever
/// LibTorch has a way to: an operator that has none says so once, as a warning.
void settle_numbers() {
  auto& context = at::globalContext();
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  context.setDeterministicFillUninitializedMemory(false);
}

/// Opens libtorch_cuda.so beside the LibTorch that is loaded. Returns what went wrong, empty if
/// nothing did.
std::string open_libtorch_cuda() {
  static const std::string problem = []() -> std::string {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&at::globalContext), &info) == 0)
      return "LibTorch's folder is not known";
    const auto file = std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so";
    if (!std::filesystem::exists(file))
      return "this LibTorch was built without CUDA (no " + file.string() + ")";
    // cuBLAS reads it as it is opened: without it, matrix products may differ from run to run.
    ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
    return "";
  }();
  return problem;
}

std::string cuda_problem() {
  if (!sees_gpu()) return "no NVIDIA GPU is seen (no /dev/nvidia0 and no /dev/dxg)";
  if (auto problem = open_libtorch_cuda(); !problem.empty())
    return problem + "; ./quickstart.sh --cuda installs what LibTorch needs for CUDA";
  if (!at::hasCUDA())
    return "LibTorch's CUDA half was opened and reports no GPU; is the driver recent enough?";
  settle_numbers();
  return "";
}

}  // namespace

Tf32Convolutions::Tf32Convolutions(bool allowed) : before_(at::globalContext().allowTF32CuDNN()) {
  if (allowed) at::globalContext().setAllowTF32CuDNN(true);
}

Tf32Convolutions::~Tf32Convolutions() {
  if (at::globalContext().allowTF32CuDNN() != before_)
    at::globalContext().setAllowTF32CuDNN(before_);
}

bool sees_gpu() {
  return std::filesystem::exists("/dev/nvidia0") || std::filesystem::exists("/dev/dxg");
}

std::string device_word(const std::string& otherwise) {
  const char* word = std::getenv("KITH_DEVICE");
  return word == nullptr || *word == '\0' ? otherwise : word;
}

void require_device_word(const std::string& word) {
  if (word != "auto" && word != "cpu" && word != "cuda")
    throw ConfigError("device: wanted auto, cpu or cuda, got '" + word +
                      "' (--device, else KITH_DEVICE)");
}

at::Device open_device(const std::string& word) {
  require_device_word(word);
  if (word == "cpu") return at::kCPU;
  if (word == "auto")
    return sees_gpu() && cuda_problem().empty() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  if (const auto problem = cuda_problem(); !problem.empty())
    throw ConfigError("device: cuda was asked for and can't be used: " + problem);
  return at::Device(at::kCUDA, 0);
}

}  // namespace kith::host
