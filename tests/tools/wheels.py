"""Makes small wheels, for tests that install something without a network; also the build backend of such a test."""

import base64
import hashlib
import zipfile
from pathlib import Path


def write(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """A wheel with these files, in `folder`."""
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def build_editable(folder: str, _settings: object = None, _metadata: object = None) -> str:
    """The project beside this file as an editable wheel (PEP 660), with the command `planted`."""
    source = str(Path(__file__).parent / "src")
    scripts = "[console_scripts]\nplanted=planted:main\n"
    files = {"planted.pth": source, "planted-1.dist-info/entry_points.txt": scripts}
    return write(Path(folder), "planted", "1", files).name
