"""The named transforms as methods of a picture: `img.rotate(degrees=30)`."""

from __future__ import annotations

from typing import Any

from onecycle.vision import affine_transforms as affine
from onecycle.vision import pixel_transforms as pixel
from onecycle.vision import tone_transforms as tone
from onecycle.vision import warp_transforms as warp

__all__: list[str] = []


class TransformMethods:
    """Give a picture each named transform as a method that takes fixed values and returns the picture."""

    def autocontrast(self, *args: Any, **kwargs: Any) -> Any:
        """Spread the values of each channel from 0 to 1."""
        return tone.autocontrast.calc(self, *args, **kwargs)

    def brightness(self, *args: Any, **kwargs: Any) -> Any:
        """Brighten (`change` above 0.5) or darken."""
        return pixel.brightness.calc(self, *args, **kwargs)

    def contrast(self, *args: Any, **kwargs: Any) -> Any:
        """Raise (`scale` above 1) or lower the contrast."""
        return pixel.contrast.calc(self, *args, **kwargs)

    def crop(self, *args: Any, **kwargs: Any) -> Any:
        """Cut out a window of `size` pixels."""
        return pixel.crop.calc(self, *args, **kwargs)

    def crop_pad(self, *args: Any, **kwargs: Any) -> Any:
        """Cut out a window of `size` pixels, filling up where the picture is smaller."""
        return pixel.crop_pad.calc(self, *args, **kwargs)

    def cutout(self, *args: Any, **kwargs: Any) -> Any:
        """Blacken `n_holes` squares of `length` pixels."""
        return pixel.cutout.calc(self, *args, **kwargs)

    def dihedral(self, *args: Any, **kwargs: Any) -> Any:
        """Put the picture down in one of 8 ways."""
        return pixel.dihedral.calc(self, *args, **kwargs)

    def dihedral_affine(self, *args: Any, **kwargs: Any) -> Any:
        """Put the picture down in one of 8 ways."""
        return affine.dihedral_affine.calc(self, *args, **kwargs)

    def equalize(self, *args: Any, **kwargs: Any) -> Any:
        """Make all values of a channel equally frequent."""
        return tone.equalize.calc(self, *args, **kwargs)

    def flip_affine(self, *args: Any, **kwargs: Any) -> Any:
        """Mirror left to right."""
        return affine.flip_affine.calc(self, *args, **kwargs)

    def flip_lr(self, *args: Any, **kwargs: Any) -> Any:
        """Mirror left to right."""
        return pixel.flip_lr.calc(self, *args, **kwargs)

    def jitter(self, *args: Any, **kwargs: Any) -> Any:
        """Move every place on its own by up to `magnitude`."""
        return warp.jitter.calc(self, *args, **kwargs)

    def pad(self, *args: Any, **kwargs: Any) -> Any:
        """Add a margin of `padding` pixels."""
        return pixel.pad.calc(self, *args, **kwargs)

    def perspective_warp(self, *args: Any, **kwargs: Any) -> Any:
        """Move each corner by its own two numbers."""
        return warp.perspective_warp.calc(self, *args, **kwargs)

    def posterize(self, *args: Any, **kwargs: Any) -> Any:
        """Keep the highest `bits` of each value."""
        return tone.posterize.calc(self, *args, **kwargs)

    def random_erasing(self, *args: Any, **kwargs: Any) -> Any:
        """Cover one rectangle."""
        return pixel.random_erasing.calc(self, *args, **kwargs)

    def rgb_randomize(self, *args: Any, **kwargs: Any) -> Any:
        """Replace one channel by noise."""
        return pixel.rgb_randomize.calc(self, *args, **kwargs)

    def rotate(self, *args: Any, **kwargs: Any) -> Any:
        """Turn by `degrees`, counterclockwise."""
        return affine.rotate.calc(self, *args, **kwargs)

    def saturation(self, *args: Any, **kwargs: Any) -> Any:
        """Make colours stronger (`factor` above 1) or greyer."""
        return tone.saturation.calc(self, *args, **kwargs)

    def sharpness(self, *args: Any, **kwargs: Any) -> Any:
        """Sharpen (`factor` above 1) or smooth."""
        return tone.sharpness.calc(self, *args, **kwargs)

    def shear(self, *args: Any, **kwargs: Any) -> Any:
        """Slant by `dx`, `dy`."""
        return affine.shear.calc(self, *args, **kwargs)

    def skew(self, *args: Any, **kwargs: Any) -> Any:
        """Pull one corner out."""
        return warp.skew.calc(self, *args, **kwargs)

    def solarize(self, *args: Any, **kwargs: Any) -> Any:
        """Invert values of at least `threshold`."""
        return tone.solarize.calc(self, *args, **kwargs)

    def squish(self, *args: Any, **kwargs: Any) -> Any:
        """Stretch one side."""
        return affine.squish.calc(self, *args, **kwargs)

    def symmetric_warp(self, *args: Any, **kwargs: Any) -> Any:
        """Lengthen the sides by `magnitude`."""
        return warp.symmetric_warp.calc(self, *args, **kwargs)

    def tilt(self, *args: Any, **kwargs: Any) -> Any:
        """Tilt towards `direction`."""
        return warp.tilt.calc(self, *args, **kwargs)

    def translate(self, *args: Any, **kwargs: Any) -> Any:
        """Move by `dx` of the width and `dy` of the height."""
        return affine.translate.calc(self, *args, **kwargs)

    def zoom(self, *args: Any, **kwargs: Any) -> Any:
        """Enlarge `scale` times around `row_pct`, `col_pct`."""
        return affine.zoom.calc(self, *args, **kwargs)

    def zoom_squish(self, *args: Any, **kwargs: Any) -> Any:
        """Show a window of another area and other proportions."""
        return affine.zoom_squish.calc(self, *args, **kwargs)
