#include "host/report/confusion_table.h"

#include <algorithm>
#include <cmath>

#include "host/basics/number_text.h"
#include "host/report/html_text.h"
#include "kernels/check.h"

namespace ffwd {
namespace {

constexpr size_t kMistakesListed = 9;
constexpr size_t kShortName = 4;  // longer names of columns are turned upright

struct Mistake {
  int64_t count;
  size_t truth, guess;
};

class ConfusionTable {
 public:
  ConfusionTable(const std::vector<std::vector<int64_t>>& counts,
                 const std::vector<std::string>& class_names)
      : counts_(counts) {
    FFWD_EXPECT(counts.size() == class_names.size(), "give the counts a row for each class");
    for (size_t truth = 0; truth < counts.size(); ++truth) {
      FFWD_EXPECT(counts[truth].size() == counts.size(), "give each row a count for each class");
      names_.push_back(html_escape(class_names[truth]));
      long_names_ = long_names_ || class_names[truth].size() > kShortName;
      for (size_t guess = 0; guess < counts.size(); ++guess) {
        const int64_t count = counts[truth][guess];
        if (guess == truth) {
          most_right_ = std::max(most_right_, count);
        } else if (count > 0) {
          mistakes_.push_back({count, truth, guess});
        }
      }
    }
    std::stable_sort(mistakes_.begin(), mistakes_.end(),
                     [](const Mistake& a, const Mistake& b) { return a.count > b.count; });
  }

  std::string draw(const std::string& classifier) const {
    if (names_.empty()) return "";
    return "<h2>Confusion matrix</h2>\n<div class=\"card\"><p class=\"soft\">Images of the test "
           "set, classified by " +
           classifier +
           ". Rows: true class. "
           "Columns: predicted class. At the end of a row: the share that is right.</p>\n"
           "<div class=\"confusion\">" +
           table() + mistakes() + "</div></div>\n";
  }

 private:
  std::string table() const {
    std::string html = "<div><table><thead><tr><th></th>";
    for (const std::string& name : names_) {
      html += long_names_ ? "<th class=\"tall\">" : "<th>";
      html += "<span>" + name + "</span></th>";
    }
    html += "<th></th></tr></thead>\n<tbody>\n";
    for (size_t truth = 0; truth < names_.size(); ++truth) html += row(truth);
    return html + "</tbody></table></div>\n";
  }

  std::string row(size_t truth) const {
    std::string html = "<tr><th>" + names_[truth] + "</th>";
    double images = 0;
    for (size_t guess = 0; guess < names_.size(); ++guess) {
      html += cell(truth, guess);
      images += static_cast<double>(counts_[truth][guess]);
    }
    const double right = static_cast<double>(counts_[truth][truth]);
    return html + "<td class=\"recall\">" + percent_text(right / images) + "</td></tr>\n";
  }

  std::string cell(size_t truth, size_t guess) const {
    const int64_t count = counts_[truth][guess];
    if (count <= 0) return "<td class=\"none\">0</td>";
    const bool right = truth == guess;
    const int64_t most = right ? most_right_ : mistakes_.front().count;
    // The square root lets rare mistakes show beside common ones.
    const double share = std::sqrt(static_cast<double>(count) / static_cast<double>(most));
    return std::string("<td class=\"") + (right ? "hit" : "miss") +
           "\" style=\"--heat:" + fixed_text(0.08 + 0.62 * share, 2) + "\">" +
           std::to_string(count) + "</td>";
  }

  std::string mistakes() const {
    if (mistakes_.empty()) return "";
    std::string html = "<div class=\"pairs\"><h3>Most frequent mistakes</h3><table>\n";
    for (size_t i = 0; i < std::min(kMistakesListed, mistakes_.size()); ++i) {
      const Mistake& mistake = mistakes_[i];
      html += "<tr><td><b>" + std::to_string(mistake.count) + "</b></td><td>" +
              names_[mistake.truth] + "</td><td class=\"soft\">taken for</td><td>" +
              names_[mistake.guess] + "</td></tr>\n";
    }
    return html + "</table></div>\n";
  }

  const std::vector<std::vector<int64_t>>& counts_;
  std::vector<std::string> names_;  // escaped
  bool long_names_ = false;
  int64_t most_right_ = 0;
  std::vector<Mistake> mistakes_;  // most frequent first
};

}  // namespace

std::string confusion_table(const std::vector<std::vector<int64_t>>& counts,
                            const std::vector<std::string>& class_names,
                            const std::string& classifier) {
  return ConfusionTable(counts, class_names).draw(classifier);
}

}  // namespace ffwd
