"""The data sentence: source, split, label, transform, bunch."""
