// Numbers, foreign text and images as the report shows them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/basics/number_text.h"
#include "host/report/html_text.h"

namespace ffwd::test {
namespace {

TEST(NumberText, ReadsWell) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(-1234), "-1,234");
  EXPECT_EQ(count_text(-123), "-123");
  EXPECT_EQ(percent_text(0.9862), "98.62 %");
  EXPECT_EQ(percent_text(std::nullopt), "\u2013");
  EXPECT_EQ(accuracies_text(0.9818, 0.9817), "by goodness 98.18 %, by head 98.17 %");
  EXPECT_EQ(accuracies_text(0.9818, std::nullopt), "by goodness 98.18 %");
  EXPECT_EQ(accuracies_text(std::nullopt, 0.9817), "by head 98.17 %");
  EXPECT_EQ(duration_text(3.14159), "3.14 s");
  EXPECT_EQ(duration_text(125.4), "2 min 05 s");
  EXPECT_EQ(duration_text(3599.9), "1 h 00 min");
  EXPECT_EQ(duration_text(3720), "1 h 02 min");
  EXPECT_EQ(duration_text(NAN), "\u2013");
  EXPECT_EQ(short_text(0.01234), "0.0123");
  EXPECT_EQ(short_text(999.4), "999");
  EXPECT_EQ(short_text(999.7), "1,000");
  EXPECT_EQ(short_text(4321), "4,321");
  EXPECT_EQ(short_text(1.2e-5), "1.2e-05");
  EXPECT_EQ(fixed_text(-std::numeric_limits<double>::max(), 2).size(), 313u);
}

TEST(HtmlText, EscapesWhatHasAMeaning) {
  EXPECT_EQ(html_escape("a<b>&\"'\n\tä"), "a&lt;b&gt;&amp;&quot;&#39;\n\tä");
  EXPECT_EQ(html_escape(std::string("\0|\x7f|\xc3|\xff", 7)), "\uFFFD|\uFFFD|\uFFFD|\uFFFD");
}

TEST(HtmlText, EncodesImages) {
  EXPECT_EQ(png_data_uri({}), "data:image/png;base64,");
  EXPECT_EQ(png_data_uri({'M'}), "data:image/png;base64,TQ==");
  EXPECT_EQ(png_data_uri({'M', 'a'}), "data:image/png;base64,TWE=");
  EXPECT_EQ(png_data_uri({'M', 'a', 'n'}), "data:image/png;base64,TWFu");
  EXPECT_EQ(png_data_uri({0xff, 0xff, 0xfe, 0xfb}), "data:image/png;base64,///++w==");
}

}  // namespace
}  // namespace ffwd::test
