#include "http/image_json.h"

#include <functional>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include "db/words.h"
#include "intake/url.h"

namespace imgmill {
namespace {

namespace json = boost::json;

json::value fault_json(const std::optional<ImageFault>& fault) {
  if (!fault) return nullptr;
  return json::object{{"code", code_word(*fault)}, {"message", fault->message}};
}

template <class Member>
json::value of(const std::optional<Rendered>& rendered, Member member) {
  if (!rendered) return nullptr;
  return json::value_from(std::invoke(member, *rendered));
}

// null where the source's own picture data went out.
json::value quality_json(const std::optional<Rendered>& made) {
  if (!made || made->quality == 0) return nullptr;
  return made->quality;
}

}  // namespace

std::string image_json(const PlacementDetail& detail, std::string_view link_prefix) {
  const auto& made = detail.rendered;
  const auto link = [link_prefix](const Rendered& one) {
    return std::string(link_prefix) + one.output_key;
  };
  const json::object image{
      {"row", detail.row},
      {"position", detail.position},
      {"product_name", detail.product_name},
      {"serial_number", detail.serial_number},
      {"input_url", without_credentials(detail.url)},
      {"output_url", of(made, link)},
      {"status", word_of(detail.status)},
      {"error", fault_json(detail.fault)},
      {"attempts", detail.tries},
      {"bytes_in", of(made, &Rendered::bytes_in)},
      {"bytes_out", of(made, &Rendered::bytes_out)},
      {"format", of(made, [](const Rendered& one) { return names_of(one.format).name; })},
      {"width", of(made, &Rendered::width)},
      {"height", of(made, &Rendered::height)},
      {"method", of(made, [](const Rendered& one) { return name_of(one.method); })},
      {"quality", quality_json(made)},
  };
  return json::serialize(image);
}

}  // namespace imgmill
