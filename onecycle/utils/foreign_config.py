"""Configurations of models of other libraries as files hold them: sizes, and nothing that names code or other files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__: list[str] = []

# Keys of transformers that name code, kernels, quantisers, other weights or a place.
_NAMES_OF_CODE = re.compile(
    r"(auto_map|custom_pipelines|quantization_config|_name_or_path|_commit_hash|(torch_)?dtype|use_kernels"
    r"|.*_implementation.*)$"
)


def without_names_of_code(config: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a configuration without the keys that name code or other files; parts of it likewise.

    Example:
        >>> without_names_of_code({"hidden_size": 8, "auto_map": {}, "text_config": {"dtype": "float16"}})
        {'hidden_size': 8, 'text_config': {}}
    """
    return {name: _inside(value) for name, value in config.items() if _NAMES_OF_CODE.match(str(name)) is None}


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_names_of_code(value)
    return [_inside(part) for part in value] if isinstance(value, list) else value
