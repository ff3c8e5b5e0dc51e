"""Reading a trained learner."""
