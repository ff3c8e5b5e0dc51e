"""What a learner can do, one topic a file; composed in `onecycle.learner`."""
