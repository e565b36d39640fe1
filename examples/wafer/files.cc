// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>
#include <zlib.h>

namespace wafer {
namespace {

constexpr size_t kLineBytesMax = 4096;
constexpr unsigned kGzipBufferBytes = 1 << 17;

template <class Deleter>
gzFile Gz(const std::unique_ptr<void, Deleter>& file) {
  return static_cast<gzFile>(file.get());
}

std::string Why(gzFile file) {
  int code = 0;
  const char* text = gzerror(file, &code);
  return code == Z_ERRNO ? std::strerror(errno) : text;
}

}  // namespace

Outcome<std::string> ReadFile(const std::string& path, size_t size_bytes_max) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Fail(path, ": cannot be read: ", std::strerror(errno));
  }
  std::string bytes;
  char window[1 << 16];
  while (in.read(window, sizeof window) || in.gcount() > 0) {
    if (bytes.size() + static_cast<size_t>(in.gcount()) > size_bytes_max) {
      return Fail(path, ": longer than ", size_bytes_max, " bytes");
    }
    bytes.append(window, static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) {
    return Fail(path, ": reading failed: ", std::strerror(errno));
  }
  return bytes;
}

Done WriteFile(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".part-" + std::to_string(getpid());
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) {
    return Fail(temporary, ": cannot be written: ", std::strerror(errno));
  }
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    std::remove(temporary.c_str());
    return Fail(path, ": cannot be written: ", why);
  }
  return Success();
}

Done MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return Fail(path, ": cannot be made: ", error.message());
  }
  return Success();
}

Outcome<std::vector<std::string>> ListFiles(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    if (at->is_regular_file(error)) {
      names.push_back(at->path().filename().string());
    }
  }
  if (error) {
    return Fail(directory, ": cannot be listed: ", error.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void Reader::Close::operator()(void* file) const { gzclose(static_cast<gzFile>(file)); }

Reader::Reader(std::string path, void* file) : path_(std::move(path)), file_(file) {}

Outcome<Reader> Reader::Open(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Fail(path, ": cannot be opened: ", std::strerror(errno));
  }
  gzbuffer(file, kGzipBufferBytes);
  return Reader(path, file);
}

Outcome<bool> Reader::Read(std::span<uint8_t> bytes) {
  const int got = gzread(Gz(file_), bytes.data(), static_cast<unsigned>(bytes.size()));
  if (got < 0) {
    return Fail(path_, ": ", Why(Gz(file_)));
  }
  if (static_cast<size_t>(got) < bytes.size()) {
    int code = Z_OK;
    gzerror(Gz(file_), &code);
    if (got > 0 || code == Z_BUF_ERROR) {
      return Fail(path_, ": the file ends too early");
    }
    return bytes.empty();
  }
  return true;
}

Outcome<bool> Reader::ReadLine(std::string& line) {
  line.clear();
  for (;;) {
    const int byte = gzgetc(Gz(file_));
    if (byte == '\n') {
      break;
    }
    if (byte < 0) {
      int code = Z_OK;
      gzerror(Gz(file_), &code);
      if (code != Z_OK) {
        return Fail(path_, ": ", code == Z_BUF_ERROR ? "the file ends too early" : Why(Gz(file_)));
      }
      if (line.empty()) {
        return false;
      }
      break;
    }
    if (line.size() >= kLineBytesMax) {
      return Fail(path_, ": a line longer than ", kLineBytesMax, " bytes");
    }
    line.push_back(static_cast<char>(byte));
  }
  if (!line.empty() && line.back() == '\r') {
    line.pop_back();
  }
  return true;
}

void Writer::Drop::operator()(void* file) const { gzclose(static_cast<gzFile>(file)); }

Writer::Writer(std::string path, void* file) : path_(std::move(path)), file_(file) {}

Outcome<Writer> Writer::Open(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), path.ends_with(".gz") ? "wb1" : "wbT");
  if (file == nullptr) {
    return Fail(path, ": cannot be written: ", std::strerror(errno));
  }
  gzbuffer(file, kGzipBufferBytes);
  return Writer(path, file);
}

Done Writer::Write(std::string_view bytes) {
  if (!bytes.empty() &&
      gzwrite(Gz(file_), bytes.data(), static_cast<unsigned>(bytes.size())) <= 0) {
    return Fail(path_, ": writing failed: ", Why(Gz(file_)));
  }
  return Success();
}

Done Writer::Close() {
  if (gzclose(static_cast<gzFile>(file_.release())) != Z_OK) {
    return Fail(path_, ": writing failed: ", std::strerror(errno));
  }
  return Success();
}

}  // namespace wafer
