// edit_distance against distances counted by hand, and the choice that nearest_name makes of them.
#include "host/basics/nearest_name.h"

#include <gtest/gtest.h>

namespace ffwd::test {
namespace {

TEST(EditDistance, HandCounted) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("epochs", "epochs"), 0u);
  EXPECT_EQ(edit_distance("epoch", "epochs"), 1u);    // one in
  EXPECT_EQ(edit_distance("eepochs", "epochs"), 1u);  // one out
  EXPECT_EQ(edit_distance("epachs", "epochs"), 1u);   // one replaced
  EXPECT_EQ(edit_distance("peochs", "epochs"), 2u);   // two changed places
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(NearestName, TakesTheFirstOfTheNearest) {
  EXPECT_EQ(nearest_name("rel", {"leaky_relu", "relu"}), "relu");
  EXPECT_EQ(nearest_name("beta3", {"eps", "beta1", "beta2"}), "beta1");
  EXPECT_EQ(nearest_name("anything", {}), "");
  EXPECT_EQ(nearest_name("foo", {"lag", "title"}), "");
  EXPECT_EQ(nearest_name("log", {"lag"}), "lag");
  EXPECT_EQ(did_you_mean("log", {"lag"}), ", did you mean lag?");
  EXPECT_EQ(did_you_mean("foo", {"lag"}), "");
}

}  // namespace
}  // namespace ffwd::test
