#pragma once

#include <nanobind/nanobind.h>

namespace neural_focus::x11 {

void bind_capture(nanobind::module_& module);
void bind_injector(nanobind::module_& module);
void bind_prompt(nanobind::module_& module);
void bind_actions(nanobind::module_& module);

}  // namespace neural_focus::x11
