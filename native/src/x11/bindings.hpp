#pragma once

#include <nanobind/nanobind.h>

namespace neural_focus::x11 {

void bind_injector(nanobind::module_& module);

}  // namespace neural_focus::x11
