#include "host/training/progress.h"

#include "host/training/batches.h"

namespace ffwd {

TrainingTotals totals_after(int64_t steps, double train_seconds, int64_t images, int64_t batch) {
  const int64_t in_an_epoch = steps_an_epoch(images, batch);
  const int64_t epochs = steps / in_an_epoch, rest = steps % in_an_epoch;
  return {epochs + (rest > 0), steps, epochs * images + rest * batch, train_seconds};
}

void note_totals(const TrainingTotals& totals, int64_t step, double images_per_second,
                 int64_t planned, Progress& progress) {
  progress.step = step;
  progress.images_per_second = images_per_second;
  // As fast as now: where layers take turns, one may need ten times as long as another.
  progress.seconds_left = double(planned - totals.images_seen) / images_per_second;
  progress.metrics.epoch = totals.epochs;
  progress.metrics.step = totals.steps;
  progress.metrics.seconds = totals.train_seconds;
  progress.metrics.images_per_second = images_per_second;
  progress.metrics.stage = progress.stage - 1;
}

}  // namespace ffwd
