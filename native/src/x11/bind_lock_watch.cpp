#include "x11/bindings.hpp"
#include "x11/lock_watch.hpp"

namespace nb = nanobind;

namespace neural_focus::x11 {

void bind_lock_watch(nb::module_& module) {
#ifdef NEURAL_FOCUS_DBUS
  module.attr("HAS_LOCK_WATCH") = true;
  nb::class_<LockWatch>(module, "LockWatch", "Whether the screen is locked, as D-Bus tells.")
      .def(nb::init<int>(), nb::arg("news") = -1, "`news`: an eventfd that is told of each change; -1: nobody.")
      .def_prop_ro("locked", &LockWatch::locked)
      .def_prop_ro("listening", &LockWatch::listening, "False where there is no bus: locks are not seen.");
#else
  module.attr("HAS_LOCK_WATCH") = false;
#endif
}

}  // namespace neural_focus::x11
