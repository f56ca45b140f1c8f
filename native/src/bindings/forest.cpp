// neural_focus._native.Forest: trees as arrays in, log-odds and Shapley values out.
#include "core/forest.hpp"

#include <nanobind/ndarray.h>

#include <memory>
#include <vector>

#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace neural_focus {
namespace {

template <typename T>
using Column = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Rows = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Doubles = nb::ndarray<nb::numpy, double, nb::ndim<1>>;

Doubles to_numpy(std::unique_ptr<double[]> values, std::size_t count) {
  double* data = values.release();
  nb::capsule owner(data, [](void* pointer) noexcept { delete[] static_cast<double*>(pointer); });
  return Doubles(data, {count}, owner);
}

void expect(std::size_t found, std::size_t expected, const char* what) {
  if (found == expected) return;
  PyErr_Format(PyExc_ValueError, "%s: %zu found, %zu expected", what, found, expected);
  throw nb::python_error();
}

}  // namespace

void bind_forest(nb::module_& module) {
  nb::class_<Forest>(module, "Forest", "Boosted trees: log-odds of rows, exact Shapley values of one row.")
      .def(
          "__init__",
          [](Forest* forest, const Column<std::int32_t>& feature, const Column<float>& threshold,
             const Column<std::int32_t>& left, const Column<std::int32_t>& right, const Column<std::int32_t>& roots,
             std::size_t width) {
            const std::size_t count = feature.size();
            expect(threshold.size(), count, "thresholds");
            expect(left.size(), count, "left children");
            expect(right.size(), count, "right children");
            std::vector<TreeNode> nodes(count);
            for (std::size_t i = 0; i < count; ++i)
              nodes[i] = {threshold.data()[i], feature.data()[i], left.data()[i], right.data()[i]};
            new (forest) Forest(std::move(nodes), {roots.data(), roots.data() + roots.size()}, width);
          },
          "feature"_a, "threshold"_a, "left"_a, "right"_a, "roots"_a, "width"_a,
          "Nodes int32[n], float32[n], int32[n], int32[n]: left where row[feature] < threshold; feature -1 is a leaf "
          "whose value is its threshold. Trees begin at `roots`. Raises ValueError for trees that are none.")
      .def(
          "margins",
          [](const Forest& forest, const Rows& rows) {
            expect(rows.shape(1), forest.width(), "columns");
            auto sums = std::make_unique<double[]>(rows.shape(0));
            {
              const nb::gil_scoped_release released;
              forest.margins(rows.data(), rows.shape(0), sums.get());
            }
            return to_numpy(std::move(sums), rows.shape(0));
          },
          "rows"_a, "Sums of leaves float64[n] of rows float32[n, width]; ValueError for another width.")
      .def(
          "contributions",
          [](const Forest& forest, const Column<float>& row, const Column<float>& reference) {
            expect(row.size(), forest.width(), "columns");
            expect(reference.size(), forest.width(), "columns of the reference");
            auto shares = std::make_unique<double[]>(forest.width());
            forest.contributions(row.data(), reference.data(), shares.get());
            return to_numpy(std::move(shares), forest.width());
          },
          "row"_a, "reference"_a,
          "Shapley values float64[width] of a row float32[width] against a reference float32[width]: they add up to "
          "the difference of their margins. ValueError for another width.");
}

}  // namespace neural_focus
