"""Maps: composing, inverting, pixel units, views."""

import numpy as np
import pytest
import torch

from onecycle.vision.flow import FlowField, scale_flow
from onecycle.vision.geometry import (
    CORNERS,
    IDENTITY,
    Geometry,
    View,
    corners_to,
    in_pixels,
    in_units_of,
    invert,
    is_affine,
    map_points,
    multiply,
    pixel_steps,
    scale_shift,
    to_matrix,
    unit_grid,
    window,
)

QUAD = [(-1.2, -0.9), (-1.1, 1.3), (0.8, -1.0), (1.2, 1.1)]
TURN = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


def as_array(m):
    return np.array(m).reshape(3, 3)


def test_multiply_is_the_matrix_product():
    a, b = corners_to(QUAD), scale_shift(2.0, 3.0, 0.1, 0.2)
    np.testing.assert_allclose(as_array(multiply(a, b)), as_array(a) @ as_array(b))
    assert multiply(IDENTITY, b) is b and multiply(a, IDENTITY) is a


def test_corners_go_to_the_four_points():
    moved = map_points(corners_to(QUAD), torch.tensor(CORNERS, dtype=torch.float64))
    torch.testing.assert_close(moved, torch.tensor(QUAD, dtype=torch.float64))


def test_invert_undoes_a_homography():
    m = corners_to(QUAD)
    back = as_array(multiply(m, invert(m)))
    np.testing.assert_allclose(back / back[2, 2], np.eye(3), atol=1e-12)
    assert is_affine(invert(TURN))


def test_to_matrix_takes_lists_arrays_and_tensors():
    rows = [[1, 2, 3], [4, 5, 6], [0, 0, 1]]
    assert (
        to_matrix(rows)
        == to_matrix(np.array(rows))
        == to_matrix(torch.tensor(rows))
        == (1, 2, 3, 4, 5, 6, 0, 0, 1)
    )


def test_square_units_keep_a_rotation_a_rotation_in_pixels():
    size = (30, 60)
    pixels = in_pixels(in_units_of(TURN, size), size, size)
    np.testing.assert_allclose(
        [pixels[0], pixels[1], pixels[3], pixels[4]], [0.8, -0.6, 0.6, 0.8], atol=1e-12
    )
    assert in_units_of(TURN, (40, 40)) is TURN


def test_in_pixels_of_the_identity_scales_between_sizes():
    m = in_pixels(IDENTITY, (10, 20), (40, 40))
    assert m[0] == pytest.approx(2) and m[4] == pytest.approx(4)
    assert (m[2], m[5]) == (pytest.approx(0.5), pytest.approx(1.5))  # the middle of a block of 2 by 4


def test_unit_grid_holds_pixel_centres():
    grid = unit_grid((2, 4))
    assert grid[0, 0].tolist() == [-0.75, -0.5] and grid[1, 3].tolist() == [0.75, 0.5]


def test_pixel_steps_of_a_perspective_map_take_the_smallest_place():
    m = corners_to([(-0.2, -1), (-1, 1), (0.2, -1), (1, 1)])
    rows, columns = pixel_steps(m, (50, 50), (100, 100))
    assert columns == pytest.approx(0.4, rel=0.1)  # at the short side 100 pixels span 0.2 of the width
    assert 0 < rows < 2


def test_window_says_whether_it_stays_inside():
    assert window((10, 10), 2, 3, (4, 4)).stays_inside
    assert window((10, 10), -1, 3, (4, 4), "zeros").padding_mode == "zeros"
    assert window((10, 10), 8, 3, (4, 4)).padding_mode == "reflection"


def test_warps_join_outside_and_views_inside():
    warp, flip = corners_to(QUAD), View(scale_shift(-1.0, 1.0, 0.0, 0.0), (8, 8))
    geometry = Geometry((8, 8)).with_homography(warp).with_view(flip)
    np.testing.assert_allclose(geometry.matrix(), multiply(warp, flip.matrix))
    later = geometry.with_homography(TURN)
    np.testing.assert_allclose(later.matrix(), multiply(multiply(warp, flip.matrix), TURN))


def test_affine_moves_multiply_in_the_order_of_pictures():
    move, grow = scale_shift(1.0, 1.0, 0.5, 0.0), scale_shift(0.5, 0.5, 0.0, 0.0)
    geometry = Geometry((8, 8)).with_affine(move).with_affine(grow)
    np.testing.assert_allclose(geometry.matrix(), multiply(move, grow))


def test_a_flow_function_sees_the_places_and_takes_further_moves():
    geometry = Geometry((6, 6)).with_affine(TURN).with_flow(lambda c: FlowField(c.size, c.flow * 0.5))
    assert geometry.matrix() is None
    torch.testing.assert_close(geometry.grid(), map_points(TURN, unit_grid((6, 6))) * 0.5)
    bigger = geometry.with_homography(scale_shift(2.0, 2.0, 0.0, 0.0))
    torch.testing.assert_close(bigger.grid(), map_points(TURN, unit_grid((6, 6))))


def test_a_flow_is_cut_with_its_frame():
    geometry = Geometry((6, 6)).with_flow(lambda c: FlowField(c.size, c.flow * 0.5))
    cut = geometry.with_view(window((6, 6), 1, 2, (3, 3)))
    torch.testing.assert_close(cut.grid(), geometry.grid()[1:4, 2:5])
    assert geometry.resized((3, 3)).grid().shape == (3, 3, 2)


def test_scale_flow_goes_there_and_back():
    flow = FlowField((4, 8), torch.tensor([[0.0, 0.0], [4.0, 8.0], [1.0, 2.0]]))
    unit = scale_flow(flow)
    assert unit.flow[:2].tolist() == [[-1, -1], [1, 1]]
    torch.testing.assert_close(scale_flow(unit, to_unit=False).flow, flow.flow)
