"""The special tokens, which stand for what a lower-cased text has lost and for where a text begins and ends."""

from __future__ import annotations

from onecycle.utils.defaults import defaults

__all__ = ["BOS", "EOS", "FLD", "PAD", "TK_MAJ", "TK_REP", "TK_UP", "TK_WREP", "UNK"]

UNK = "xxunk"  # a token that the vocabulary does not have
PAD = "xxpad"  # fills up the shorter texts of a batch
BOS = "xxbos"  # a text begins
EOS = "xxeos"  # a text ends
FLD = "xxfld"  # a field begins; its number follows
TK_MAJ = "xxmaj"  # the next word began with a capital
TK_UP = "xxup"  # the next word was all capitals
TK_REP = "xxrep"  # count and character follow: a character was repeated
TK_WREP = "xxwrep"  # count and word follow: a word was repeated

defaults.text_spec_tok = [UNK, PAD, BOS, EOS, FLD, TK_MAJ, TK_UP, TK_REP, TK_WREP]
