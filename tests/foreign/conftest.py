"""Collected only where timm, torchvision and transformers import: see docs/bodies.md."""

from importlib.util import find_spec

collect_ignore_glob = [] if all(map(find_spec, ("timm", "torchvision", "transformers"))) else ["test_*.py"]
