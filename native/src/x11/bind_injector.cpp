#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include "x11/bindings.hpp"
#include "x11/injector.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus::x11 {

void bind_injector(nb::module_& module) {
  nb::class_<Injector>(module, "Injector",
                       "Real keys, pointer and windows through the X server. Names of keys are keysyms (a, Return).")
      .def(nb::init<const std::string&>(), "display"_a = "", "Raises CaptureError when the display cannot be opened.")
      .def("press", &Injector::press, "keysym"_a)
      .def("release", &Injector::release, "keysym"_a)
      .def("tap", &Injector::tap, "keysym"_a, "Press and release; Shift around it where the key needs it.")
      .def("type_text", &Injector::type_text, "text"_a, "Tap every character, without pauses.")
      .def("move", &Injector::move, "x"_a, "y"_a)
      .def("move_by", &Injector::move_by, "dx"_a, "dy"_a)
      .def("button", &Injector::button, "number"_a, "down"_a, "X numbers: 1 left, 2 middle, 3 right.")
      .def(
          "click",
          [](Injector& self, unsigned number) {
            self.button(number, true);
            self.button(number, false);
          },
          "number"_a = 1)
      .def("wheel", &Injector::wheel, "notches"_a, "Positive is away from the user.")
      .def("pointer", &Injector::pointer, "Pixels from the top left.")
      .def("screen_size", &Injector::screen_size)
      .def("open_window", &Injector::open_window, "app"_a, "title"_a, "x"_a = 50, "y"_a = 50, "width"_a = 640,
           "height"_a = 400, "pid"_a = 0, "A window of class `app`; returns its id. pid 0: the window names none.")
      .def("set_title", &Injector::set_title, "window"_a, "title"_a)
      .def("activate", &Injector::activate, "window"_a, "Raise and focus it; 0: no window holds the focus.")
      .def("focus_input", &Injector::focus_input, "window"_a, "Only the input focus, as without a window manager.")
      .def("forget_active_window", &Injector::forget_active_window, "From now on nobody tells which window is active.")
      .def("minimize", &Injector::minimize, "window"_a, "on"_a = true)
      .def("maximize", &Injector::maximize, "window"_a, "on"_a = true)
      .def("fill_screen", &Injector::fill_screen, "window"_a, "on"_a = true)
      .def("close_window", &Injector::close_window, "window"_a)
      .def("active_window", &Injector::active_window)
      .def("window_manager_runs", &Injector::window_manager_runs);
}

}  // namespace neural_focus::x11
