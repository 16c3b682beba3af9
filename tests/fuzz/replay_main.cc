// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <vector>

/// Runs a fuzz target over every file of the directories given, so that what a fuzzer once found is tested in
/// every build, without libFuzzer. An input that breaks a promise aborts.
extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size);

namespace {

std::vector<uint8_t> contents(std::filesystem::path const& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace

int main(int argc, char** argv)
{
    size_t inputs = 0;
    for (int i = 1; i < argc; ++i) {
        for (auto const& entry : std::filesystem::directory_iterator(argv[i])) {
            fmt::print("{}\n", entry.path().string());
            std::fflush(stdout); // the last line printed names the input that aborted
            auto const bytes = contents(entry.path());
            LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
            ++inputs;
        }
    }
    fmt::print("{} inputs\n", inputs);
    return inputs > 0 ? 0 : 1; // an empty corpus tests nothing
}
