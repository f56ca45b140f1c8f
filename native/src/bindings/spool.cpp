#include "core/spool.hpp"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <map>
#include <memory>
#include <system_error>

#include "arrays.hpp"
#include "bindings.hpp"
#include "buffer.hpp"
#include "core/crc32c.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus {
namespace {

spool::Id to_id(const nb::bytes& bytes) {
  if (bytes.size() != 16) throw std::invalid_argument("an id has 16 bytes; found " + std::to_string(bytes.size()));
  spool::Id id;
  std::memcpy(id.data(), bytes.c_str(), 16);
  return id;
}

nb::bytes from_id(const spool::Id& id) { return nb::bytes(reinterpret_cast<const char*>(id.data()), id.size()); }

std::unique_ptr<spool::Writer> open_writer(const std::filesystem::path& folder, const nb::bytes& machine,
                                           const nb::bytes& boot, std::uint64_t segment_bytes, double segment_seconds,
                                           std::uint64_t total_bytes, double total_hours, double sync_seconds) {
  using std::chrono::duration, std::chrono::duration_cast;
  spool::Limits limits;
  limits.segment_bytes = segment_bytes;
  limits.segment_age = duration_cast<std::chrono::seconds>(duration<double>(segment_seconds));
  limits.total_bytes = total_bytes;
  limits.total_age = std::chrono::hours(static_cast<std::int64_t>(total_hours));
  limits.sync_interval = duration_cast<std::chrono::milliseconds>(duration<double>(sync_seconds));
  return std::make_unique<spool::Writer>(folder, to_id(machine), to_id(boot), limits);
}

bool append(spool::Writer& writer, nb::handle records, const std::map<std::uint32_t, std::string>& titles) {
  const EventBuffer buffer(records);
  const spool::Titles table(titles.begin(), titles.end());
  const nb::gil_scoped_release release;
  return writer.append({buffer.data(), buffer.count() * sizeof(Event)}, table);
}

std::map<std::string, std::int64_t> counters(const spool::Writer& writer) {
  const spool::Counters counts = writer.counters();
  const auto number = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  return {{"appended", number(counts.appended)},
          {"refused", number(counts.refused)},
          {"dropped_over_limit", number(counts.dropped_over_limit)},
          {"recovered", number(counts.recovered)},
          {"quarantined_bytes", number(counts.quarantined_bytes)},
          {"syncs", number(counts.syncs)},
          {"failed_syncs", number(counts.failed_syncs)},
          {"last_errno", counts.last_errno}};
}

nb::dict to_dict(const std::map<std::uint32_t, std::string>& titles) {
  nb::dict dict;
  for (const auto& [id, text] : titles)  // a title is text that some program chose: it need not be UTF-8
    dict[nb::int_(id)] = nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
  return dict;
}

// (machine, boot, first sequence, records, titles, next offset, next sequence, at end), or None without a header.
nb::object read(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t sequence) {
  spool::SegmentContents contents;
  if (!spool::read_segment(path, offset, sequence, contents)) return nb::none();
  std::vector<Event> records;
  std::map<std::uint32_t, std::string> titles;
  for (const spool::Batch& batch : contents.batches) {
    const std::size_t before = records.size();
    records.resize(before + batch.records.size() / sizeof(Event));
    if (!batch.records.empty()) std::memcpy(records.data() + before, batch.records.data(), batch.records.size());
    for (const auto& [id, text] : batch.titles) titles[id] = text;
  }
  const std::uint64_t first = contents.next_sequence - records.size();
  return nb::make_tuple(from_id(contents.header.machine_id), from_id(contents.header.boot_id), first,
                        to_array(std::move(records)), to_dict(titles), contents.next_offset, contents.next_sequence,
                        contents.at_end);
}

}  // namespace

void bind_spool(nb::module_& module) {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const spool::Locked& error) {
      set_error("ConfigurationError", error.what(), "Stop it first: one agent captures a desktop");
    } catch (const spool::ForeignFormat& error) {
      set_error("FormatError", error.what(), "Ship it with the version that wrote it, or move it away");
    } catch (const std::system_error& error) {
      set_error("InputError", error.what(), "Check the folder's rights and the room on its disk");
    }
  });
  nb::class_<spool::Writer>(module, "SpoolWriter", "The one writer of a spool folder; locks and recovers it.")
      .def(nb::new_(&open_writer), "folder"_a, "machine_id"_a, "boot_id"_a, "segment_bytes"_a = 4U << 20,
           "segment_seconds"_a = 60.0, "total_bytes"_a = 1ULL << 30, "total_hours"_a = 336.0, "sync_seconds"_a = 1.0,
           "Ids are 16 bytes. Raises ConfigurationError when another agent holds it, FormatError for a segment of\n"
           "another version or byte order, InputError when the folder cannot be used.")
      .def("append", &append, "records"_a, "titles"_a = std::map<std::uint32_t, std::string>{},
           nb::sig("def append(self, records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void], "
                   "titles: collections.abc.Mapping[int, str] = {}) -> bool"),
           "EVENT_DTYPE[n] with {title id: text}. True: it survives the death of this process. False: no room.")
      .def("sync", &spool::Writer::sync, nb::call_guard<nb::gil_scoped_release>(), "Wait until the disk has it all.")
      .def("seal", &spool::Writer::seal, "The next append starts a new segment.")
      .def_prop_ro("next_sequence", &spool::Writer::next_sequence)
      .def_prop_ro("current", &spool::Writer::current, "Path of the segment being written, '.' for none.")
      .def("counters", &counters);
  module.def("spool_segments", &spool::segments, "folder"_a, "Paths of the segments, oldest first.");
  module.def(
      "read_segment", &read, "path"_a, "offset"_a = 0, "sequence"_a = 0,
      nb::sig("def read_segment(path: pathlib.Path, offset: int = 0, sequence: int = 0) -> "
              "tuple[bytes, bytes, int, numpy.typing.NDArray[numpy.void], dict[int, str], int, int, bool] | "
              "None"),
      "Everything whole from `offset` on: (machine, boot, first sequence, EVENT_DTYPE[n], titles, next offset,\n"
      "next sequence, whether nothing follows), or None without a valid header. Raises FormatError, InputError.");
  module.def(
      "crc32c",
      [](const nb::bytes& data, bool by_table) {
        return by_table ? crc32c_by_table(data.c_str(), data.size()) : crc32c(data.c_str(), data.size());
      },
      "data"_a, "by_table"_a = false);
}

}  // namespace neural_focus
