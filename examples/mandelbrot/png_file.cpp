// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "png_file.hpp"

#include <png.h>

#include <stdexcept>

namespace examples {

void write_png(const std::filesystem::path& file, const view& what,
               const pixels& all) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = what.width;
  image.height = what.height;
  image.format = PNG_FORMAT_RGB;
  if (png_image_write_to_file(&image, file.c_str(), 0, all.data(), 0, nullptr)
      == 0)
    throw std::runtime_error(file.string()
                             + " cannot be written: " + image.message);
}

} // namespace examples
