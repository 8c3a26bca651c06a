"""Write microgd/data/opticks.bz2 from the transcription of Newton's Opticks that Go's tests use.

For developers only: `python scripts/make_opticks.py Isaac.Newton-Opticks.txt.bz2`, with the file
src/compress/bzip2/testdata/Isaac.Newton-Opticks.txt.bz2 of Go's source (Debian: golang-1.19-src).
The printed SHA-256 is that of the text, which tests/data/test_opticks.py expects; it does not
depend on the compressor's version, as the file's own would.
"""

import bz2
import hashlib
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "microgd" / "data" / "opticks.bz2"


def clean(text: str) -> str:
    """The book alone: no word of the transcribers, no mark-up."""
    text = text[text.index("OPTICKS:") :]
    text, notes = re.subn(r"Transcriber's Note:.*?\* +\* +\*\n", "", text, flags=re.DOTALL)
    if notes != 1:
        raise SystemExit(f"make_opticks: {notes} transcribers' notes; this is another file")
    text = re.sub(r"\[Illustration[^]]*\]", "", text)
    text = re.sub(r"\[Greek:\s+([^]]*)\]", r"\1", text).replace("_", "")
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def main() -> None:
    raw = clean(bz2.decompress(Path(sys.argv[1]).read_bytes()).decode()).encode()
    TARGET.write_bytes(bz2.compress(raw, 9))
    digest = hashlib.sha256(raw).hexdigest()
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes of {len(raw)}, {digest}")


if __name__ == "__main__":
    main()
