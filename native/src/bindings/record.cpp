#include "core/record.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "core/utf8.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus {

void bind_record(nb::module_& module) {
  module.attr("RECORD_BYTES") = sizeof(Event);
  module.def(
      "record_layout",
      [] {
        using Field = std::tuple<std::string, std::size_t, std::size_t>;
        return std::vector<Field>{
            {"timestamp_us", offsetof(Event, timestamp_us), sizeof(Event::timestamp_us)},
            {"event_type", offsetof(Event, event_type), sizeof(Event::event_type)},
            {"process_id", offsetof(Event, process_id), sizeof(Event::process_id)},
            {"app_name", offsetof(Event, app_name), sizeof(Event::app_name)},
            {"window_handle", offsetof(Event, window_handle), sizeof(Event::window_handle)},
            {"data", offsetof(Event, data), sizeof(Event::data)},
        };
      },
      "Fields of the record as (name, offset in bytes, size in bytes).");
  module.def(
      "repair_text",
      [](const nb::bytes& raw, std::size_t most) {
        std::string text(most, '\0');
        text.resize(repair_text({raw.c_str(), raw.size()}, text.data(), most));
        return nb::bytes(text.data(), text.size());
      },
      "raw"_a, "most"_a,
      "UTF-8 of at most `most` bytes, up to the first NUL: what is no text becomes U+FFFD; a code point that is cut "
      "off at the end is left out.");
}

}  // namespace neural_focus
