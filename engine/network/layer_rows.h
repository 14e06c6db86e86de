// The memory of what a layer makes of a batch.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/device/buffer.h"
#include "engine/network/layer_shape.h"
#include "engine/network/slots.h"

namespace ffwd {

// How many batches in flight keep a layer's memory apart, for each kind of it.
struct LayerSlots {
  int64_t z = 1, activities = 1, next = 1, figures = 1;
};

// What a layer makes of the rows of a batch. A row is an image.
class LayerRows {
 public:
  // Other layers' rows whose memory these use (engine/network/layer_places.h); null: they have
  // their own.
  struct Lenders {
    const LayerRows *z, *next;
  };
  LayerRows(Device& device, int64_t rows, const LayerShape& shape, const LayerSlots& slots,
            const Lenders& lenders);

  // Rows [first, first + count) of it; P output pixels an image. What other layers' rows share holds
  // until these have their turn.
  struct View {
    MatrixView z;           // (rows*P, units): the matmul's output, then the gradient in its place
    MatrixView activities;  // (rows*P, units): y, normalised if that can be done at once
    MatrixView next;        // what the next layer reads: the activities, or pooled and normalised;
                            // of whole images (rows, P*units)
    VectorView<float> goodness;        // (rows)
    VectorView<float> pixel_goodness;  // (rows*P); `goodness` itself when P is 1
    VectorView<float> slope;           // (rows), absent when P is 1
    VectorView<float> length;          // (rows*P)
  };
  View view(int64_t step, int64_t first, int64_t count) const;

  // The goodness of the first `rows` rows of step 0's batch, on the host.
  std::vector<float> goodness(int64_t rows) const { return figures_[0].goodness.download(rows); }

 private:
  struct Figures {
    Vector<float> goodness, pixel_goodness, slope, length;
  };

  int64_t pixels_, pooled_pixels_;
  bool whole_images_;
  std::shared_ptr<const Slots<Matrix>> z_, next_;
  std::optional<Slots<Matrix>> activities_;  // none: they are handed on as they are
  Slots<Figures> figures_;
};

}  // namespace ffwd
