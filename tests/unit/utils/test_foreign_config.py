"""What a file keeps of a configuration of another library."""

from onecycle.utils.foreign_config import without_names_of_code


def test_names_of_code_are_left_out_at_any_depth():
    named = {"auto_map": {"AutoModel": "evil.Model"}, "_attn_implementation": "evil/kernel", "torch_dtype": "float16",
             "quantization_config": {}, "_name_or_path": "/home/me", "use_kernels": True}  # fmt: skip
    sizes = {"hidden_size": 8, "layers": [1, 2], 0: "LABEL_0"}
    config = {**sizes, **named, "text_config": {**sizes, **named}, "parts": [{**sizes, **named}]}
    assert without_names_of_code(config) == {**sizes, "text_config": sizes, "parts": [sizes]}
    assert config["text_config"]["use_kernels"]
