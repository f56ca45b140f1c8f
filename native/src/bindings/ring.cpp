#include "core/ring.hpp"

#include <nanobind/stl/array.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "buffer.hpp"

namespace nb = nanobind;

namespace neural_focus {

void bind_ring(nb::module_& module) {
  nb::class_<Ring>(module, "Ring", "Wait-free ring of records, one producer, one consumer; drops the newest when full.")
      .def(nb::init<std::size_t>(), nb::arg("capacity"), "Room for `capacity` records, a power of two from 2.")
      .def_prop_ro("capacity", &Ring::capacity)
      .def(
          "push",
          [](Ring& ring, nb::handle records) {
            const EventBuffer buffer(records);
            std::size_t taken = 0;
            for (std::size_t index = 0; index < buffer.count(); ++index) {
              Event record{};  // the buffer may lie at any address
              std::memcpy(&record, buffer.data() + index * sizeof(Event), sizeof(Event));
              taken += ring.push(record) ? 1 : 0;
            }
            return taken;
          },
          nb::arg("records"),
          nb::sig("def push(self, records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void]) -> int"),
          "Push EVENT_DTYPE[n]; returns how many found room. The rest is counted in `dropped`.")
      .def(
          "pop",
          [](Ring& ring, std::size_t most) {
            std::vector<Event> records(std::min(most, ring.capacity()));
            records.resize(ring.pop(records.data(), records.size()));
            return to_array(std::move(records));
          },
          nb::arg("most"), nb::sig("def pop(self, most: int) -> numpy.typing.NDArray[numpy.void]"),
          "The oldest records, at most `most`, as EVENT_DTYPE[n].")
      .def("dropped", &Ring::dropped, "Records dropped because the ring was full, by event type (16 counts).");
}

}  // namespace neural_focus
