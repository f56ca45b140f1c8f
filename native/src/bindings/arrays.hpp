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
inline void set_error(const char* name, const std::string& what, const std::string& hint) {
  namespace nb = nanobind;
  nb::object type = nb::module_::import_("neural_focus.errors").attr(name);
  nb::object error = type(nb::str(what.c_str()), nb::arg("hint") = nb::str(hint.c_str()));
  PyErr_SetObject(type.ptr(), error.ptr());
}

// An array over the vector's own memory; `dtype` of `module` says what its rows are.
template <typename T>
nanobind::object to_array(std::vector<T>&& rows, const char* module, const char* dtype) {
  namespace nb = nanobind;
  rows.reserve(1);  // an empty array needs an address too
  auto* owned = new std::vector<T>(std::move(rows));
  nb::capsule owner(owned, [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
  const std::size_t bytes = owned->size() * sizeof(T);
  nb::ndarray<nb::numpy, std::uint8_t> flat(owned->data(), {bytes}, owner);
  return flat.cast().attr("view")(nb::module_::import_(module).attr(dtype));
}

// EVENT_DTYPE[n].
inline nanobind::object to_array(std::vector<Event>&& records) {
  return to_array(std::move(records), "neural_focus.events", "EVENT_DTYPE");
}

}  // namespace neural_focus
