// SPDX-License-Identifier: Apache-2.0
// Reading and writing of files, gzip or plain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.h"

namespace wafer {

Outcome<std::string> ReadFile(const std::string& path, size_t size_bytes_max);

// Through a temporary file beside `path` and a rename: readers see the old bytes or the new.
Done WriteFile(const std::string& path, std::string_view bytes);

Done MakeDirectories(const std::string& path);

// Names (not paths) of the regular files in `directory`, ascending.
Outcome<std::vector<std::string>> ListFiles(const std::string& directory);

// Reads a file from front to back; a gzip file is unpacked on the way.
class Reader {
 public:
  static Outcome<Reader> Open(const std::string& path);

  // Fills `bytes`. False when the file ended before its first byte; a file that ends within, or
  // is a damaged gzip file, is a failure.
  Outcome<bool> Read(std::span<uint8_t> bytes);
  // One line without its end (LF or CRLF). False at the end of the file.
  Outcome<bool> ReadLine(std::string& line);

  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(void* file) const;
  };
  Reader(std::string path, void* file);

  std::string path_;
  std::unique_ptr<void, Close> file_;
};

// Writes a file from front to back, packed when its name ends in ".gz".
class Writer {
 public:
  static Outcome<Writer> Open(const std::string& path);

  Done Write(std::string_view bytes);
  // Must be called; a writer destroyed without it leaves a part of the file.
  Done Close();

 private:
  struct Drop {
    void operator()(void* file) const;
  };
  Writer(std::string path, void* file);

  std::string path_;
  std::unique_ptr<void, Drop> file_;
};

}  // namespace wafer
