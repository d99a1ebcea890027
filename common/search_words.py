"""The words under which something is found: typing the beginning of any of them is enough.

`Blue T-shirt, 40cm` is found by `shirt`, `t-sh`, `BLUE 40`. Chinese and Japanese are written
without blanks, so there a word begins at each of their characters.
"""

from __future__ import annotations

import re

from common.search_key import search_key

# Longer words are compared by their beginning only.
LONGEST_WORD = 64
_LONGEST_RUN = 16  # characters of Chinese or Japanese from each place on
_MOST_WORDS_ASKED = 8

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_PARTS = re.compile(r"[^\W_]+")
# Kana, ideographs with their extensions, and Hangul, whose words carry endings.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")


def words_of(*texts: str) -> set[str]:
    """All words under which the texts are found, each as a search key."""
    words: set[str] = set()
    for text in texts:
        for token in search_key(text).split():
            parts = _PARTS.findall(token)
            words.update([_EDGES.sub("", token), *parts])
            for part in parts:
                places = {place for match in _UNSPACED.finditer(part) for place in match.span()}
                words.update(part[place : place + _LONGEST_RUN] for place in places)
    return {word[:LONGEST_WORD] for word in words if word}


def asked_words(text: str) -> list[str]:
    """What a search asks for: beginnings of words, all of which must be there, the longest first."""
    tokens = (_EDGES.sub("", token)[:LONGEST_WORD] for token in search_key(text).split())
    words = sorted(dict.fromkeys(filter(None, tokens)), key=len, reverse=True)
    return [word[:_LONGEST_RUN] if _UNSPACED.search(word) else word for word in words[:_MOST_WORDS_ASKED]]
