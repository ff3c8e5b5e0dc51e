"""Layers, losses, hooks and surgery: models without a trainer."""
