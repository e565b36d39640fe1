// SPDX-License-Identifier: Apache-2.0
#include "wafer_map.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <unordered_set>

namespace wafer {
namespace {

constexpr std::string_view kHeader = "record,wafer_id,rows,cols,label,pass_dies,fail_dies";

std::optional<uint64_t> Whole(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> Cells(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == line.npos) {
      return cells;
    }
    line.remove_prefix(comma + 1);
  }
}

// A white-space separated word of a PGM header; comments run from '#' to the end of the line.
// Empty when the stream ends before the first byte.
Outcome<std::string> HeaderWord(Reader& in) {
  std::string word;
  bool comment = false;
  for (size_t length = 0; length < 256; ++length) {
    uint8_t byte = 0;
    WAFER_ASSIGN_OR_RETURN(const bool more, in.Read({&byte, 1}));
    if (!more) {
      return word;
    }
    const bool space = byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
    if (comment) {
      comment = byte != '\n';
    } else if (byte == '#') {
      comment = true;
    } else if (!space) {
      word.push_back(static_cast<char>(byte));
    } else if (!word.empty()) {
      return word;
    }
  }
  return Fail("a PGM header longer than 256 bytes");
}

// False at the end of the stream.
Outcome<bool> ReadMap(Reader& in, WaferMap& map) {
  WAFER_ASSIGN_OR_RETURN(const std::string magic, HeaderWord(in));
  if (magic.empty()) {
    return false;
  }
  if (magic != "P5") {
    return Fail("no binary PGM image: it begins with '", magic.substr(0, 8), "', not 'P5'");
  }
  std::array<int, 3> numbers{};
  for (int& number : numbers) {
    WAFER_ASSIGN_OR_RETURN(const std::string word, HeaderWord(in));
    const auto value = Whole(word);
    if (!value || *value == 0 || *value > kMapSideMax) {
      return Fail("the PGM header has '", word.substr(0, 16), "' where a number from 1 to ",
                  kMapSideMax, " is due");
    }
    number = static_cast<int>(*value);
  }
  if (numbers[2] != 2) {
    return Fail("the PGM maxval is ", numbers[2], ", not 2");
  }
  map.cols = numbers[0];
  map.rows = numbers[1];
  map.dies.resize(static_cast<size_t>(map.rows * map.cols));
  WAFER_ASSIGN_OR_RETURN(const bool whole, in.Read(map.dies));
  if (!whole) {
    return Fail("the file ends within the image");
  }
  const auto bad = std::find_if(map.dies.begin(), map.dies.end(), [](uint8_t d) { return d > 2; });
  if (bad != map.dies.end()) {
    return Fail("die ", bad - map.dies.begin(), " is ", int{*bad}, "; 0 no die, 1 pass, 2 fail");
  }
  return true;
}

class LabelReader {
 public:
  static Outcome<LabelReader> Open(const std::string& path) {
    WAFER_ASSIGN_OR_RETURN(Reader in, Reader::Open(path));
    std::string header;
    WAFER_ASSIGN_OR_RETURN(const bool there, in.ReadLine(header));
    LabelReader reader(std::move(in));
    const std::vector<std::string_view> names = Cells(header);
    reader.columns_ = names.size();
    const std::array<std::string_view, 5> wanted = {"record", "wafer_id", "rows", "cols", "label"};
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto found = std::find(names.begin(), names.end(), wanted[i]);
      if (!there || found == names.end()) {
        return Fail(path, ": no column '", wanted[i], "' in its first line");
      }
      reader.column_[i] = static_cast<size_t>(found - names.begin());
    }
    return reader;
  }

  // False at the end. Fills id and label; checks them against the map and the record number.
  Outcome<bool> Next(uint64_t record, Wafer& wafer) {
    std::string line;
    WAFER_ASSIGN_OR_RETURN(const bool more, in_.ReadLine(line));
    if (!more) {
      return false;
    }
    const std::vector<std::string_view> cells = Cells(line);
    if (cells.size() != columns_) {
      return Fail("the label line has ", cells.size(), " cells, the first line ", columns_);
    }
    std::array<uint64_t, 4> numbers{};
    for (size_t i = 0; i < 4; ++i) {
      const auto value = Whole(cells[column_[i]]);
      if (!value) {
        return Fail("'", cells[column_[i]].substr(0, 32), "' in the labels is no whole number");
      }
      numbers[i] = *value;
    }
    if (numbers[0] != record) {
      return Fail("the label line is for record ", numbers[0]);
    }
    wafer.id = numbers[1];
    if (numbers[2] != static_cast<uint64_t>(wafer.map.rows) ||
        numbers[3] != static_cast<uint64_t>(wafer.map.cols)) {
      return Fail("the labels say ", numbers[2], "x", numbers[3], " dies, the image has ",
                  wafer.map.rows, "x", wafer.map.cols);
    }
    const auto label = ClassNamed(cells[column_[4]]);
    if (!label) {
      return Fail("unknown class '", cells[column_[4]].substr(0, 32), "'");
    }
    wafer.label = *label;
    return true;
  }

 private:
  explicit LabelReader(Reader in) : in_(std::move(in)) {}

  Reader in_;
  size_t columns_ = 0;
  std::array<size_t, 5> column_{};
};

Done ReadPair(const FilePair& pair, std::unordered_set<uint64_t>& ids,
              const std::function<Done(Wafer)>& each) {
  WAFER_ASSIGN_OR_RETURN(Reader maps, Reader::Open(pair.maps));
  WAFER_ASSIGN_OR_RETURN(LabelReader labels, LabelReader::Open(pair.labels));
  for (uint64_t record = 0;; ++record) {
    Wafer wafer;
    const Outcome<bool> map = ReadMap(maps, wafer.map);
    if (!map.ok()) {
      return Fail(pair.maps, ": record ", record, ": ", map.message());
    }
    const Outcome<bool> label = labels.Next(record, wafer);
    if (!*map) {
      if (label.ok() && !*label) {
        return Success();
      }
      return Fail(pair.labels, ": record ", record, ": a label without an image");
    }
    if (!label.ok()) {
      return Fail(pair.labels, ": record ", record, ": ", label.message());
    }
    if (!*label) {
      return Fail(pair.maps, ": record ", record, ": an image without a label");
    }
    if (!ids.insert(wafer.id).second) {
      return Fail(pair.labels, ": record ", record, ": wafer ", wafer.id, " is there twice");
    }
    if (ids.size() > kWafersMax) {
      return Fail(pair.maps, ": record ", record, ": more than ", kWafersMax, " wafers");
    }
    WAFER_RETURN_IF_FAILED(each(std::move(wafer)));
  }
}

}  // namespace

std::optional<int> ClassNamed(std::string_view name) {
  const auto found = std::find(kClassNames.begin(), kClassNames.end(), name);
  if (found == kClassNames.end()) {
    return std::nullopt;
  }
  return static_cast<int>(found - kClassNames.begin());
}

Outcome<std::vector<FilePair>> FindPairs(const std::string& directory) {
  WAFER_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFiles(directory));
  std::vector<FilePair> pairs;
  for (const std::string& name : names) {
    const size_t end = name.find(".pgm");
    const std::string_view tail = std::string_view(name).substr(std::min(end, name.size()));
    if (tail != ".pgm" && tail != ".pgm.gz") {
      continue;
    }
    const std::string labels = name.substr(0, end) + "-labels.csv";
    const auto has = [&](const std::string& wanted) {
      return std::binary_search(names.begin(), names.end(), wanted);
    };
    if (!has(labels) && !has(labels + ".gz")) {
      return Fail(directory, "/", name, ": no ", labels, " or ", labels, ".gz beside it");
    }
    pairs.push_back({.maps = directory + "/" + name,
                     .labels = directory + "/" + (has(labels) ? labels : labels + ".gz")});
  }
  if (pairs.empty()) {
    return Fail(directory, ": no wafer maps: X.pgm or X.pgm.gz with X-labels.csv[.gz]");
  }
  return pairs;
}

Done ReadWafers(const std::string& directory, const std::function<Done(Wafer)>& each) {
  WAFER_ASSIGN_OR_RETURN(const std::vector<FilePair> pairs, FindPairs(directory));
  std::unordered_set<uint64_t> ids;
  for (const FilePair& pair : pairs) {
    WAFER_RETURN_IF_FAILED(ReadPair(pair, ids, each));
  }
  return Success();
}

Outcome<WaferWriter> WaferWriter::Open(const std::string& directory) {
  WAFER_RETURN_IF_FAILED(MakeDirectories(directory));
  WAFER_ASSIGN_OR_RETURN(Writer maps, Writer::Open(directory + "/wafers.pgm.gz"));
  WAFER_ASSIGN_OR_RETURN(Writer labels, Writer::Open(directory + "/wafers-labels.csv.gz"));
  WAFER_RETURN_IF_FAILED(labels.Write(std::string(kHeader) + "\n"));
  return WaferWriter(std::move(maps), std::move(labels));
}

Done WaferWriter::Add(const Wafer& wafer) {
  const WaferMap& map = wafer.map;
  std::string image = "P5\n" + std::to_string(map.cols) + " " + std::to_string(map.rows) + "\n2\n";
  image.append(map.dies.begin(), map.dies.end());
  WAFER_RETURN_IF_FAILED(maps_.Write(image));
  const auto count = [&](Die die) {
    return std::to_string(std::count(map.dies.begin(), map.dies.end(), die));
  };
  WAFER_RETURN_IF_FAILED(labels_.Write(std::to_string(wafers_) + "," + std::to_string(wafer.id) +
                                       "," + std::to_string(map.rows) + "," +
                                       std::to_string(map.cols) + "," +
                                       std::string(kClassNames[static_cast<size_t>(wafer.label)]) +
                                       "," + count(kPass) + "," + count(kFail) + "\n"));
  ++wafers_;
  return Success();
}

Done WaferWriter::Close() {
  WAFER_RETURN_IF_FAILED(maps_.Close());
  return labels_.Close();
}

}  // namespace wafer
