// Boosted trees: log-odds of rows, and exact Shapley values of one row against a row of reference.
//
// The game of a row x and a reference r: a coalition of columns takes its values from x, the others theirs from r, and
// is worth the trees' answer (interventional TreeSHAP with one reference; Lundberg et al. 2020, Nature Machine
// Intelligence 2:56). A leaf that asks for the columns X of x and the columns R of r gives, of its value v,
//
//     + v · (|X| - 1)! |R|! / (|X| + |R|)!     to each column of X
//     - v · |X|! (|R| - 1)! / (|X| + |R|)!     to each column of R
//
// and only leaves that x, r or a mixture of both reaches are visited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace neural_focus {

struct TreeNode {
  float threshold;       // go left when row[feature] < threshold; of a leaf, its value
  std::int32_t feature;  // -1: a leaf
  std::int32_t left, right;
};

class Forest {
 public:
  // One tree after another; each root has the number in `roots`, children come after their parent.
  // Throws std::invalid_argument that says what was found and expected.
  Forest(std::vector<TreeNode> nodes, std::vector<std::int32_t> roots, std::size_t width);

  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  // Sums of leaves of `count` rows of width() floats each.
  void margins(const float* rows, std::size_t count, double* sums) const noexcept;
  // Shapley values of one row against the reference, width() each; they add up to the difference of their margins.
  void contributions(const float* row, const float* reference, double* shares) const;

 private:
  std::vector<TreeNode> nodes_;
  std::vector<std::int32_t> roots_;
  std::size_t width_;
};

}  // namespace neural_focus
