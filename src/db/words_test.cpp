#include "db/words.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(BatchStatusNamed, OnlyTheFiveWords) {
  EXPECT_EQ(batch_status_named("processing"), BatchStatus::kProcessing);
  EXPECT_EQ(batch_status_named("cancelled"), BatchStatus::kCancelled);
  EXPECT_EQ(batch_status_named("Failed"), std::nullopt);
  EXPECT_EQ(batch_status_named(""), std::nullopt);
}

TEST(WordOfFinal, IsThatOfItsStatus) {
  EXPECT_EQ(word_of_final(BatchState::kCompleted), "completed");
  EXPECT_EQ(word_of_final(BatchState::kFailed), "failed");
  EXPECT_EQ(word_of_final(BatchState::kCancelled), "cancelled");
}

TEST(ImageStatusNamed, OnlyTheFourWords) {
  EXPECT_EQ(image_status_named("failed"), ImageStatus::kFailed);
  EXPECT_EQ(image_status_named("pending"), ImageStatus::kPending);
  EXPECT_EQ(image_status_named("cancelled"), std::nullopt);
}

}  // namespace
}  // namespace imgmill
