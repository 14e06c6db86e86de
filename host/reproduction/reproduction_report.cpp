#include "host/reproduction/reproduction_report.h"

#include <algorithm>
#include <cmath>

#include "host/basics/number_text.h"
#include "host/recipe/recipe_layers.h"
#include "host/report/html_text.h"
#include "host/report/reference_figures.h"
#include "host/report/report_page.h"
#include "host/report/run_charts.h"

namespace ffwd {
namespace {

constexpr const char* kReduced =
    "Run in a quick, reduced form: fewer images or steps, or narrower layers than the document's. "
    "The figures show that every row runs and how it behaves; they are no reproduction of the "
    "document's.";

// What stands above the tables, if anything does.
std::vector<std::string> warnings_of(const Reproduction& reproduction) {
  std::vector<std::string> warnings;
  if (reproduction.quick) warnings.push_back(kReduced);
  std::string values;
  for (const std::string& value : reproduction.overrides) {
    values += (values.empty() ? "" : ", ") + value;
  }
  if (!values.empty()) {
    warnings.push_back("Not run as the document has it: in every row " + values + ".");
  }
  return warnings;
}

struct Section {
  std::string heading, note;
  TextTable table;
};

std::string threshold_text(const Recipe& recipe) {
  const auto& threshold = recipe.objective.threshold;
  if (recipe.training.algorithm == Algorithm::backprop) return "\u2013";
  if (threshold.empty()) return "width";
  std::string text;
  for (const float value : threshold) text += (text.empty() ? "" : ", ") + short_text(value);
  return text;
}

std::string goodness_text(const Recipe& recipe) {
  std::string text = name_of(kGoodnesses, recipe.objective.goodness);
  if (recipe.objective.goodness_of == GoodnessOf::pixel) text += " of each pixel";
  return text + ", normalise " + name_of(kNormKinds, recipe.network.normalise);
}

std::string network_text(const Recipe& recipe) {
  std::string text;
  for (const LayerSpec& layer : recipe.network.layers) {
    text += (text.empty() ? "" : " - ") + layer_text(layer);
  }
  return text;
}

std::string images_text(int64_t count) {
  return count == 0 ? "all" : count_text(double(count));
}

// What the document has, and what was run if that is something else.
std::string stated_and_run(const std::string& stated, const std::string& run) {
  return stated == run ? run : stated + " \u2192 " + run;
}

std::optional<double> fraction(const std::optional<float>& percent) {
  return percent ? std::optional<double>(double(*percent) / 100) : std::nullopt;
}

// Three cells: stated, measured, difference.
void add_accuracy(std::vector<std::string>& cells, const std::optional<float>& stated,
                  const std::optional<double>& measured) {
  const std::optional<double> wanted = fraction(stated);
  cells.push_back(percent_text(wanted));
  cells.push_back(percent_text(measured));
  cells.push_back(difference_text({"", true, wanted.value_or(NAN), measured}));
}

Section accuracies(const std::vector<ReproductionRow>& rows, const std::string& dataset) {
  Section section{"Accuracy on " + dataset,
                  "As the document predicts.",
                  {{"row", "method", "threshold", "train, stated", "train, measured", "difference",
                    "test, stated", "test, measured", "difference"},
                   {}}};
  for (const ReproductionRow& row : rows) {
    if (row.run.data.name != dataset) continue;
    const Recipe::Reference& reference = row.run.reference;
    const Summary summary = row.result ? row.result->summary : Summary{};
    std::vector<std::string> cells = {row.name, name_of(kAlgorithms, row.run.training.algorithm),
                                      threshold_text(row.run)};
    add_accuracy(cells, reference.train_accuracy, train_accuracy(reference, summary));
    add_accuracy(cells, reference.test_accuracy, test_accuracy(reference, summary));
    section.table.rows.push_back(cells);
  }
  return section;
}

Section predictions(const std::vector<ReproductionRow>& rows) {
  Section section{
      "Prediction batch by batch and image by image",
      "The document adds goodness up over a whole batch and gives all of its images one label, so "
      "its accuracy is the share of one class. The same networks, asked for every image on its "
      "own, stand beside it.",
      {{"row", "goodness", "threshold", "train, stated", "train, per batch", "train, per image",
        "test, stated", "test, per batch", "test, per image"},
       {}}};
  for (const ReproductionRow& row : rows) {
    const Recipe::Reference& reference = row.run.reference;
    if (reference.prediction != Prediction::per_batch) continue;
    const Summary s = row.result ? row.result->summary : Summary{};
    section.table.rows.push_back(
        {row.name, goodness_text(row.run), threshold_text(row.run),
         percent_text(fraction(reference.train_accuracy)), percent_text(s.train_accuracy_per_batch),
         percent_text(s.train_accuracy_goodness), percent_text(fraction(reference.test_accuracy)),
         percent_text(s.test_accuracy_per_batch), percent_text(s.test_accuracy_goodness)});
  }
  return section;
}

Section losses(const std::vector<ReproductionRow>& rows) {
  Section section{"Loss at the last step",
                  "In nats, of every layer when it learnt last; of mini-batches the mean over the "
                  "last epoch.",
                  {{"row", "layer", "stated", "measured", "relative difference"}, {}}};
  for (const ReproductionRow& row : rows) {
    const auto metrics = row.result ? row.result->metrics : std::vector<EpochMetrics>();
    auto figures = reference_figures(row.run.reference, Summary{}, metrics);
    const size_t layers = metrics.empty() ? 0 : metrics.back().layers.size();
    for (size_t l = row.run.reference.losses.size(); l < layers; ++l) {  // the document has none
      const auto last = last_metrics(metrics, l);
      figures.push_back({"loss of layer " + std::to_string(l), false, NAN,
                         last ? std::optional<double>(last->loss) : std::nullopt});
    }
    for (const ReferenceFigure& figure : figures) {
      if (figure.is_accuracy) continue;
      const std::vector<std::string> cells = reference_table({figure}).rows[0];
      section.table.rows.push_back({row.name, cells[0], cells[1], cells[2], cells[3]});
    }
  }
  return section;
}

Section what_was_run(const std::vector<ReproductionRow>& rows) {
  Section section{"What was run",
                  "Where the document has something else, that stands before the arrow.",
                  {{"row", "network", "training images", "test images", "epochs", "device",
                    "precision", "training time", "ffwd"},
                   {}}};
  for (const ReproductionRow& row : rows) {
    const Recipe &stated = row.stated, &run = row.run;
    std::vector<std::string> cells = {
        row.name, stated_and_run(network_text(stated), network_text(run)),
        stated_and_run(images_text(stated.data.train_images), images_text(run.data.train_images)),
        stated_and_run(images_text(stated.data.test_images), images_text(run.data.test_images)),
        stated_and_run(count_text(double(stated.training.epochs)),
                       count_text(double(run.training.epochs)))};
    if (row.result) {
      const Summary& s = row.result->summary;
      cells.insert(cells.end(), {s.device, s.precision, duration_text(s.train_seconds), s.commit});
    } else {
      cells.insert(cells.end(), {"not run", "", "", ""});
    }
    section.table.rows.push_back(cells);
  }
  return section;
}

std::vector<Section> sections_of(const Reproduction& reproduction) {
  std::vector<std::string> datasets;
  for (const ReproductionRow& row : reproduction.rows) {
    if (std::find(datasets.begin(), datasets.end(), row.run.data.name) == datasets.end()) {
      datasets.push_back(row.run.data.name);
    }
  }
  std::vector<Section> sections;
  for (const std::string& name : datasets) sections.push_back(accuracies(reproduction.rows, name));
  sections.push_back(predictions(reproduction.rows));
  sections.push_back(losses(reproduction.rows));
  sections.push_back(what_was_run(reproduction.rows));
  std::vector<Section> filled;
  for (Section& section : sections) {
    if (section.table.rows.empty()) continue;
    if (reproduction.quick) section.heading += " (quick: reduced)";
    filled.push_back(std::move(section));
  }
  return filled;
}

std::string title_of(const Reproduction& reproduction) {
  return "Reproduction of " + reproduction.name + (reproduction.quick ? ", quick" : "");
}

}  // namespace

std::string reproduction_markdown(const Reproduction& reproduction) {
  std::string text = "# " + title_of(reproduction) + "\n";
  for (const std::string& warning : warnings_of(reproduction)) text += "\n" + warning + "\n";
  for (const Section& section : sections_of(reproduction)) {
    text += "\n## " + section.heading + "\n\n" + section.note + "\n\n" + to_markdown(section.table);
  }
  return text;
}

std::string reproduction_page(const Reproduction& reproduction) {
  std::string html = "<h1>" + html_escape(title_of(reproduction)) + "</h1>\n";
  for (const std::string& warning : warnings_of(reproduction)) {
    html += "<p class=\"warn\">" + html_escape(warning) + "</p>\n";
  }
  for (const Section& section : sections_of(reproduction)) {
    html += "<h2>" + html_escape(section.heading) +
            "</h2>\n<div class=\"card\"><p class=\"soft\">" + html_escape(section.note) + "</p>\n" +
            to_html(section.table) + "</div>\n";
  }
  for (const ReproductionRow& row : reproduction.rows) {
    if (!row.result) continue;
    html += "<h2>" + html_escape(row.run.title) + "</h2>\n<p class=\"soft\"><a href=\"" +
            html_escape(row.name) + "/report.html\">" + html_escape(row.name) + "</a></p>\n" +
            run_charts(row.result->metrics);
  }
  return report_page(title_of(reproduction), html);
}

}  // namespace ffwd
