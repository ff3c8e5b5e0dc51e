"""Small stand-ins with the interfaces of tokenizers and transformers, which are not needed to test with."""

import json
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import torch
from torch import nn

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"these this red old small wet and often run runs .".split(),
         *"cat cats dog dogs bird birds cow cows fish fishs horse horses".split()]  # fmt: skip


class Tokenizer:
    "Stands for tokenizers.Tokenizer: words between spaces."

    padding = None

    def __init__(self, words=None):
        self.words, self.longest = list(WORDS if words is None else words), None

    @classmethod
    def from_str(cls, text):
        return cls(json.loads(text)["words"])

    def to_str(self):
        return json.dumps({"words": self.words})

    def get_vocab(self):
        return {word: number for number, word in enumerate(self.words)}

    def token_to_id(self, token):
        return self.get_vocab().get(token)

    def no_padding(self):
        pass

    def enable_truncation(self, max_length):
        self.longest = max_length

    def encode(self, text, add_special_tokens=True):
        words = [word if word == "[SEP]" else word.lower() for word in text.split()]
        tokens = [word if word in self.words else "[UNK]" for word in words]
        if add_special_tokens:
            tokens = ["[CLS]", *tokens[: None if self.longest is None else self.longest - 2], "[SEP]"]
        return SimpleNamespace(tokens=tokens, ids=[self.words.index(token) for token in tokens])

    def encode_batch(self, texts):
        return [self.encode(text) for text in texts]


class PythonTokenizer:
    "Stands for a tokenizer of transformers that is written in Python."

    model_max_length, sep_token, pad_token_id = 10**30, "[SEP]", 0

    def __init__(self):
        self.inner = Tokenizer()

    def get_vocab(self):
        return self.inner.get_vocab()

    def convert_ids_to_tokens(self, ids):
        return [self.inner.words[number] for number in ids]

    def tokenize(self, text):
        return self.inner.encode(text, add_special_tokens=False).tokens

    def __call__(self, texts, truncation, max_length, padding):
        self.inner.enable_truncation(max_length)
        return {"input_ids": [encoded.ids for encoded in self.inner.encode_batch(texts)]}


class FastTokenizer(PythonTokenizer):
    "Stands for one with a tokenizers.Tokenizer inside."

    @property
    def backend_tokenizer(self):
        return self.inner


class Config:
    def __init__(self, model_type="tiny", **settings):
        self.model_type = model_type
        sizes = {"vocab_size": len(WORDS), "hidden_size": 16, "num_layers": 4, "max_position_embeddings": 32}
        vars(self).update({**sizes, "num_labels": 2, "pad_token_id": None, "use_cache": True, **settings})

    def to_dict(self):
        return {**vars(self), "auto_map": {"AutoModel": "evil.Model"}, "_name_or_path": "/home/me/model"}


class OtherConfig(Config):
    "Of a model that transformers has as no classifier."


class Layer(nn.Module):
    "Mixes the tokens of a text."

    def __init__(self, width):
        super().__init__()
        self.linear, self.drop = nn.Linear(width, width), nn.Dropout(0.1)

    def forward(self, x, mask):
        mean = (x * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)
        return x + self.drop(torch.tanh(self.linear(x + mean)))


class TinyModel(nn.Module):
    "Stands for a body: places count, and padding matters where it is not masked."

    def __init__(self, config=None, add_pooling_layer=True):
        super().__init__()
        self.config = config or Config()
        width = self.config.hidden_size
        self.embeddings = nn.Embedding(self.config.vocab_size, width)
        self.places = nn.Embedding(self.config.max_position_embeddings, width)
        self.stack = nn.ModuleList(Layer(width) for _ in range(self.config.num_layers))
        self.norm = nn.LayerNorm(width)
        self.pooler = nn.Linear(width, width) if add_pooling_layer else None

    def get_input_embeddings(self):
        return self.embeddings

    @property
    def base_model(self):
        return self

    def vectors(self, ids, mask):
        x = self.embeddings(ids) + self.places(torch.arange(ids.shape[1]))
        for layer in self.stack:
            x = layer(x, mask)
        return self.norm(x)

    def forward(self, input_ids, attention_mask=None):
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        return SimpleNamespace(last_hidden_state=self.vectors(input_ids, mask.unsqueeze(-1).float()))


class UnmaskedModel(TinyModel):
    "Takes no mask."

    def forward(self, input_ids):
        return TinyModel.forward(self, input_ids)


class TinyForMaskedLM(nn.Module):
    "Stands for a language model: a body and another head."

    def __init__(self):
        super().__init__()
        self.config = Config()
        self.base_model = TinyModel(self.config, add_pooling_layer=False)
        self.head = nn.Linear(16, len(WORDS))


class TinyForSequenceClassification(nn.Module):
    "Stands for a classifier with a head of its own."

    def __init__(self, config=None):
        super().__init__()
        self.config = config or Config()
        self.base_model = TinyModel(self.config)
        self.classifier = nn.Linear(self.config.hidden_size, self.config.num_labels)

    def get_input_embeddings(self):
        return self.base_model.embeddings

    def forward(self, input_ids, attention_mask=None):
        vectors = self.base_model(input_ids, attention_mask).last_hidden_state
        return SimpleNamespace(logits=self.classifier(vectors[:, 0]))


class Encoder(TinyModel):
    "The first half of a model with an encoder and a decoder."


class TwoHalves(nn.Module):
    "Stands for a model with an encoder and a decoder."

    def __init__(self, config=None):
        super().__init__()
        self.config = config or Config(is_encoder_decoder=True)
        self.encoder, self.decoder = Encoder(self.config), TinyModel(self.config)

    @property
    def base_model(self):
        return self

    def get_encoder(self):
        return self.encoder


def _kinds(config):
    return TwoHalves if getattr(config, "is_encoder_decoder", False) else TinyModel


def _named(name, **settings):
    if name != "tiny-model":
        raise OSError(f"{name} is not a local folder\nand more")
    return Config(**settings)


def _for_model(model_type, **settings):
    kinds = {"tiny": Config, "other": OtherConfig}
    if model_type not in kinds:
        raise ValueError(f"Unrecognized model identifier: {model_type}")
    return kinds[model_type](model_type, **settings)


def module(name, **contents):
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)
    vars(made).update(contents)
    return made


def install(monkeypatch):
    "Put the stand-ins where the packages would be."
    transformers = module(
        "transformers",
        AutoConfig=SimpleNamespace(for_model=_for_model, from_pretrained=_named),
        AutoModel=SimpleNamespace(
            from_config=lambda config: _kinds(config)(config),
            from_pretrained=lambda name, **settings: TinyModel(_named(name, **settings)),
        ),
        AutoModelForSequenceClassification=SimpleNamespace(from_config=TinyForSequenceClassification),
        AutoTokenizer=SimpleNamespace(from_pretrained=lambda name: _named(name) and FastTokenizer()),
        MODEL_MAPPING={Config: TinyModel, OtherConfig: TinyModel},
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING={Config: TinyForSequenceClassification},
    )
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    monkeypatch.setitem(sys.modules, "tokenizers", module("tokenizers", Tokenizer=Tokenizer))
