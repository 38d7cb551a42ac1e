#include "codec_worker/formats/jpeg_samples.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <random>

#include <jpeglib.h>

namespace imgmill::codec_worker::samples {
namespace {

struct Trouble {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
};

void start(Trouble& trouble, jpeg_error_mgr*& out) {
  out = jpeg_std_error(&trouble.manager);
  trouble.manager.error_exit = [](j_common_ptr codec) {
    std::longjmp(reinterpret_cast<Trouble*>(codec->err)->jump, 1);
  };
  trouble.manager.output_message = [](j_common_ptr) {};
}

int bands_of(JpegModel model) {
  if (model == JpegModel::kGrey) return 1;
  return model == JpegModel::kCmyk || model == JpegModel::kYcck ? 4 : 3;
}

J_COLOR_SPACE space_of(JpegModel model) {
  switch (model) {
    case JpegModel::kGrey:
      return JCS_GRAYSCALE;
    case JpegModel::kYcc:
      return JCS_YCbCr;
    case JpegModel::kRgb:
      return JCS_RGB;
    case JpegModel::kCmyk:
      return JCS_CMYK;
    case JpegModel::kYcck:
      return JCS_YCCK;
  }
  std::abort();
}

// Ramps, edges and noise, in parts of the picture each, so that blocks are empty, sparse and full.
std::vector<JSAMPLE> pixels_of(const JpegKind& kind, int bands) {
  std::mt19937 random(kind.seed);
  std::vector<JSAMPLE> out;
  for (int y = 0; y < kind.height; ++y) {
    for (int x = 0; x < kind.width; ++x) {
      const int zone = (x / 13 + y / 11 + static_cast<int>(kind.seed % 5)) % 4;
      for (int band = 0; band < bands; ++band) {
        int value = (x * 5 + y * 3 * (band + 1)) & 255;
        if (zone == 1) value = (x / 3 + y / 5) % 2 != 0 ? 255 : 20 * band;
        if (zone == 2) value += static_cast<int>(random() % 64) - 32;
        if (zone == 3) value = static_cast<int>(random() % 256);
        out.push_back(static_cast<JSAMPLE>(std::clamp(value, 0, 255)));
      }
    }
  }
  return out;
}

jpeg_scan_info scan(std::initializer_list<int> components, int first, int last, int high, int low) {
  jpeg_scan_info info{};
  for (const int component : components) info.component_index[info.comps_in_scan++] = component;
  info.Ss = first;
  info.Se = last;
  info.Ah = high;
  info.Al = low;
  return info;
}

std::vector<jpeg_scan_info> script_of(JpegScans scans, int bands) {
  std::vector<jpeg_scan_info> script;
  const auto each = [&](int first, int last, int high, int low) {
    for (int i = 0; i < bands; ++i) script.push_back(scan({i}, first, last, high, low));
  };
  switch (scans) {
    case JpegScans::kPerComponent:
      each(0, 63, 0, 0);
      break;
    case JpegScans::kLumaThenChroma:
      script.push_back(scan({0}, 0, 63, 0, 0));
      if (bands == 3) script.push_back(scan({1, 2}, 0, 63, 0, 0));
      if (bands == 4) script.push_back(scan({1, 2, 3}, 0, 63, 0, 0));
      break;
    case JpegScans::kProgressiveBits:
      each(0, 0, 0, 3);
      each(1, 63, 0, 3);
      for (int bit = 3; bit > 0; --bit) each(0, 0, bit, bit - 1);
      for (int bit = 3; bit > 0; --bit) each(1, 63, bit, bit - 1);
      break;
    case JpegScans::kProgressiveBands:
      each(0, 0, 0, 0);
      each(1, 2, 0, 1);
      each(3, 20, 0, 0);
      each(21, 62, 0, 2);
      each(63, 63, 0, 1);
      each(21, 62, 2, 1);
      each(1, 2, 1, 0);
      each(63, 63, 1, 0);
      each(21, 62, 1, 0);
      break;
    default:
      break;
  }
  return script;
}

void set_up(jpeg_compress_struct& writer, const JpegKind& kind,
            const std::vector<jpeg_scan_info>& script) {
  jpeg_set_defaults(&writer);
  jpeg_set_colorspace(&writer, space_of(kind.model));
  jpeg_set_quality(&writer, kind.quality, TRUE);
  writer.optimize_coding = kind.optimised ? TRUE : FALSE;
  writer.arith_code = kind.arithmetic ? TRUE : FALSE;
  writer.restart_interval = static_cast<unsigned>(kind.restart_interval);
  if (!kind.jfif) writer.write_JFIF_header = FALSE;
  for (int i = 0; i < writer.num_components; ++i) {
    writer.comp_info[i].h_samp_factor = kind.sampling[static_cast<std::size_t>(i)][0];
    writer.comp_info[i].v_samp_factor = kind.sampling[static_cast<std::size_t>(i)][1];
  }
  if (kind.scans == JpegScans::kProgressive) jpeg_simple_progression(&writer);
  if (!script.empty()) {
    writer.scan_info = script.data();
    writer.num_scans = static_cast<int>(script.size());
  }
}

JpegComponentData component_of(jpeg_decompress_struct& reader, int index, jvirt_barray_ptr array) {
  const jpeg_component_info& info = reader.comp_info[index];
  JpegComponentData out;
  out.id = info.component_id;
  out.h = info.h_samp_factor;
  out.v = info.v_samp_factor;
  out.blocks_across = static_cast<int>(info.width_in_blocks);
  out.blocks_down = static_cast<int>(info.height_in_blocks);
  if (info.quant_table != nullptr) {
    std::copy_n(info.quant_table->quantval, 64, out.steps.begin());
  }
  for (JDIMENSION y = 0; y < info.height_in_blocks; ++y) {
    JBLOCKARRAY row =
        reader.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&reader), array, y, 1, FALSE);
    for (JDIMENSION x = 0; x < info.width_in_blocks; ++x) {
      out.values.insert(out.values.end(), row[0][x], row[0][x] + 64);
    }
  }
  return out;
}

}  // namespace

void PrintTo(const JpegKind& kind, std::ostream* out) {
  *out << kind.width << 'x' << kind.height << " model " << static_cast<int>(kind.model) << " scans "
       << static_cast<int>(kind.scans) << " quality " << kind.quality << " restart "
       << kind.restart_interval << " seed " << kind.seed << " sampling";
  for (const auto& [h, v] : kind.sampling) *out << ' ' << h << 'x' << v;
}

Buffer coded(const JpegKind& kind) {
  const int bands = bands_of(kind.model);
  std::vector<JSAMPLE> pixels = pixels_of(kind, bands);
  const std::vector<jpeg_scan_info> script = script_of(kind.scans, bands);
  Trouble trouble;
  jpeg_compress_struct writer{};
  start(trouble, writer.err);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  if (setjmp(trouble.jump) != 0) {
    std::fputs("the sample cannot be written\n", stderr);
    std::abort();
  }
  jpeg_create_compress(&writer);
  jpeg_mem_dest(&writer, &bytes, &size);
  writer.image_width = static_cast<JDIMENSION>(kind.width);
  writer.image_height = static_cast<JDIMENSION>(kind.height);
  writer.input_components = bands;
  writer.in_color_space = bands == 1 ? JCS_GRAYSCALE : bands == 3 ? JCS_RGB : JCS_CMYK;
  set_up(writer, kind, script);
  jpeg_start_compress(&writer, TRUE);
  while (writer.next_scanline < writer.image_height) {
    JSAMPROW row = pixels.data() + static_cast<std::size_t>(writer.next_scanline) *
                                       static_cast<std::size_t>(kind.width * bands);
    jpeg_write_scanlines(&writer, &row, 1);
  }
  jpeg_finish_compress(&writer);
  jpeg_destroy_compress(&writer);
  const auto* first = reinterpret_cast<const std::byte*>(bytes);
  Buffer out(first, first + size);
  std::free(bytes);
  return out;
}

JpegKind random_kind(unsigned seed) {
  std::mt19937 random(seed);
  const auto lot = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  JpegKind kind;
  kind.seed = seed;
  kind.width = 1 + lot(60);
  kind.height = 1 + lot(60);
  kind.model = static_cast<JpegModel>(lot(5));
  kind.scans = static_cast<JpegScans>(lot(6));
  kind.quality = 30 + lot(71);
  if (lot(3) == 0) kind.restart_interval = 1 + lot(9);
  kind.optimised = lot(2) == 0;
  kind.jfif = lot(4) != 0;
  constexpr std::array<std::array<int, 2>, 8> kLuma{
      {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {4, 2}, {2, 4}}};
  kind.sampling.fill({1, 1});
  if (kind.model == JpegModel::kYcc || kind.model == JpegModel::kRgb) {
    kind.sampling[0] = kLuma[static_cast<std::size_t>(lot(8))];
    // Chroma in two ways, and larger than luma.
    if (lot(4) == 0) kind.sampling = {{{2, 2}, {2, 1}, {1, 2}, {1, 1}}};
    if (lot(8) == 0) kind.sampling = {{{1, 1}, {2, 2}, {1, 1}, {1, 1}}};
  } else if (kind.model != JpegModel::kGrey && lot(2) == 0) {
    kind.sampling[0] = kind.sampling[3] = {2, lot(2) + 1};
  }
  return kind;
}

std::optional<JpegData> read_data(Bytes jpeg) {
  std::optional<JpegData> out(std::in_place);
  Trouble trouble;
  jpeg_decompress_struct reader{};
  start(trouble, reader.err);
  if (setjmp(trouble.jump) != 0) {
    jpeg_destroy_decompress(&reader);
    return std::nullopt;
  }
  jpeg_create_decompress(&reader);
  jpeg_mem_src(&reader, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_read_header(&reader, TRUE);
  jvirt_barray_ptr* arrays = jpeg_read_coefficients(&reader);
  out->width = static_cast<int>(reader.image_width);
  out->height = static_cast<int>(reader.image_height);
  out->colour_space = reader.jpeg_color_space;
  out->progressive = reader.progressive_mode != 0;
  out->density_unit = reader.density_unit;
  out->density_x = reader.X_density;
  out->density_y = reader.Y_density;
  for (int i = 0; i < reader.num_components; ++i) {
    out->components.push_back(component_of(reader, i, arrays[i]));
  }
  out->warnings = trouble.manager.num_warnings;
  jpeg_destroy_decompress(&reader);
  return out;
}

std::array<int, 64> standard_steps(bool chroma, int quality) {
  Trouble trouble;
  jpeg_compress_struct writer{};
  start(trouble, writer.err);
  jpeg_create_compress(&writer);
  writer.input_components = 3;
  writer.in_color_space = JCS_RGB;
  jpeg_set_defaults(&writer);
  jpeg_set_quality(&writer, quality, TRUE);
  std::array<int, 64> out{};
  std::copy_n(writer.quant_tbl_ptrs[chroma ? 1 : 0]->quantval, 64, out.begin());
  jpeg_destroy_compress(&writer);
  return out;
}

}  // namespace imgmill::codec_worker::samples
