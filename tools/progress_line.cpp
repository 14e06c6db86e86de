#include "tools/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "host/basics/number_text.h"

namespace ffwd {
namespace {

constexpr double kPlainLineSeconds = 2;  // epochs may be much shorter

std::string describe(const Progress& p) {
  std::string line;
  if (p.stages > 1) line += format("stage %d/%d  ", int(p.stage), int(p.stages));
  line += format("epoch %d/%d", int(p.epoch), int(p.epochs));
  if (p.step < p.steps) line += format("  step %d/%d", int(p.step), int(p.steps));
  line += format("  %.0f images/s", p.images_per_second);
  for (size_t l = 0; l < p.metrics.layers.size(); ++l) {
    if (const auto& layer = p.metrics.layers[l]) {
      line += format("  | %d: loss %.4f  g+ %.4g  g- %.4g", int(l), layer->loss,
                     layer->goodness_pos, layer->goodness_neg);
    }
  }
  if (p.metrics.head_loss) line += format("  | head loss %.4f", *p.metrics.head_loss);
  if (p.seconds_left >= 0.5) line += format("  | %.0f s left", p.seconds_left);
  return line;
}

int terminal_columns() {
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(isatty(STDOUT_FILENO)) {}

void ProgressLine::update(const Progress& progress) {
  if (!terminal_) return;
  std::string line = describe(progress);
  line.resize(std::min(line.size(), size_t(terminal_columns() - 1)));
  std::printf("\r\033[K%s", line.c_str());
  std::fflush(stdout);
}

void ProgressLine::end_epoch(const Progress& progress, const EpochMetrics& metrics) {
  const bool measured = metrics.test_accuracy_goodness || metrics.test_accuracy_head;
  const bool last = progress.stage == progress.stages && progress.epoch == progress.epochs;
  if (!measured && !last && metrics.seconds - last_plain_line_ < kPlainLineSeconds) return;
  last_plain_line_ = metrics.seconds;
  std::string line = describe(progress);
  if (measured) {
    line += "  | test accuracy " +
            accuracies_text(metrics.test_accuracy_goodness, metrics.test_accuracy_head);
  }
  std::printf("%s%s\n", terminal_ ? "\r\033[K" : "", line.c_str());
  std::fflush(stdout);
}

}  // namespace ffwd
