"""``python -m helmchart``: writes the files that are made from others."""

from . import REPOSITORY
from .made import made_files

for path, text in made_files().items():
    if path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"written: {path.relative_to(REPOSITORY)}")
