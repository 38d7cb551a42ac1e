#include "http/image_json.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

PlacementDetail chair() {
  return {.placement = 4,
          .row = 3,
          .position = 2,
          .serial_number = "007",
          .product_name = "A \"chair\"",
          .url = "https://user:secret@shop/a.jpg",
          .rendered = std::nullopt,
          .fault = std::nullopt};
}

TEST(ImageJson, EveryFieldInTheContractsOrder) {
  PlacementDetail detail = chair();
  detail.status = ImageStatus::kCompleted;
  detail.tries = 2;
  detail.rendered = Rendered{"processed/t/a-1.webp",
                             PictureFormat::kWebp,
                             640,
                             480,
                             1'000,
                             400,
                             RenderMethod::kConverted,
                             50};
  EXPECT_EQ(image_json(detail, "http://h/"),
            R"({"row":3,"position":2,"product_name":"A \"chair\"","serial_number":"007",)"
            R"("input_url":"https://shop/a.jpg","output_url":"http://h/processed/t/a-1.webp",)"
            R"("status":"completed","error":null,"attempts":2,"bytes_in":1000,"bytes_out":400,)"
            R"("format":"webp","width":640,"height":480,"method":"converted","quality":50})");
}

TEST(ImageJson, WhatIsNotThereYetIsNull) {
  const std::string json = image_json(chair(), "http://h/");
  EXPECT_TRUE(json.contains(
      R"("output_url":null,"status":"pending","error":null,"attempts":0,"bytes_in":null,)"
      R"("bytes_out":null,"format":null,"width":null,"height":null,"method":null,"quality":null)"));
}

TEST(ImageJson, AFailureHasItsCodeAndReason) {
  PlacementDetail detail = chair();
  detail.status = ImageStatus::kFailed;
  detail.fault = ImageFault{FaultCode::kHttpStatus, "it answered 404", 404};
  EXPECT_TRUE(
      image_json(detail, "")
          .contains(
              R"("status":"failed","error":{"code":"http_404","message":"it answered 404"})"));
}

}  // namespace
}  // namespace imgmill
