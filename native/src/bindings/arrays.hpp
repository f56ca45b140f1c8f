// What bindings hand back to Python: records as NumPy arrays without a copy, and errors of neural_focus.errors.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/record.hpp"

namespace neural_focus {

// Sets Python's current exception to one of neural_focus.errors.
inline void set_error(const char* name, const std::string& what, const std::string& todo) {
  namespace nb = nanobind;
  nb::object type = nb::module_::import_("neural_focus.errors").attr(name);
  nb::object error = type(nb::str(what.c_str()), nb::arg("todo") = nb::str(todo.c_str()));
  PyErr_SetObject(type.ptr(), error.ptr());
}

// EVENT_DTYPE[n] over the vector's own memory.
inline nanobind::object to_array(std::vector<Event>&& records) {
  namespace nb = nanobind;
  auto* owned = new std::vector<Event>(std::move(records));
  nb::capsule owner(owned, [](void* pointer) noexcept { delete static_cast<std::vector<Event>*>(pointer); });
  const std::size_t bytes = owned->size() * sizeof(Event);
  nb::ndarray<nb::numpy, std::uint8_t> flat(owned->data(), {bytes}, owner);
  nb::object dtype = nb::module_::import_("neural_focus.events").attr("EVENT_DTYPE");
  return flat.cast().attr("view")(dtype);
}

}  // namespace neural_focus
