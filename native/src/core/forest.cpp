#include "core/forest.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

namespace neural_focus {
namespace {

constexpr std::size_t most_columns_of_a_path = 24;

// weight[x][r] = x! r! / (x + r + 1)!
constexpr auto weights = [] {
  std::array<std::array<double, most_columns_of_a_path>, most_columns_of_a_path> weight{};
  for (std::size_t x = 0; x < most_columns_of_a_path; ++x) {
    weight[x][0] = 1.0 / static_cast<double>(x + 1);
    for (std::size_t r = 1; r < most_columns_of_a_path; ++r)
      weight[x][r] = weight[x][r - 1] * static_cast<double>(r) / static_cast<double>(x + r + 1);
  }
  return weight;
}();

enum class Taken : std::uint8_t { undecided, from_row, from_reference };

struct Shares {
  double of_row, of_reference;  // what each column of X, of R gets from the leaves below
};

class Game {
 public:
  Game(const std::vector<TreeNode>& nodes, const float* row, const float* reference, std::size_t width, double* shares)
      : nodes_(nodes), row_(row), reference_(reference), taken_(width, Taken::undecided), shares_(shares) {}

  Shares play(std::int32_t number, std::size_t from_row, std::size_t from_reference) {
    const TreeNode& node = nodes_[static_cast<std::size_t>(number)];
    if (node.feature < 0) {
      const double value = node.threshold;
      return {from_row > 0 ? value * weights[from_row - 1][from_reference] : 0.0,
              from_reference > 0 ? -value * weights[from_row][from_reference - 1] : 0.0};
    }
    const auto column = static_cast<std::size_t>(node.feature);
    const std::int32_t own = row_[column] < node.threshold ? node.left : node.right;
    const std::int32_t other = reference_[column] < node.threshold ? node.left : node.right;
    Taken& taken = taken_[column];
    if (own == other || taken == Taken::from_row) return play(own, from_row, from_reference);
    if (taken == Taken::from_reference) return play(other, from_row, from_reference);
    taken = Taken::from_row;
    const Shares with = play(own, from_row + 1, from_reference);
    taken = Taken::from_reference;
    const Shares without = play(other, from_row, from_reference + 1);
    taken = Taken::undecided;
    shares_[column] += with.of_row + without.of_reference;
    return {with.of_row + without.of_row, with.of_reference + without.of_reference};
  }

 private:
  const std::vector<TreeNode>& nodes_;
  const float *row_, *reference_;
  std::vector<Taken> taken_;
  double* shares_;
};

[[noreturn]] void refuse(std::size_t node, const std::string& what) {
  throw std::invalid_argument("node " + std::to_string(node) + " " + what);
}

}  // namespace

Forest::Forest(std::vector<TreeNode> nodes, std::vector<std::int32_t> roots, std::size_t width)
    : nodes_(std::move(nodes)), roots_(std::move(roots)), width_(width) {
  const auto count = static_cast<std::int32_t>(nodes_.size());
  std::vector<std::size_t> depth(nodes_.size(), 0);
  for (std::size_t number = 0; number < nodes_.size(); ++number) {
    const TreeNode& node = nodes_[number];
    if (node.feature < 0) continue;
    if (static_cast<std::size_t>(node.feature) >= width_)
      refuse(number, "asks for column " + std::to_string(node.feature) + " of " + std::to_string(width_));
    if (depth[number] + 1 >= most_columns_of_a_path)
      refuse(number, "is deeper than " + std::to_string(most_columns_of_a_path - 1));
    for (const std::int32_t child : {node.left, node.right}) {
      // Children behind their parents cannot make a circle.
      if (child <= static_cast<std::int32_t>(number) || child >= count)
        refuse(number, "has the child " + std::to_string(child) + ", not one behind it");
      std::size_t& below = depth[static_cast<std::size_t>(child)];
      below = std::max(below, depth[number] + 1);
    }
  }
  for (const std::int32_t root : roots_)
    if (root < 0 || root >= count) throw std::invalid_argument("no node has the root's number " + std::to_string(root));
}

void Forest::margins(const float* rows, std::size_t count, double* sums) const noexcept {
  std::fill_n(sums, count, 0.0);
  for (const std::int32_t root : roots_) {  // a tree stays in the cache for all rows
    for (std::size_t index = 0; index < count; ++index) {
      const float* row = rows + index * width_;
      const TreeNode* node = &nodes_[static_cast<std::size_t>(root)];
      while (node->feature >= 0) {
        const std::int32_t next = row[node->feature] < node->threshold ? node->left : node->right;
        node = &nodes_[static_cast<std::size_t>(next)];
      }
      sums[index] += static_cast<double>(node->threshold);
    }
  }
}

void Forest::contributions(const float* row, const float* reference, double* shares) const {
  std::fill_n(shares, width_, 0.0);
  Game game(nodes_, row, reference, width_, shares);
  for (const std::int32_t root : roots_) game.play(root, 0, 0);
}

}  // namespace neural_focus
