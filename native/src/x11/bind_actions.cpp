#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "x11/bindings.hpp"
#include "x11/break_screen.hpp"
#include "x11/minimizer.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus::x11 {

void bind_actions(nb::module_& module) {
  nb::class_<BreakScreen>(module, "BreakScreen", "A screen over all others; Escape or its button leaves it.")
      .def(nb::init<const std::string&>(), "display"_a = "", "Raises CaptureError when the display cannot be opened.")
      .def("show", &BreakScreen::show, "lines"_a, "leave"_a,
           "Lines, the first one large, and the button's label; returns the window.")
      .def("write", &BreakScreen::write, "lines"_a, "Other lines on the screen that is shown.")
      .def("poll", &BreakScreen::poll, "Whether the person left it since the last call. Never waits.")
      .def("hide", &BreakScreen::hide, "When it went, ms on the X server's clock; None where that is not known.")
      .def_prop_ro("lost", &BreakScreen::lost, "Whether the X server went away, and the screen with it.");
  nb::class_<Minimizer>(module, "Minimizer", "Other programs' windows, put away and brought back; never closed.")
      .def(nb::init<const std::string&>(), "display"_a = "", "Raises CaptureError when the display cannot be opened.")
      .def("manager", &Minimizer::manager, "The window manager's name; empty where none runs that can minimise.")
      .def(
          "windows",
          [](const Minimizer& self) {
            nb::list found;
            for (const ListedWindow& one : self.windows()) {
              const std::string& app = one.info.app;  // some program chose it: it need not be UTF-8
              found.append(nb::make_tuple(
                  one.info.window,
                  nb::steal(PyUnicode_DecodeUTF8(app.data(), static_cast<Py_ssize_t>(app.size()), "replace")),
                  one.away));
            }
            return found;
          },
          nb::sig("def windows(self) -> list[tuple[int, str, bool]]"), "(window, app, minimised) of each.")
      .def("minimize", &Minimizer::minimize, "window"_a)
      .def("bring_back", &Minimizer::bring_back, "windows"_a,
           "Shows minimised windows again; the window that is active is so afterwards.")
      .def("active", &Minimizer::active, "The window that holds the focus; 0: none.")
      .def_prop_ro("lost", &Minimizer::lost, "Whether the X server went away.");
}

}  // namespace neural_focus::x11
