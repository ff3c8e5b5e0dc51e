from onecycle.learning.loop_shown import training_loop
from onecycle.training.callback import EVENTS


def test_every_event_is_in_its_place():
    text = training_loop({event: [f"answers_{event}"] for event in EVENTS}).splitlines()
    events = [line.split()[0] for line in text if "·" not in line]
    assert tuple(events) == EVENTS
    assert text[0] == "on_train_begin            answers_on_train_begin"
    assert text[1] == "  · for each epoch:" and text[4] == "    on_batch_begin        answers_on_batch_begin"
    assert text[-3].startswith("  · the validation set")
