#pragma once

#include <nanobind/nanobind.h>

namespace neural_focus {

void bind_record(nanobind::module_& module);
void bind_engine(nanobind::module_& module);
void bind_ring(nanobind::module_& module);
void bind_spool(nanobind::module_& module);
void bind_forest(nanobind::module_& module);

}  // namespace neural_focus
