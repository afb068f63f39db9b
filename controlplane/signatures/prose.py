"""Tell running text from parameter values, so that weak rules stay quiet in comments, reviews and messages."""

from __future__ import annotations

import re

_WORD = re.compile(r"(?:^|[\s(\"'])([A-Za-z][a-z']{0,18}|[^\W\d_]{2,18})(?=[\s,.;:!?)\"']|$)")
_STOP = frozenset(
    [
        "the", "a", "an", "of", "to", "in", "is", "it", "that", "this", "for", "you", "i", "he", "she",
        "we", "they", "was", "were", "be", "are", "with", "as", "have", "has", "not", "but", "my", "your",
        "his", "her", "our", "their", "what", "when", "how", "why", "who", "which", "if", "then", "so",
        "can", "could", "would", "should", "will", "do", "does", "did", "there", "here", "from", "by", "at",
        "on", "me", "him", "them", "been", "more", "than", "some", "any", "all", "one", "just", "like",
        "about", "please", "thanks", "el", "la", "los", "las", "de", "que", "y", "en", "un", "una", "es",
        "por", "con", "para", "le", "les", "des", "et", "est", "une", "dans", "pour", "der", "die", "das",
        "und", "ist", "ein", "eine", "nicht", "mit", "zu", "den", "von",
    ]
)  # fmt: skip
_MIN_WORDS = 6


def is_prose(value: str) -> bool:
    """True for running text: at least six words, function words among them, words making up most of the value."""
    if len(value) < 24:
        return False
    words = [word.lower() for word in _WORD.findall(value[:4000])]
    if len(words) < _MIN_WORDS:
        return False
    letters = sum(len(word) + 1 for word in words)
    stops = sum(1 for word in words if word in _STOP)
    return letters >= 0.55 * len(value[:4000]) and stops >= max(2, 0.12 * len(words))
