#include "codec_worker/formats/icc.h"

#include <array>
#include <memory>
#include <new>
#include <optional>

#include <lcms2.h>

namespace imgmill::codec_worker {
namespace {

struct Close {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, Close>;
struct FreeCurve {
  void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};
using Curve = std::unique_ptr<cmsToneCurve, FreeCurve>;
struct Delete {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, Delete>;

cmsColorSpaceSignature space_of(PixelModel model) {
  if (model == PixelModel::kCmyk) return cmsSigCmykData;
  return is_grey(model) ? cmsSigGrayData : cmsSigRgbData;
}

std::uint32_t layout_of(PixelModel model) {
  const std::uint32_t extra = has_alpha(model) ? 1 : 0;
  const std::uint32_t colours = static_cast<std::uint32_t>(channels_of(model)) - extra;
  const std::uint32_t space = model == PixelModel::kCmyk ? PT_CMYK
                              : is_grey(model)           ? PT_GRAY
                                                         : PT_RGB;
  return COLORSPACE_SH(space) | EXTRA_SH(extra) | CHANNELS_SH(colours) | BYTES_SH(1);
}

Profile open_profile(Bytes icc, PixelModel model) {
  if (!icc_is_sound(icc)) return nullptr;
  Profile profile(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  if (!profile || cmsGetColorSpace(profile.get()) != space_of(model)) return nullptr;
  return profile;
}

Curve srgb_curve() {
  constexpr std::array<double, 5> kParameters{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  return Curve(cmsBuildParametricToneCurve(nullptr, 4, kParameters.data()));
}

Profile srgb_profile(bool grey) {
  if (!grey) return Profile(cmsCreate_sRGBProfile());
  const Curve curve = srgb_curve();
  return Profile(cmsCreateGrayProfile(cmsD50_xyY(), curve.get()));
}

Transform transform_to_srgb(Bytes icc, PixelModel from, PixelModel to) {
  const Profile source = open_profile(icc, from);
  if (!source) return nullptr;
  const Profile target = srgb_profile(is_grey(to));
  if (!target) return nullptr;
  return Transform(cmsCreateTransform(source.get(), layout_of(from), target.get(), layout_of(to),
                                      INTENT_PERCEPTUAL, cmsFLAGS_COPY_ALPHA));
}

void ink_on_paper(const std::uint8_t* ink, std::size_t pixels, std::uint8_t* rgb) {
  for (std::size_t i = 0; i < pixels; ++i, ink += 4, rgb += 3) {
    const int paper = 255 - ink[3];
    for (std::size_t c = 0; c < 3; ++c) {
      rgb[c] = static_cast<std::uint8_t>(((255 - ink[c]) * paper + 127) / 255);
    }
  }
}

struct Primaries {
  unsigned code_point;
  cmsCIExyYTRIPLE at;
};
constexpr std::array<Primaries, 2> kWideGamuts{{
    {9, {{0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}}},   // BT.2020
    {12, {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}}},  // Display P3
}};
constexpr cmsCIExyY kD65{0.3127, 0.3290, 1};

// Of camera curves only what screens take them for.
Curve curve_of_code_point(unsigned transfer) {
  constexpr unsigned kBt709 = 1;
  constexpr unsigned kUnspecified = 2;
  constexpr unsigned kSrgb = 13;
  if (transfer == kSrgb || transfer == kBt709 || transfer == kUnspecified) return srgb_curve();
  return nullptr;
}

Buffer saved(const Profile& profile) {
  cmsUInt32Number size = 0;
  if (!profile || !cmsSaveProfileToMem(profile.get(), nullptr, &size)) return {};
  Buffer out(size);
  if (!cmsSaveProfileToMem(profile.get(), out.data(), &size)) return {};
  return out;
}

}  // namespace

void warm_up_icc() {
  cmsSetLogErrorHandler(nullptr);
  const Buffer icc = icc_of_code_points(12, 13);
  static_cast<void>(to_srgb(Pixmap({8, 8}, PixelModel::kRgba), icc));
}

bool icc_begins_soundly(Bytes first, std::size_t bytes) {
  constexpr std::size_t kMarkAt = 36;
  if (first.size() < kIccHeaderBytes || bytes > kIccBytesMax) return false;
  const std::uint32_t stated = ByteReader(first).be32();
  return stated >= kIccHeaderBytes && stated <= bytes && reads(first, "acsp", kMarkAt);
}

bool icc_is_sound(Bytes icc) { return icc_begins_soundly(icc, icc.size()); }

bool icc_describes(Bytes icc, PixelModel model) { return open_profile(icc, model) != nullptr; }

Pixmap to_srgb(Pixmap picture, Bytes icc) {
  const PixelModel from = picture.model;
  const bool from_ink = from == PixelModel::kCmyk;
  const Transform transform =
      transform_to_srgb(icc, from, from_ink ? PixelModel::kRgb : picture.model);
  if (!transform && !from_ink) return picture;
  Pixmap out = from_ink ? Pixmap(picture.size, PixelModel::kRgb) : Pixmap();
  for (std::size_t y = 0; y < picture.size.height; ++y) {
    std::uint8_t* const row = picture.row(y);
    std::uint8_t* const target = from_ink ? out.row(y) : row;
    if (transform) {
      cmsDoTransform(transform.get(), row, target, picture.size.width);
    } else {
      ink_on_paper(row, picture.size.width, target);
    }
  }
  return from_ink ? std::move(out) : std::move(picture);
}

Buffer icc_of_code_points(unsigned primaries, unsigned transfer) {
  for (const Primaries& gamut : kWideGamuts) {
    const Curve curve = curve_of_code_point(transfer);
    if (gamut.code_point != primaries || !curve) continue;
    const std::array<cmsToneCurve*, 3> curves{curve.get(), curve.get(), curve.get()};
    return saved(Profile(cmsCreateRGBProfile(&kD65, &gamut.at, curves.data())));
  }
  return {};
}

}  // namespace imgmill::codec_worker
