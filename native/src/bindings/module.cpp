// The `neural_focus._native` module: each part binds itself in a file of its own.
#include "bindings.hpp"

NB_MODULE(_native, module) {
  module.doc() = "Native core: record, engine, ring, spool codec and trees.";
  neural_focus::bind_record(module);
  neural_focus::bind_engine(module);
  neural_focus::bind_ring(module);
  neural_focus::bind_spool(module);
  neural_focus::bind_forest(module);
}
