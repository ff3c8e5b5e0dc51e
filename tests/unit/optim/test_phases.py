from onecycle.optim.phases import Course
from onecycle.optim.schedules import Scheduler


def test_a_course_joins_curves():
    course = Course([Scheduler((0.0, 1.0), 2), Scheduler((1.0, 0.0), 4)])
    assert [course.at(step) for step in range(7)] == [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    assert len(course) == 6


def test_after_the_end_the_last_value_stays():
    assert Course([Scheduler((0.0, 1.0), 2)]).at(9) == 1.0


def test_at_a_joint_the_earlier_curve_counts():
    course = Course([Scheduler(0.1, 2), Scheduler((0.9, 0.0), 2)])
    assert [course.at(step) for step in range(5)] == [0.1, 0.1, 0.1, 0.45, 0.0]
