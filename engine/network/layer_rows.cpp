#include "engine/network/layer_rows.h"

namespace ffwd {

LayerRows::LayerRows(Device& device, int64_t rows, const LayerShape& shape, const LayerSlots& slots,
                     const Lenders& lenders)
    : pixels_(shape.pixels()),
      pooled_pixels_(shape.pooled_pixels()),
      whole_images_(shape.whole_images),
      figures_(slots.figures, [&] {
        Figures figures{Vector<float>(device, rows), {}, {}, Vector<float>(device, rows * pixels_)};
        if (pixels_ > 1) {
          figures.pixel_goodness = Vector<float>(device, rows * pixels_);
          figures.slope = Vector<float>(device, rows);
        }
        return figures;
      }) {
  const auto matrices = [&](int64_t count, int64_t pixels) {
    return Slots<Matrix>(count, [&] {
      return Matrix(device, rows * pixels, shape.units, device.activation_type());
    });
  };
  const auto own_or = [&](const LayerRows* lender, auto member, int64_t count, int64_t pixels) {
    return lender ? lender->*member
                  : std::make_shared<const Slots<Matrix>>(matrices(count, pixels));
  };
  z_ = own_or(lenders.z, &LayerRows::z_, slots.z, pixels_);
  next_ = own_or(lenders.next, &LayerRows::next_, slots.next, pooled_pixels_);
  if (!shape.normalises_at_once()) activities_ = matrices(slots.activities, pixels_);
}

LayerRows::View LayerRows::view(int64_t step, int64_t first, int64_t count) const {
  const Figures& figures = figures_[step];
  const auto pixels = [&](const auto& vector) {
    return vector.view().slice(first * pixels_, count * pixels_);
  };
  View view;
  view.z = (*z_)[step].view().row_range(first * pixels_, count * pixels_);
  view.goodness = figures.goodness.view().slice(first, count);
  view.pixel_goodness = pixels_ > 1 ? pixels(figures.pixel_goodness) : view.goodness;
  if (pixels_ > 1) view.slope = figures.slope.view().slice(first, count);
  view.length = pixels(figures.length);
  view.next = (*next_)[step].view().row_range(first * pooled_pixels_, count * pooled_pixels_);
  view.activities = view.next;
  if (activities_) {
    view.activities = (*activities_)[step].view().row_range(first * pixels_, count * pixels_);
  }
  if (whole_images_) {  // the same memory as one row an image
    view.next = reshaped(view.next, count, pooled_pixels_ * view.next.cols);
  }
  return view;
}

}  // namespace ffwd
