// What ties an answer to the log's lines about it: the client's X-Request-Id where it is a sane
// one, else one of ours. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace imgmill {

// `given` if it is 1 to 128 letters, digits and ". _ ~ - + / = : @"; else one that no other request
// of this process has, and hardly one of another.
[[nodiscard]] std::string request_id_of(std::string_view given);

}  // namespace imgmill
