"""The loop and its state, callbacks' base and handler, recorder, checkpoints."""
