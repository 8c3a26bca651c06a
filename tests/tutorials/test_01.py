import pytest


def test_the_slope_is_that_of_the_ruler(lesson):
    assert lesson["slope"].item() == 2


@pytest.mark.parametrize(
    ("answer", "says"), [(12, "Right"), (8, "Not yet. 8 is the height"), (3, "Not yet. 3 is not")]
)
def test_the_cube_is_checked(lesson, answer, says):
    assert str(lesson["check_cube"](answer)).startswith(says)
