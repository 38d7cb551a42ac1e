#include "objects/contract_suite.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

std::unique_ptr<ObjectStore> make_fake(const std::filesystem::path&) {
  return std::make_unique<FakeStore>();
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract, testing::Values(StoreCase{"fake", make_fake}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace imgmill
