// The `neural_focus._wayland` module: input timing by evdev, windows and pauses as a Wayland compositor tells them.
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>

#include "bindings/arrays.hpp"
#include "wayland/capture.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus::wayland {
namespace {

void construct(Capture* self, const std::string& input_folder, const std::string& socket,
               const std::string& active_file, const std::string& own_terminal, const std::string& own_app,
               std::uint32_t own_pid, std::int64_t offset_us, std::uint64_t floor_us, std::size_t ring_capacity,
               unsigned motion_hz, unsigned idle_after_ms) {
  new (self) Capture({input_folder,
                      socket,
                      active_file,
                      own_terminal,
                      own_app,
                      own_pid,
                      {offset_us, floor_us, ring_capacity, motion_hz, idle_after_ms}});
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

nb::tuple as_tuple(const InputCounts& counts) {
  return nb::make_tuple(counts.keyboards, counts.pointers, counts.denied);
}

nb::tuple compositor_tells(const std::string& socket) {
  struct Nobody final : CompositorListener {
    void focus(const FocusedWindow*) override {}
    void minimized(const FocusedWindow&) override {}
    void maximized(const FocusedWindow&) override {}
    void idled() override {}
    void resumed() override {}
  } nobody;
  const Compositor compositor(socket, 5000, nobody);
  return nb::make_tuple(compositor.tells_windows(), compositor.tells_idle());
}

void bind_capture(nb::module_& module) {
  nb::class_<Capture>(module, "Capture", "Input and windows of a Wayland session as redacted records.")
      .def("__init__", &construct, nb::kw_only(), "input_folder"_a, "socket"_a, "active_file"_a = "",
           "own_terminal"_a = "", "own_app"_a = "", "own_pid"_a = 0, "offset_us"_a, "floor_us"_a = 0,
           "ring_capacity"_a = 1U << 15, "motion_hz"_a = 125, "idle_after_ms"_a = 5000,
           "input_folder: /dev/input, empty for none. socket: the compositor's, empty for none. offset_us: Unix time "
           "minus boot clock. Raises CaptureError when the compositor cannot be reached.")
      .def("start", &Capture::start)
      .def("stop", &Capture::stop, nb::call_guard<nb::gil_scoped_release>())
      .def("drain", &drain, "most"_a,
           nb::sig("def drain(self, most: int) -> tuple[numpy.typing.NDArray[numpy.void], list[tuple[int, str]]]"),
           "(EVENT_DTYPE[n], [(index of a focus or title record, the window's title)]). Hints are not set yet.")
      .def("set_locked", &Capture::set_locked, "locked"_a, "Any thread: the screen was locked or unlocked.")
      .def("set_engaged", &Capture::set_engaged, "engaged"_a,
           "Any thread: somebody is there, whether there is input or not: no pause begins.")
      .def(
          "set_focus",
          [](Capture& self, std::uint32_t window, std::uint32_t pid, const std::string& app, const std::string& title) {
            if (window == 0) return self.set_focus(std::nullopt);
            self.set_focus(FocusedWindow{window, pid, app, title});
          },
          "window"_a, "pid"_a, "app"_a, "title"_a, "Any thread: the desktop tells its focus; window 0 is none.")
      .def(
          "ignore", [](Capture&, std::uint32_t) {}, "window"_a, "Nothing: ours are known by their app and process.")
      .def("expect_our_doing", &Capture::expect_our_doing, "milliseconds"_a,
           "Any thread: what windows do for so long is our doing: no switch, nothing minimised by the person.")
      .def_prop_ro("newest_input_us", &Capture::newest_input_us,
                   "Boot clock of the newest input, into windows of ours and behind the lock too; 0: none yet.")
      .def_prop_ro("alive", &Capture::alive, "False when the compositor went away.")
      .def_prop_ro("tells_windows", &Capture::tells_windows, "Whether the compositor tells which window is focused.")
      .def_prop_ro("tells_idle", &Capture::tells_idle, "Whether the compositor tells of pauses.")
      .def_prop_ro(
          "inputs", [](const Capture& self) { return as_tuple(self.inputs()); },
          nb::sig("def inputs(self) -> tuple[int, int, int]"), "(keyboards, pointers, devices that may not be read).")
      .def_prop_ro("missed_events", &Capture::missed_events, "How often the kernel's buffer of a device was full.")
      .def_prop_ro("full_screen", &Capture::full_screen, "Whether the window that holds the focus fills the screen.")
      .def_prop_ro("behind_lock", &Capture::behind_lock, "How often there was input while the screen was locked.")
      .def_prop_ro("captured", &Capture::captured, "Records made, dropped ones included.")
      .def_prop_ro("clamped", &Capture::clamped, "Records whose stamp was held back by a later one before.")
      .def_prop_ro("titles_lost", &Capture::titles_lost, "Titles that gave way to later ones before a drain.")
      .def("dropped", &Capture::dropped, "Records dropped because the ring was full, by event type (16 counts).");
}

}  // namespace
}  // namespace neural_focus::wayland

NB_MODULE(_wayland, module) {
  using namespace neural_focus::wayland;
  module.doc() = "Wayland: input timing by evdev, windows and pauses as the compositor tells them.";
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const CompositorError& error) {
      neural_focus::set_error("CaptureError", error.what(), "Run it inside your Wayland session: WAYLAND_DISPLAY");
    }
  });
  bind_capture(module);
  module.attr("HAS_COMPOSITOR") = Compositor::built();
  module.def("boot_clock_us", &boot_clock_us, "Microseconds since this machine started, suspension included.");
  module.def(
      "count_inputs", [](const std::string& folder) { return as_tuple(count_inputs(folder)); }, "folder"_a,
      nb::sig("def count_inputs(folder: str) -> tuple[int, int, int]"),
      "(keyboards, pointers, devices that may not be read) of a folder such as /dev/input.");
  module.def("compositor_tells", &compositor_tells, "socket"_a,
             nb::sig("def compositor_tells(socket: str) -> tuple[bool, bool]"),
             "(windows, pauses): what the compositor tells. Raises CaptureError when it cannot be reached.");
}
