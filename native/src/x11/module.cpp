// The `neural_focus._x11` module: capture on X11, and input through XTest for tests and the demo person.
#include "bindings/arrays.hpp"
#include "x11/bindings.hpp"
#include "x11/display.hpp"

namespace nb = nanobind;

NB_MODULE(_x11, module) {
  module.doc() = "X11: capture of input and windows, injection of real input.";
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const neural_focus::x11::DisplayError& error) {
      neural_focus::set_error("CaptureError", error.what(), "Start an X server, or set DISPLAY");
    }
  });
  neural_focus::x11::bind_capture(module);
  neural_focus::x11::bind_injector(module);
  neural_focus::x11::bind_prompt(module);
  neural_focus::x11::bind_actions(module);
}
