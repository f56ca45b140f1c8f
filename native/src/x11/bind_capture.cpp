#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.hpp"
#include "x11/bindings.hpp"
#include "x11/capture.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus::x11 {
namespace {

void construct(Capture* self, const std::string& display, std::int64_t offset_us, std::uint64_t floor_us,
               std::uint32_t own_pid, std::size_t ring_capacity, unsigned motion_hz, unsigned idle_after_ms) {
  new (self) Capture({display, own_pid, {offset_us, floor_us, ring_capacity, motion_hz, idle_after_ms}});
}

nb::tuple drain(Capture& capture, std::size_t most) {
  Recorder::Drained drained = capture.drain(most);
  nb::list texts;
  for (const auto& [index, text] : drained.texts) {  // some program chose the text: it need not be UTF-8
    nb::object title = nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
    texts.append(nb::make_tuple(index, title));
  }
  return nb::make_tuple(to_array(std::move(drained.records)), texts);
}

}  // namespace

void bind_capture(nb::module_& module) {
  module.def("boot_clock_us", &boot_clock_us, "Microseconds since this machine started, suspension included.");
  module.def("is_xwayland", &is_xwayland, "display"_a = "", "Whether the server belongs to a Wayland session.");
  nb::class_<Capture>(module, "Capture", "Input and windows of one X display as redacted records.")
      .def("__init__", &construct, "display"_a = "", nb::kw_only(), "offset_us"_a, "floor_us"_a = 0, "own_pid"_a = 0,
           "ring_capacity"_a = 1U << 15, "motion_hz"_a = 125, "idle_after_ms"_a = 5000,
           "offset_us: Unix time minus boot clock. Raises CaptureError without a display or XInput 2.2.")
      .def("start", &Capture::start)
      .def("stop", &Capture::stop, nb::call_guard<nb::gil_scoped_release>())
      .def("drain", &drain, "most"_a,
           nb::sig("def drain(self, most: int) -> tuple[numpy.typing.NDArray[numpy.void], list[tuple[int, str]]]"),
           "(EVENT_DTYPE[n], [(index of a focus or title record, the window's title)]). Hints are not set yet.")
      .def("set_locked", &Capture::set_locked, "locked"_a, "Any thread: the screen was locked or unlocked.")
      .def("set_engaged", &Capture::set_engaged, "engaged"_a,
           "Any thread: somebody is there, whether there is input or not: no pause begins.")
      .def("ignore", &Capture::ignore, "window"_a, "A window of ours: it is no switch, input into it is not recorded.")
      .def("set_covered", &Capture::set_covered, "covered"_a, "gone_ms"_a = nb::none(),
           "Any thread: a screen of ours lies over everything: no switch, and input is not recorded. gone_ms: when it "
           "went, on the X server's clock; what was pressed before is not recorded either.")
      .def("expect_our_doing", &Capture::expect_our_doing, "milliseconds"_a,
           "Any thread: what windows do for so long is our doing: no switch, nothing minimised by the person.")
      .def_prop_ro("newest_input_us", &Capture::newest_input_us,
                   "Boot clock of the newest input, into windows of ours and behind the lock too; 0: none yet.")
      .def_prop_ro("alive", &Capture::alive, "False when the X server went away.")
      .def_prop_ro("full_screen", &Capture::full_screen, "Whether the window that holds the focus fills the screen.")
      .def_prop_ro("behind_lock", &Capture::behind_lock, "How often there was input while the screen was locked.")
      .def_prop_ro("captured", &Capture::captured, "Records made, dropped ones included.")
      .def_prop_ro("clamped", &Capture::clamped, "Records whose stamp was held back by a later one before.")
      .def_prop_ro("titles_lost", &Capture::titles_lost, "Titles that gave way to later ones before a drain.")
      .def("dropped", &Capture::dropped, "Records dropped because the ring was full, by event type (16 counts).");
}

}  // namespace neural_focus::x11
