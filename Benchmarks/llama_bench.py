"""llama.cpp's own benchmark programs and its server, built for this very processor from the source that llama-cpp-python carries."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "Tests/Oracles/requirements-llama.txt"
PROGRAMS = ("llama-bench", "llama-batched-bench", "llama-server")
SETTINGS = ("CMAKE_BUILD_TYPE=Release", "GGML_NATIVE=ON", "BUILD_SHARED_LIBS=OFF", "LLAMA_OPENSSL=OFF", "LLAMA_BUILD_SERVER=ON")
LEFT_OUT = ("TESTS", "EXAMPLES", "APP", "WEBUI", "UI")


def llama_programs(folder):
    """Paths of the programs by name; builds them under `folder` on the first call, which takes minutes."""
    version = re.search(r"^llama-cpp-python\S*==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE).group(1)
    home = folder / version
    paths = {name: home / "build/bin" / name for name in PROGRAMS}
    if not all(path.exists() for path in paths.values()):
        print(f"building llama.cpp of llama-cpp-python {version} in {home} (some minutes, once)", file=sys.stderr)
        build(home, version)
    return paths


def build(home, version):
    home.mkdir(parents=True, exist_ok=True)
    tools = home / "tools"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "install", "--target", tools, "cmake", "ninja"])
    run([*pip, "download", "--no-deps", "--no-binary", "llama-cpp-python", "-d", home, f"llama-cpp-python=={version}"])
    with tarfile.open(next(home.glob("llama_cpp_python-*.tar.gz"))) as archive:
        archive.extractall(home, filter="data")
    source = next(home.glob("llama_cpp_python-*/vendor/llama.cpp"))
    left_out = [f"-DLLAMA_BUILD_{part}=OFF" for part in LEFT_OUT]
    cmake = next(tools.glob("cmake/data/bin/cmake"))
    ninja = next(path for path in tools.rglob("ninja") if path.is_file())
    generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    run([cmake, "-S", source, "-B", home / "build", *generator, *(f"-D{item}" for item in SETTINGS), *left_out])
    run([cmake, "--build", home / "build", "--target", *PROGRAMS])


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{result.stdout[-4000:]}")
