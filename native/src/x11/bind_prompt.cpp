#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <tuple>

#include "x11/bindings.hpp"
#include "x11/prompt.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus::x11 {

void bind_prompt(nb::module_& module) {
  nb::class_<Prompt>(module, "Prompt", "A small window with a question and buttons; it takes neither focus nor keys.")
      .def(nb::init<const std::string&>(), "display"_a = "", "Raises CaptureError when the display cannot be opened.")
      .def("show", &Prompt::show, "lines"_a, "buttons"_a,
           "Lines of text and (answer, label) pairs; returns the window.")
      .def(
          "buttons",
          [](const Prompt& prompt) {
            nb::dict places;
            for (const Button& button : prompt.buttons())
              places[nb::str(button.answer.c_str())] = nb::make_tuple(button.x, button.y);
            return places;
          },
          nb::sig("def buttons(self) -> dict[str, tuple[int, int]]"),
          "{answer: (x, y)}: the middle of each button on the screen, in pixels; empty while hidden.")
      .def("poll", &Prompt::poll, "The answer that was clicked since the last call, or None. Never waits.")
      .def("hide", &Prompt::hide);
}

}  // namespace neural_focus::x11
